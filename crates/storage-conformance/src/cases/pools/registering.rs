//! Pools registered, listed and removed.

use zaqar_model::{PageRequest, Pool, PoolWeight, QueueMove};
use zaqar_storage::StorageError;

use super::{flavor, flavor_name, new_queue, pool, pool_name, pool_of_flavor};
use crate::RegisterPools;
use crate::bench::ManagementBench;
use crate::samples::json_object;

/// A pool comes back as it was registered.
pub async fn a_pool_comes_back_as_it_was_registered(bench: &ManagementBench) {
    let mut kept = pool_of_flavor("one", "fast");
    kept.weight = PoolWeight(7);
    kept.options = json_object(r#"{"max_retry_sleep": 1, "a": {"b": null}}"#);
    bench.put_flavor(flavor("fast")).await;
    bench.put_pool(kept.clone()).await;
    assert_eq!(bench.store().registry().get_pool(&kept.name).await.unwrap(), Some(kept));
    assert_eq!(bench.store().registry().get_pool(&pool_name("two")).await.unwrap(), None);
}

/// A pool is registered if there is none of its name, or replaced if it is what was seen; otherwise it is a `Conflict`. It may
/// be repeated.
pub async fn a_pool_is_replaced_if_it_is_what_was_seen(bench: &ManagementBench) {
    let store = bench.store();
    let registry = store.registry();
    let first = Pool { options: json_object(r#"{"z": 1.5, "a": {"b": null}}"#), ..pool("one") };
    let second = Pool { uri: "redis://elsewhere".to_owned(), weight: PoolWeight(0), ..first.clone() };
    let third = Pool { options: json_object(r#"{"a": {"b": null}, "z": 2}"#), ..second.clone() };
    let refused = registry.put_pool(&second, Some(&first)).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    for (seen, next) in [(None, &first), (Some(&first), &second), (Some(&second), &third)] {
        for _ in 0..2 {
            registry.put_pool(next, seen).await.unwrap();
            assert_eq!(registry.get_pool(&first.name).await.unwrap().as_ref(), Some(next));
        }
    }
    for seen in [None, Some(&first), Some(&second)] {
        let refused = registry.put_pool(&pool("one"), seen).await;
        assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    }
    assert_eq!(registry.get_pool(&first.name).await.unwrap(), Some(third));
    assert_eq!(bench.pools().await, [pool_name("one")]);
}

/// Two pools cannot have one URI: `Conflict`, and nothing is changed.
pub async fn two_pools_cannot_have_one_uri(bench: &ManagementBench) {
    let (one, two) = (pool("one"), pool("two"));
    bench.put_pool(one.clone()).await;
    bench.put_pool(two.clone()).await;
    for name in ["two", "three"] {
        let mut twin = pool(name);
        twin.uri.clone_from(&one.uri);
        let seen = bench.store().registry().get_pool(&twin.name).await.unwrap();
        let refused = bench.store().registry().put_pool(&twin, seen.as_ref()).await;
        assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    }
    assert_eq!(bench.store().registry().get_pool(&two.name).await.unwrap(), Some(two.clone()));
    assert_eq!(bench.pools().await, [one.name, two.name]);
}

/// The URI of a pool that was removed or moved is free for another.
pub async fn a_uri_that_is_given_up_is_free(bench: &ManagementBench) {
    let store = bench.store();
    bench.put_pool(pool("one")).await;
    store.registry().delete_pool(&pool_name("one")).await.unwrap();
    let mut heir = pool("two");
    heir.uri = pool("one").uri;
    bench.put_pool(heir).await;
    bench.put_pool(pool("two")).await;
    bench.put_pool(pool("one")).await;
    assert_eq!(bench.pools().await, [pool_name("one"), pool_name("two")]);
}

/// Pools are listed in the order of their names, a page at a time.
pub async fn pools_are_listed_in_the_order_of_their_names(bench: &ManagementBench) {
    for name in ["c", "a", "B", "e", "d"] {
        bench.put_pool(pool(name)).await;
    }
    let names = ["B", "a", "c", "d", "e"].map(pool_name);
    assert_eq!(bench.pools().await, names);
    let request = PageRequest { marker: Some(pool_name("a")), limit: 2 };
    let page = bench.store().registry().list_pools(&request).await.unwrap();
    assert_eq!(page.items.iter().map(|pool| pool.name.clone()).collect::<Vec<_>>(), names[2..4]);
    assert_eq!(page.next, Some(pool_name("d")));
    let request = PageRequest { marker: Some(pool_name("e")), limit: 2 };
    let page = bench.store().registry().list_pools(&request).await.unwrap();
    assert_eq!((page.items, page.next), (vec![], None));
}

/// The pools of a flavor are found by it, and those of none by none, in the order of their names.
pub async fn pools_are_found_by_their_flavor(bench: &ManagementBench) {
    for name in ["fast", "slow"] {
        bench.put_flavor(flavor(name)).await;
    }
    let (b, a, c) = (pool_of_flavor("b", "fast"), pool_of_flavor("a", "fast"), pool_of_flavor("c", "slow"));
    for pool in [b.clone(), a.clone(), c.clone(), pool("d")] {
        bench.put_pool(pool).await;
    }
    assert_eq!(bench.pools_of_flavor(Some(&flavor_name("fast"))).await, [a, b]);
    assert_eq!(bench.pools_of_flavor(Some(&flavor_name("slow"))).await, [c]);
    assert_eq!(bench.pools_of_flavor(None).await, [pool("d")]);
    assert_eq!(bench.pools_of_flavor(Some(&flavor_name("none"))).await, []);
}

/// The pools of a flavor come a page at a time.
pub async fn the_pools_of_a_flavor_come_in_pages(bench: &ManagementBench) {
    for name in ["d", "B", "a", "c"] {
        bench.put_pool(pool_of_flavor(name, "fast")).await;
        bench.put_pool(pool(&format!("{name}-none"))).await;
    }
    let (store, fast) = (bench.store(), flavor_name("fast"));
    for (flavor, names) in
        [(Some(&fast), ["B", "a", "c", "d"]), (None, ["B-none", "a-none", "c-none", "d-none"])]
    {
        let mut marker = None;
        for some in names.chunks(3) {
            let page = PageRequest { marker, limit: 3 };
            let page = store.registry().pools_of_flavor(flavor, &page).await.unwrap();
            let found: Vec<_> = page.items.iter().map(|pool| pool.name.as_str()).collect();
            assert_eq!(found, some);
            assert_eq!(page.next.as_ref().map(|name| name.as_str()), some.last().copied());
            marker = page.next;
        }
        let end = store.registry().pools_of_flavor(flavor, &PageRequest { marker, limit: 3 }).await.unwrap();
        assert_eq!((end.items, end.next), (vec![], None));
    }
}

/// A pool may name a flavor that is not registered.
pub async fn a_pool_may_name_a_flavor_that_is_not_there(bench: &ManagementBench) {
    let kept = pool_of_flavor("one", "fast");
    bench.put_pool(kept.clone()).await;
    assert_eq!(bench.pools_of_flavor(Some(&flavor_name("fast"))).await, [kept]);
    assert_eq!(bench.store().registry().get_flavor(&flavor_name("fast")).await.unwrap(), None);
}

/// Of many that register pools with one URI at once, one succeeds.
pub async fn of_many_that_want_one_uri_at_once_one_gets_it(bench: &ManagementBench) {
    let names: Vec<_> = (0..8).map(|number| format!("pool-{number}")).collect();
    let running: Vec<_> = names
        .iter()
        .map(|name| {
            let store = bench.store();
            let pool = Pool { uri: "embedded:///var/lib/wanted".to_owned(), ..pool(name) };
            tokio::spawn(async move { store.registry().put_pool(&pool, None).await })
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
    bench.put_flavor(flavor("fast")).await;
    bench.put_pool(pool("one")).await;
    bench.put_pool(pool_of_flavor("one", "fast")).await;
    assert_eq!(bench.pools_of_flavor(None).await, []);
    assert_eq!(bench.pools_of_flavor(Some(&flavor_name("fast"))).await.len(), 1);
    bench.put_pool(pool("one")).await;
    assert_eq!(bench.pools_of_flavor(None).await.len(), 1);
    assert_eq!(bench.pools_of_flavor(Some(&flavor_name("fast"))).await, []);
}

/// A removed pool is gone; removing what is not there is done.
pub async fn a_removed_pool_is_gone(bench: &ManagementBench) {
    let store = bench.store();
    store.registry().delete_pool(&pool_name("one")).await.unwrap();
    bench.put_pool(pool("one")).await;
    store.registry().delete_pool(&pool_name("one")).await.unwrap();
    assert_eq!(store.registry().get_pool(&pool_name("one")).await.unwrap(), None);
    assert_eq!(bench.pools().await, []);
}

/// A pool is not removed while a queue is assigned to it: `Conflict`.
pub async fn a_pool_with_queues_is_not_removed(bench: &ManagementBench) {
    let (store, queue) = (bench.store(), new_queue(bench).await.number);
    bench.put_pool(pool("one")).await;
    store.registry().assign(queue, None, Some(&pool_name("one"))).await.unwrap();
    let refused = store.registry().delete_pool(&pool_name("one")).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    assert_eq!(bench.pools().await, [pool_name("one")]);
    store.registry().assign(queue, Some(&pool_name("one")), None).await.unwrap();
    store.registry().delete_pool(&pool_name("one")).await.unwrap();
    assert_eq!(bench.pools().await, []);
}

/// A queue that was deleted keeps no pool from being removed, and is forgotten with it.
pub async fn a_pool_is_removed_with_what_is_left_of_deleted_queues(bench: &ManagementBench) {
    let (store, queue) = (bench.store(), new_queue(bench).await);
    for name in ["one", "two"] {
        bench.put_pool(pool(name)).await;
    }
    store.registry().assign(queue.number, None, Some(&pool_name("one"))).await.unwrap();
    let pools = vec![pool_name("one"), pool_name("two")];
    let noted = QueueMove { queue: queue.clone(), to: Some(pool_name("two")), pools, attempt: None };
    store.registry().put_move(&noted, None).await.unwrap();
    store.delete(queue.kind, &queue.project, &queue.name).await.unwrap();
    store.registry().delete_pool(&pool_name("one")).await.unwrap();
    assert_eq!(store.registry().pool_of(queue.number).await.unwrap(), None);
    assert_eq!(bench.moves().await, []);
    store.registry().delete_pool(&pool_name("two")).await.unwrap();
    assert_eq!(bench.pools().await, []);
}
