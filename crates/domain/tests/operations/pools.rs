use std::sync::Arc;

use serde_json::json;
use zaqar_domain::{Error, Limits, PoolChange, PoolDefinition, PoolListing, PoolUse};
use zaqar_model::{DestinationKind, FlavorName, Pool, PoolName, PoolWeight};
use zaqar_storage_conformance::{ModelPlacement, RegisterPools};

use crate::fixture::{Fixture, metadata_of, name};

pub(crate) fn definition(uri: &str) -> PoolDefinition {
    PoolDefinition {
        uri: uri.to_owned(),
        weight: PoolWeight(100),
        flavor: String::new(),
        options: metadata_of(json!({})),
    }
}

pub(crate) fn of_flavor(uri: &str, flavor: &str) -> PoolDefinition {
    PoolDefinition { flavor: flavor.to_owned(), ..definition(uri) }
}

pub(crate) fn with_pools() -> (Fixture, Arc<ModelPlacement>) {
    let placement = Arc::new(ModelPlacement::new());
    (Fixture::with_placement(Limits::default(), Some(Arc::<ModelPlacement>::clone(&placement))), placement)
}

fn pool_name(name: &str) -> PoolName {
    PoolName::new(name).unwrap()
}

async fn create(fixture: &Fixture, name: &str, pool: PoolDefinition) -> Result<(), Error> {
    fixture.zaqar.create_pool(&fixture.caller, name, pool).await
}

async fn update(fixture: &Fixture, name: &str, change: PoolChange) -> Result<Pool, Error> {
    fixture.zaqar.update_pool(&fixture.caller, name, change).await
}

#[tokio::test]
async fn a_pool_of_the_same_name_is_replaced_as_a_whole() {
    let (fixture, placement) = with_pools();
    let options = metadata_of(json!({"a": 1}));
    create(&fixture, "a", PoolDefinition { options, ..of_flavor("model://a", "gold") }).await.unwrap();
    create(&fixture, "a", PoolDefinition { weight: PoolWeight(0), ..definition("model://a2") })
        .await
        .unwrap();
    let pool = fixture.zaqar.get_pool(&fixture.caller, "a").await.unwrap();
    assert_eq!((pool.uri.as_str(), pool.weight, pool.flavor), ("model://a2", PoolWeight(0), None));
    assert!(pool.options.members().is_empty());
    assert_eq!(placement.take_forgotten(), [pool_name("a")]);
}

#[tokio::test]
async fn a_pool_whose_store_cannot_be_used_is_refused() {
    let (fixture, _) = with_pools();
    for (uri, text) in [
        ("nosuch://x", "cannot connect to nosuch://x: No driver serves this."),
        ("localhost:27017", "cannot connect to localhost:27017: No driver serves this."),
        ("model://unreachable", "cannot connect to model://unreachable: Nobody answers."),
        ("model://me:secret@unreachable", "cannot connect to model://***: Nobody answers."),
    ] {
        let refused = create(&fixture, "a", definition(uri)).await.unwrap_err();
        assert_eq!(refused.to_string(), text);
        assert!(!format!("{refused:?}").contains("secret"));
    }
    create(&fixture, "a", definition("model://a")).await.unwrap();
    let change = PoolChange { uri: Some("nosuch://x".to_owned()), ..PoolChange::default() };
    assert!(matches!(update(&fixture, "a", change).await, Err(Error::CannotConnect { .. })));
    assert_eq!(fixture.zaqar.get_pool(&fixture.caller, "a").await.unwrap().uri, "model://a");
}

#[tokio::test]
async fn names_flavors_and_options_of_pools_are_checked() {
    let (fixture, _) = with_pools();
    for bad in ["", "a b", "a/b", &"n".repeat(65)] {
        assert!(matches!(create(&fixture, bad, definition("model://a")).await, Err(Error::Invalid(_))));
        assert!(matches!(fixture.zaqar.get_pool(&fixture.caller, bad).await, Err(Error::NotFound(_))));
        assert!(matches!(update(&fixture, bad, PoolChange::default()).await, Err(Error::NotFound(_))));
        fixture.zaqar.delete_pool(&fixture.caller, bad).await.unwrap();
    }
    let mut deep = json!(1);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    let deep = metadata_of(json!({ "a": deep }));
    for bad in
        [of_flavor("model://a", "no flavor"), PoolDefinition { options: deep, ..definition("model://a") }]
    {
        let change = PoolChange {
            flavor: Some(bad.flavor.clone()),
            options: Some(bad.options.clone()),
            ..PoolChange::default()
        };
        assert!(matches!(create(&fixture, "a", bad).await, Err(Error::Invalid(_))));
        assert!(matches!(update(&fixture, "a", change).await, Err(Error::Invalid(_))));
    }
}

#[tokio::test]
async fn two_pools_cannot_have_one_uri() {
    let (fixture, _) = with_pools();
    create(&fixture, "a", definition("model://a")).await.unwrap();
    create(&fixture, "b", definition("model://b")).await.unwrap();
    assert!(matches!(create(&fixture, "c", definition("model://a")).await, Err(Error::Conflict(_))));
    let change = PoolChange { uri: Some("model://a".to_owned()), ..PoolChange::default() };
    assert!(matches!(update(&fixture, "b", change).await, Err(Error::Conflict(_))));
    assert_eq!(fixture.zaqar.get_pool(&fixture.caller, "b").await.unwrap().uri, "model://b");
}

