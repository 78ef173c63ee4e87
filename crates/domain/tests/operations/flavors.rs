use zaqar_domain::{Error, FlavorListing, PoolListFault, ShownFlavor};

use crate::fixture::{Fixture, caller};
use crate::pools::{definition, of_flavor, with_pools};

async fn fixture() -> Fixture {
    let (fixture, _) = with_pools();
    for name in ["a", "b", "c"] {
        let pool = definition(&format!("model://{name}"));
        fixture.zaqar.create_pool(&fixture.caller, name, pool).await.unwrap();
    }
    fixture
}

fn names(pools: &[&str]) -> Vec<String> {
    pools.iter().map(ToString::to_string).collect()
}

async fn create(fixture: &Fixture, flavor: &str, pools: &[&str]) -> Result<(), Error> {
    fixture.zaqar.create_flavor(&fixture.caller, flavor, names(pools)).await
}

async fn update(fixture: &Fixture, flavor: &str, pools: &[&str]) -> Result<ShownFlavor, Error> {
    fixture.zaqar.update_flavor(&fixture.caller, flavor, names(pools)).await
}

async fn get(fixture: &Fixture, flavor: &str) -> Result<ShownFlavor, Error> {
    fixture.zaqar.get_flavor(&fixture.caller, flavor).await
}

async fn pools_of(fixture: &Fixture, flavor: &str) -> String {
    get(fixture, flavor).await.unwrap().pools.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_flavor_has_the_pools_and_the_abilities_of_the_first() {
    let fixture = fixture().await;
    create(&fixture, "gold", &["b", "a"]).await.unwrap();
    let flavor = get(&fixture, "gold").await.unwrap();
    assert_eq!(pools_of(&fixture, "gold").await, "ab");
    assert_eq!(flavor.capabilities, ["FIFO", "CLAIMS", "DURABILITY", "AOD", "HIGH_THROUGHPUT"]);
    let weak = of_flavor("weak://w", "bronze");
    fixture.zaqar.create_pool(&fixture.caller, "w", weak).await.unwrap();
    create(&fixture, "bronze", &["w"]).await.unwrap();
    assert_eq!(get(&fixture, "bronze").await.unwrap().capabilities, ["CLAIMS", "AOD"]);
}

#[tokio::test]
async fn a_pool_that_gets_a_flavor_leaves_the_one_it_had() {
    let fixture = fixture().await;
    create(&fixture, "gold", &["a", "b"]).await.unwrap();
    create(&fixture, "silver", &["b", "b"]).await.unwrap();
    assert_eq!(pools_of(&fixture, "gold").await, "a");
    assert_eq!(pools_of(&fixture, "silver").await, "b");
    // Made again, a flavor keeps the pools that it has.
    create(&fixture, "gold", &["c"]).await.unwrap();
    assert_eq!(pools_of(&fixture, "gold").await, "ac");
    update(&fixture, "silver", &["a", "c"]).await.unwrap();
    let gold = get(&fixture, "gold").await.unwrap();
    assert!(gold.pools.is_empty() && gold.capabilities.is_empty());
    let freed = fixture.zaqar.get_pool(&fixture.caller, "b").await.unwrap();
    assert_eq!(freed.flavor, None);
}

#[tokio::test]
async fn an_update_answers_the_flavor_with_the_pools_in_the_order_of_the_list() {
    let fixture = fixture().await;
    create(&fixture, "gold", &["a"]).await.unwrap();
    let updated = update(&fixture, "gold", &["c", "b"]).await.unwrap();
    assert_eq!(updated.pools.iter().map(ToString::to_string).collect::<String>(), "cb");
    assert_eq!(updated.capabilities.len(), 5);
    assert_eq!(pools_of(&fixture, "gold").await, "bc");
}

#[tokio::test]
async fn a_refused_list_of_pools_changes_nothing() {
    let fixture = fixture().await;
    create(&fixture, "gold", &["a"]).await.unwrap();
    for (pools, at_creation, at_update) in [
        (&[][..], None, None),
        (
            &["b", "nosuch"][..],
            Some("Flavor gold could not be created, error:Pool nosuch does not exist"),
            Some("Flavor gold cant be updated, error:Pool nosuch does not exist"),
        ),
        (
            &["no name"][..],
            Some("Flavor gold could not be created, error:Pool no name does not exist"),
            Some("Flavor gold cant be updated, error:Pool no name does not exist"),
        ),
    ] {
        let told = |outcome: Error| match outcome {
            Error::BadPoolList(PoolListFault::Empty) => None,
            error @ Error::BadPoolList(_) => Some(error.to_string()),
            error => panic!("{error}"),
        };
        let created = create(&fixture, "gold", pools).await.unwrap_err();
        assert_eq!(told(created).as_deref(), at_creation);
        assert_eq!(told(update(&fixture, "gold", pools).await.unwrap_err()).as_deref(), at_update);
    }
    assert_eq!(pools_of(&fixture, "gold").await, "a");
    assert!(matches!(create(&fixture, "no name", &["b"]).await, Err(Error::Invalid(_))));
    for absent in ["nosuch", "no name"] {
        assert!(matches!(get(&fixture, absent).await, Err(Error::NotFound(_))));
        assert!(matches!(update(&fixture, absent, &["nosuch"]).await, Err(Error::NotFound(_))));
    }
}

#[tokio::test]
async fn a_removed_flavor_leaves_its_pools_behind() {
    let fixture = fixture().await;
    create(&fixture, "gold", &["a", "b"]).await.unwrap();
    for flavor in ["gold", "gold", "nosuch", "no name"] {
        fixture.zaqar.delete_flavor(&fixture.caller, flavor).await.unwrap();
    }
    assert!(matches!(get(&fixture, "gold").await, Err(Error::NotFound(_))));
    assert_eq!(fixture.zaqar.get_pool(&fixture.caller, "a").await.unwrap().flavor, None);
    fixture.zaqar.delete_pool(&fixture.caller, "a").await.unwrap();
}

#[tokio::test]
async fn flavors_are_seen_by_every_project_and_listed_a_page_at_a_time() {
    let fixture = fixture().await;
    for (flavor, pool) in [("z", "a"), ("x", "b"), ("y", "c")] {
        create(&fixture, flavor, &[pool]).await.unwrap();
    }
    let other = caller("another");
    let list = async |marker: Option<&str>, limit| {
        let listing = FlavorListing { marker: marker.map(str::to_owned), limit };
        let listed = fixture.zaqar.list_flavors(&other, &listing).await?;
        let shown = listed.flavors.iter().map(|flavor| format!("{}{}", flavor.name, flavor.pools[0]));
        Ok::<_, Error>((shown.collect::<String>(), listed.next.map(|next| next.to_string())))
    };
    assert_eq!(list(None, None).await.unwrap(), ("xbycza".to_owned(), Some("z".to_owned())));
    assert_eq!(list(Some("x"), Some(1)).await.unwrap(), ("yc".to_owned(), Some("y".to_owned())));
    assert_eq!(list(Some("z"), None).await.unwrap(), (String::new(), None));
    assert!(matches!(list(None, Some(21)).await, Err(Error::Invalid(_))));
    assert_eq!(fixture.zaqar.get_flavor(&other, "x").await.unwrap().pools.len(), 1);
}
