//! What was acknowledged is there when the store is opened again.

use zaqar_model::Marker;
use zaqar_storage::StorageError;

use super::{flavor, flavor_name, new_queue, pool, pool_name, pool_of_flavor};
use crate::RegisterPools;
use crate::bench::ManagementBench;
use crate::samples::random_number;

/// Pools and flavors are there after reopening, and what holds them.
pub async fn pools_and_flavors_are_kept(bench: &ManagementBench) {
    bench.put_flavor(flavor("fast")).await;
    bench.put_flavor(flavor("gone")).await;
    bench.put_pool(pool_of_flavor("one", "fast")).await;
    bench.put_pool(pool("two")).await;
    bench.put_pool(pool("gone")).await;
    bench.store().registry().delete_flavor(&flavor_name("gone")).await.unwrap();
    bench.store().registry().delete_pool(&pool_name("gone")).await.unwrap();
    bench.reopen().await;
    let store = bench.store();
    assert_eq!(store.registry().get_flavor(&flavor_name("fast")).await.unwrap(), Some(flavor("fast")));
    assert_eq!(store.registry().get_flavor(&flavor_name("gone")).await.unwrap(), None);
    assert_eq!(bench.pools().await, ["one", "two"].map(pool_name));
    let of_flavor = bench.pools_of_flavor(Some(&flavor_name("fast"))).await;
    assert_eq!(of_flavor, [pool_of_flavor("one", "fast")]);
    let refused = store.registry().delete_flavor(&flavor_name("fast")).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
}

/// The catalogue is there after reopening.
pub async fn the_catalogue_is_kept(bench: &ManagementBench) {
    let assigned = new_queue(bench).await.number;
    let (reassigned, unassigned) = (random_number(), random_number());
    for name in ["one", "two"] {
        bench.put_pool(pool(name)).await;
    }
    for queue in [assigned, reassigned, unassigned] {
        bench.store().registry().assign(queue, None, Some(&pool_name("one"))).await.unwrap();
    }
    let (one, two) = (pool_name("one"), pool_name("two"));
    bench.store().registry().assign(reassigned, Some(&one), Some(&two)).await.unwrap();
    bench.store().registry().assign(unassigned, Some(&one), None).await.unwrap();
    bench.reopen().await;
    let store = bench.store();
    assert_eq!(store.registry().pool_of(assigned).await.unwrap(), Some(pool_name("one")));
    assert_eq!(store.registry().pool_of(reassigned).await.unwrap(), Some(pool_name("two")));
    assert_eq!(store.registry().pool_of(unassigned).await.unwrap(), None);
    let refused = store.registry().delete_pool(&pool_name("one")).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
}

/// Moves that are under way survive the end of the store.
pub async fn moves_are_kept(bench: &ManagementBench) {
    let noted = super::moving::noted(bench).await;
    bench.store().registry().put_move(&noted, None).await.unwrap();
    bench.reopen().await;
    assert_eq!(bench.moves().await, [noted]);
}

/// Where a queue has left its pool is there after reopening.
pub async fn where_a_queue_has_left_is_kept(bench: &ManagementBench) {
    let queue = new_queue(bench).await.number;
    bench.put_pool(pool("one")).await;
    bench.store().registry().assign(queue, None, Some(&pool_name("one"))).await.unwrap();
    bench.store().registry().leave(queue, &pool_name("one"), Marker::new(7)).await.unwrap();
    bench.store().registry().delete_pool(&pool_name("one")).await.unwrap();
    bench.reopen().await;
    assert_eq!(bench.store().registry().left_at(queue).await.unwrap(), Some(Marker::new(7)));
    assert_eq!(bench.store().registry().pool_of(queue).await.unwrap(), None);
}
