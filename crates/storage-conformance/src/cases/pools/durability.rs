//! What was acknowledged is there when the store is opened again.

use zaqar_model::Marker;
use zaqar_storage::StorageError;

use super::{flavor, flavor_name, new_queue, pool, pool_name, pool_of_flavor};
use crate::bench::ManagementBench;
use crate::minting::random_number;

/// Pools and flavors are there after reopening, and what holds them.
pub async fn pools_and_flavors_are_kept(bench: &ManagementBench) {
    bench.store().put_flavor(flavor("fast")).await.unwrap();
    bench.store().put_flavor(flavor("gone")).await.unwrap();
    bench.store().put_pool(pool_of_flavor("one", "fast")).await.unwrap();
    bench.store().put_pool(pool("two")).await.unwrap();
    bench.store().put_pool(pool("gone")).await.unwrap();
    bench.store().delete_flavor(&flavor_name("gone")).await.unwrap();
    bench.store().delete_pool(&pool_name("gone")).await.unwrap();
    bench.reopen().await;
    let store = bench.store();
    assert_eq!(store.get_flavor(&flavor_name("fast")).await.unwrap(), Some(flavor("fast")));
    assert_eq!(store.get_flavor(&flavor_name("gone")).await.unwrap(), None);
    assert_eq!(bench.pools().await, ["one", "two"].map(pool_name));
    let of_flavor = store.pools_of_flavor(Some(&flavor_name("fast"))).await.unwrap();
    assert_eq!(of_flavor, [pool_of_flavor("one", "fast")]);
    let refused = store.delete_flavor(&flavor_name("fast")).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
}

/// The catalogue is there after reopening.
pub async fn the_catalogue_is_kept(bench: &ManagementBench) {
    let mapped = new_queue(bench).await.number;
    let (remapped, unmapped) = (random_number(), random_number());
    for name in ["one", "two"] {
        bench.store().put_pool(pool(name)).await.unwrap();
    }
    for queue in [mapped, remapped, unmapped] {
        bench.store().map(queue, &pool_name("one")).await.unwrap();
    }
    bench.store().remap(remapped, &pool_name("one"), &pool_name("two")).await.unwrap();
    bench.store().unmap(unmapped).await.unwrap();
    bench.reopen().await;
    let store = bench.store();
    assert_eq!(store.pool_of(mapped).await.unwrap(), Some(pool_name("one")));
    assert_eq!(store.pool_of(remapped).await.unwrap(), Some(pool_name("two")));
    assert_eq!(store.pool_of(unmapped).await.unwrap(), None);
    let refused = store.delete_pool(&pool_name("one")).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
}

/// Moves that are under way survive the end of the store.
pub async fn moves_are_kept(bench: &ManagementBench) {
    let noted = super::moving::noted(bench).await;
    bench.store().put_move(noted.clone()).await.unwrap();
    bench.reopen().await;
    assert_eq!(bench.store().list_moves().await.unwrap(), [noted]);
}

/// Where a queue has left its pool is there after reopening.
pub async fn where_a_queue_has_left_is_kept(bench: &ManagementBench) {
    let queue = new_queue(bench).await.number;
    bench.store().put_pool(pool("one")).await.unwrap();
    bench.store().map(queue, &pool_name("one")).await.unwrap();
    bench.store().leave(queue, &pool_name("one"), Marker::new(7)).await.unwrap();
    bench.store().delete_pool(&pool_name("one")).await.unwrap();
    bench.reopen().await;
    assert_eq!(bench.store().left_at(queue).await.unwrap(), Some(Marker::new(7)));
    assert_eq!(bench.store().pool_of(queue).await.unwrap(), None);
}