#[tokio::test]
async fn the_pools_of_a_flavor_can_do_the_same() {
    let (fixture, _) = with_pools();
    create(&fixture, "a", of_flavor("model://a", "gold")).await.unwrap();
    create(&fixture, "w", definition("weak://w")).await.unwrap();
    assert!(matches!(create(&fixture, "b", of_flavor("weak://b", "gold")).await, Err(Error::PoolMismatch)));
    assert!(matches!(create(&fixture, "a", of_flavor("weak://a", "gold")).await, Err(Error::PoolMismatch)));
    let change = PoolChange { uri: Some("weak://a".to_owned()), ..PoolChange::default() };
    assert!(matches!(update(&fixture, "a", change).await, Err(Error::PoolMismatch)));
    create(&fixture, "b", of_flavor("weak://b", "bronze")).await.unwrap();
}

#[tokio::test]
async fn a_change_leaves_alone_what_it_does_not_name() {
    let (fixture, placement) = with_pools();
    let options = metadata_of(json!({"a": 1}));
    create(&fixture, "a", PoolDefinition { options, ..of_flavor("model://a", "gold") }).await.unwrap();
    let lighter = PoolChange { weight: Some(PoolWeight(1)), ..PoolChange::default() };
    let pool = update(&fixture, "a", lighter).await.unwrap();
    assert_eq!((pool.weight, pool.uri.as_str()), (PoolWeight(1), "model://a"));
    assert_eq!(pool.options.get("a"), Some(&json!(1)));
    let none = PoolChange { flavor: Some(String::new()), ..PoolChange::default() };
    assert_eq!(update(&fixture, "a", none).await.unwrap().flavor, None);
    // The store is the same as before: what was opened for it stays.
    assert_eq!(placement.take_forgotten(), []);
    let moved = PoolChange { uri: Some("model://a2".to_owned()), ..PoolChange::default() };
    assert_eq!(update(&fixture, "a", moved).await.unwrap().uri, "model://a2");
    assert_eq!(placement.take_forgotten(), [pool_name("a")]);
}

#[tokio::test]
async fn changes_of_one_pool_at_once_are_all_kept() {
    let (fixture, _) = with_pools();
    create(&fixture, "a", definition("model://a")).await.unwrap();
    let weight = PoolChange { weight: Some(PoolWeight(7)), ..PoolChange::default() };
    let flavor = PoolChange { flavor: Some("gold".to_owned()), ..PoolChange::default() };
    let options = PoolChange { options: Some(metadata_of(json!({"a": 1}))), ..PoolChange::default() };
    let (one, two, three) = tokio::join!(
        update(&fixture, "a", weight),
        update(&fixture, "a", flavor),
        update(&fixture, "a", options)
    );
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    let pool = fixture.zaqar.get_pool(&fixture.caller, "a").await.unwrap();
    assert_eq!((pool.weight, pool.flavor), (PoolWeight(7), Some(FlavorName::new("gold").unwrap())));
    assert_eq!(pool.options.get("a"), Some(&json!(1)));
}

#[tokio::test]
async fn a_pool_in_use_is_not_removed() {
    let (fixture, placement) = with_pools();
    let (zaqar, caller) = (&fixture.zaqar, &fixture.caller);
    create(&fixture, "a", of_flavor("model://a", "gold")).await.unwrap();
    let in_use = |error: Error| match error {
        Error::PoolInUse(by) => by,
        error => panic!("{error}"),
    };
    let last = in_use(zaqar.delete_pool(caller, "a").await.unwrap_err());
    assert_eq!(last, PoolUse::Flavor(FlavorName::new("gold").unwrap()));
    create(&fixture, "b", of_flavor("model://b", "gold")).await.unwrap();

    fixture.make_queue("q", json!({})).await;
    let queue =
        fixture.management.find(DestinationKind::Queue, &caller.project, &name("q")).await.unwrap().unwrap();
    let (number, a) = (queue.destination.number, pool_name("a"));
    fixture.management.registry().assign(number, None, Some(&a)).await.unwrap();
    assert_eq!(in_use(zaqar.delete_pool(caller, "a").await.unwrap_err()), PoolUse::Queues);
    assert_eq!(placement.take_forgotten(), []);
    fixture.management.registry().assign(number, Some(&a), None).await.unwrap();
    for _ in 0..2 {
        zaqar.delete_pool(caller, "a").await.unwrap();
    }
    assert_eq!(placement.take_forgotten(), [pool_name("a")]);
}

#[tokio::test]
async fn pools_are_listed_a_page_at_a_time() {
    let (fixture, _) = with_pools();
    for name in ["c", "a", "b"] {
        create(&fixture, name, definition(&format!("model://{name}"))).await.unwrap();
    }
    let list = async |marker: Option<&str>, limit| {
        let listing = PoolListing { marker: marker.map(str::to_owned), limit };
        let listed = fixture.zaqar.list_pools(&fixture.caller, &listing).await?;
        let names: Vec<_> = listed.pools.iter().map(|pool| pool.name.to_string()).collect();
        Ok::<_, Error>((names.join(""), listed.next.map(|next| next.to_string())))
    };
    assert_eq!(list(None, None).await.unwrap(), ("abc".to_owned(), Some("c".to_owned())));
    assert_eq!(list(None, Some(2)).await.unwrap(), ("ab".to_owned(), Some("b".to_owned())));
    assert_eq!(list(Some("b!"), Some(2)).await.unwrap(), ("c".to_owned(), Some("c".to_owned())));
    assert_eq!(list(Some("zz"), None).await.unwrap(), (String::new(), None));
    for bad in [0, -1, 21] {
        assert!(matches!(list(None, Some(bad)).await, Err(Error::Invalid(_))));
    }
}

#[tokio::test]
async fn without_pooling_there_are_no_pools() {
    let fixture = Fixture::new();
    assert!(!fixture.zaqar.has_pools());
    assert!(matches!(create(&fixture, "a", definition("model://a")).await, Err(Error::Invalid(_))));
}
