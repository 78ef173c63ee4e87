//! Pools registered, listed and removed.

use zaqar_model::{PageRequest, Pool, PoolWeight};
use zaqar_storage::StorageError;

use super::{flavor, flavor_name, pool, pool_name, pool_of_flavor};
use crate::bench::ManagementBench;
use crate::minting::{json_object, random_number};

/// A pool comes back as it was registered.
pub async fn a_pool_comes_back_as_it_was_registered(bench: &ManagementBench) {
    let mut kept = pool_of_flavor("one", "fast");
    kept.weight = PoolWeight(7);
    kept.options = json_object(r#"{"max_retry_sleep": 1, "a": {"b": null}}"#);
    bench.store().put_flavor(flavor("fast")).await.unwrap();
    bench.store().put_pool(kept.clone()).await.unwrap();
    assert_eq!(bench.store().get_pool(&kept.name).await.unwrap(), Some(kept));
    assert_eq!(bench.store().get_pool(&pool_name("two")).await.unwrap(), None);
}

/// A pool of the same name is replaced.
pub async fn a_pool_of_the_same_name_is_replaced(bench: &ManagementBench) {
    bench.store().put_pool(pool("one")).await.unwrap();
    let mut other = pool("one");
    other.uri = "redis://elsewhere".to_owned();
    other.weight = PoolWeight(0);
    bench.store().put_pool(other.clone()).await.unwrap();
    bench.store().put_pool(other.clone()).await.unwrap();
    assert_eq!(bench.store().get_pool(&other.name).await.unwrap(), Some(other));
    assert_eq!(bench.pools().await, [pool_name("one")]);
}

/// Two pools cannot have one URI: `Conflict`, and nothing is changed.
pub async fn two_pools_cannot_have_one_uri(bench: &ManagementBench) {
    let (one, two) = (pool("one"), pool("two"));
    bench.store().put_pool(one.clone()).await.unwrap();
    bench.store().put_pool(two.clone()).await.unwrap();
    for name in ["two", "three"] {
        let mut twin = pool(name);
        twin.uri.clone_from(&one.uri);
        let refused = bench.store().put_pool(twin).await;
        assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    }
    assert_eq!(bench.store().get_pool(&two.name).await.unwrap(), Some(two.clone()));
    assert_eq!(bench.pools().await, [one.name, two.name]);
}

/// The URI of a pool that was removed or moved is free for another.
pub async fn a_uri_that_is_given_up_is_free(bench: &ManagementBench) {
    let store = bench.store();
    store.put_pool(pool("one")).await.unwrap();
    store.delete_pool(&pool_name("one")).await.unwrap();
    let mut heir = pool("two");
    heir.uri = pool("one").uri;
    store.put_pool(heir).await.unwrap();
    store.put_pool(pool("two")).await.unwrap();
    store.put_pool(pool("one")).await.unwrap();
    assert_eq!(bench.pools().await, [pool_name("one"), pool_name("two")]);
}

/// Pools are listed in the order of their names, a page at a time.
pub async fn pools_are_listed_in_the_order_of_their_names(bench: &ManagementBench) {
    for name in ["c", "a", "B", "e", "d"] {
        bench.store().put_pool(pool(name)).await.unwrap();
    }
    let names = ["B", "a", "c", "d", "e"].map(pool_name);
    assert_eq!(bench.pools().await, names);
    let request = PageRequest { marker: Some(pool_name("a")), limit: 2 };
    let page = bench.store().list_pools(&request).await.unwrap();
    assert_eq!(page.items.iter().map(|pool| pool.name.clone()).collect::<Vec<_>>(), names[2..4]);
    assert_eq!(page.next, Some(pool_name("d")));
    let request = PageRequest { marker: Some(pool_name("e")), limit: 2 };
    let page = bench.store().list_pools(&request).await.unwrap();
    assert_eq!((page.items, page.next), (vec![], None));
}

/// The pools of a flavor are found by it, and those of none by none, in the order of their names.
pub async fn pools_are_found_by_their_flavor(bench: &ManagementBench) {
    let store = bench.store();
    for name in ["fast", "slow"] {
        store.put_flavor(flavor(name)).await.unwrap();
    }
    let (b, a, c) = (pool_of_flavor("b", "fast"), pool_of_flavor("a", "fast"), pool_of_flavor("c", "slow"));
    for pool in [b.clone(), a.clone(), c.clone(), pool("d")] {
        store.put_pool(pool).await.unwrap();
    }
    assert_eq!(store.pools_of_flavor(Some(&flavor_name("fast"))).await.unwrap(), [a, b]);
    assert_eq!(store.pools_of_flavor(Some(&flavor_name("slow"))).await.unwrap(), [c]);
    assert_eq!(store.pools_of_flavor(None).await.unwrap(), [pool("d")]);
    assert_eq!(store.pools_of_flavor(Some(&flavor_name("none"))).await.unwrap(), []);
}

/// A pool may name a flavor that is not registered.
pub async fn a_pool_may_name_a_flavor_that_is_not_there(bench: &ManagementBench) {
    let kept = pool_of_flavor("one", "fast");
    bench.store().put_pool(kept.clone()).await.unwrap();
    assert_eq!(bench.store().pools_of_flavor(Some(&flavor_name("fast"))).await.unwrap(), [kept]);
    assert_eq!(bench.store().get_flavor(&flavor_name("fast")).await.unwrap(), None);
}

/// Of many that register pools with one URI at once, one succeeds.
pub async fn of_many_that_want_one_uri_at_once_one_gets_it(bench: &ManagementBench) {
    let names: Vec<_> = (0..8).map(|number| format!("pool-{number}")).collect();
    let running: Vec<_> = names
        .iter()
        .map(|name| {
            let store = bench.store();
            let pool = Pool { uri: "embedded:///var/lib/wanted".to_owned(), ..pool(name) };
            tokio::spawn(async move { store.put_pool(pool).await })
        })
        .collect();
    let mut outcomes = Vec::new();
    for put in running {
        outcomes.push(put.await.unwrap());
    }
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    assert_eq!(bench.pools().await.len(), 1);
}

/// A pool that changes its flavor is found by the new one only.
pub async fn a_pool_may_change_its_flavor(bench: &ManagementBench) {
    let store = bench.store();
    store.put_flavor(flavor("fast")).await.unwrap();
    store.put_pool(pool("one")).await.unwrap();
    store.put_pool(pool_of_flavor("one", "fast")).await.unwrap();
    assert_eq!(store.pools_of_flavor(None).await.unwrap(), []);
    assert_eq!(store.pools_of_flavor(Some(&flavor_name("fast"))).await.unwrap().len(), 1);
    store.put_pool(pool("one")).await.unwrap();
    assert_eq!(store.pools_of_flavor(None).await.unwrap().len(), 1);
    assert_eq!(store.pools_of_flavor(Some(&flavor_name("fast"))).await.unwrap(), []);
}

/// A removed pool is gone; removing what is not there is done.
pub async fn a_removed_pool_is_gone(bench: &ManagementBench) {
    let store = bench.store();
    store.delete_pool(&pool_name("one")).await.unwrap();
    store.put_pool(pool("one")).await.unwrap();
    store.delete_pool(&pool_name("one")).await.unwrap();
    assert_eq!(store.get_pool(&pool_name("one")).await.unwrap(), None);
    assert_eq!(bench.pools().await, []);
}

/// A pool is not removed while the catalogue maps a queue to it: `Conflict`.
pub async fn a_pool_with_queues_is_not_removed(bench: &ManagementBench) {
    let (store, queue) = (bench.store(), random_number());
    store.put_pool(pool("one")).await.unwrap();
    store.map(queue, &pool_name("one")).await.unwrap();
    let refused = store.delete_pool(&pool_name("one")).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    assert_eq!(bench.pools().await, [pool_name("one")]);
    store.unmap(queue).await.unwrap();
    store.delete_pool(&pool_name("one")).await.unwrap();
    assert_eq!(bench.pools().await, []);
}
