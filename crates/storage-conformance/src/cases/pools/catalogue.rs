//! Which pool holds which queue.

use zaqar_model::Marker;
use zaqar_storage::StorageError;

use super::{pool, pool_name};
use crate::bench::ManagementBench;
use crate::minting::random_number;

async fn with_pools(bench: &ManagementBench) {
    for name in ["one", "two"] {
        bench.store().put_pool(pool(name)).await.unwrap();
    }
}

/// A queue that is not mapped has no pool; mapped, it has the one named.
pub async fn a_mapped_queue_has_its_pool(bench: &ManagementBench) {
    with_pools(bench).await;
    let (store, queue) = (bench.store(), random_number());
    assert_eq!(store.pool_of(queue).await.unwrap(), None);
    assert_eq!(store.map(queue, &pool_name("one")).await.unwrap(), pool_name("one"));
    assert_eq!(store.pool_of(queue).await.unwrap(), Some(pool_name("one")));
    assert_eq!(store.pool_of(random_number()).await.unwrap(), None);
}

/// Mapping what is mapped already answers the choice that came first, and leaves it.
pub async fn the_first_mapping_stays(bench: &ManagementBench) {
    with_pools(bench).await;
    let (store, queue) = (bench.store(), random_number());
    store.map(queue, &pool_name("one")).await.unwrap();
    assert_eq!(store.map(queue, &pool_name("two")).await.unwrap(), pool_name("one"));
    assert_eq!(store.pool_of(queue).await.unwrap(), Some(pool_name("one")));
}

/// Of concurrent mappings of one queue, all answer the same pool.
pub async fn concurrent_mappings_agree(bench: &ManagementBench) {
    with_pools(bench).await;
    let queue = random_number();
    let mapping: Vec<_> = (0..8)
        .map(|at| {
            let store = bench.store();
            let name = pool_name(if at % 2 == 0 { "one" } else { "two" });
            tokio::spawn(async move { store.map(queue, &name).await.unwrap() })
        })
        .collect();
    let mapped = {
        let mut answers = Vec::new();
        for answer in mapping {
            answers.push(answer.await.unwrap());
        }
        answers
    };
    let settled = bench.store().pool_of(queue).await.unwrap().unwrap();
    assert!(mapped.iter().all(|name| *name == settled), "{mapped:?}");
}

/// A queue cannot be mapped to a pool that does not exist: `NotFound`.
pub async fn a_queue_is_not_mapped_to_an_unknown_pool(bench: &ManagementBench) {
    let (store, queue) = (bench.store(), random_number());
    let refused = store.map(queue, &pool_name("one")).await;
    assert!(matches!(refused, Err(StorageError::NotFound(_))), "{refused:?}");
    assert_eq!(store.pool_of(queue).await.unwrap(), None);
}

/// A queue is mapped to another pool if it is still mapped to the one named.
pub async fn a_queue_can_be_mapped_to_another_pool(bench: &ManagementBench) {
    with_pools(bench).await;
    let (store, queue) = (bench.store(), random_number());
    store.map(queue, &pool_name("one")).await.unwrap();
    store.remap(queue, &pool_name("one"), &pool_name("two")).await.unwrap();
    assert_eq!(store.pool_of(queue).await.unwrap(), Some(pool_name("two")));
    store.delete_pool(&pool_name("one")).await.unwrap();
}

/// A queue that is mapped to another pool than the one named, or to none, is not mapped anew: `Conflict`.
pub async fn a_queue_that_was_mapped_anew_is_a_conflict(bench: &ManagementBench) {
    with_pools(bench).await;
    let (store, queue) = (bench.store(), random_number());
    let refused = store.remap(queue, &pool_name("one"), &pool_name("two")).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    assert_eq!(store.pool_of(queue).await.unwrap(), None);
    store.map(queue, &pool_name("two")).await.unwrap();
    let refused = store.remap(queue, &pool_name("one"), &pool_name("two")).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    assert_eq!(store.pool_of(queue).await.unwrap(), Some(pool_name("two")));
}

/// A queue that was taken out of the catalogue has no pool and may be mapped anew; a second time is done.
pub async fn an_unmapped_queue_has_no_pool(bench: &ManagementBench) {
    with_pools(bench).await;
    let (store, queue, other) = (bench.store(), random_number(), random_number());
    store.map(queue, &pool_name("one")).await.unwrap();
    store.map(other, &pool_name("one")).await.unwrap();
    store.unmap(queue).await.unwrap();
    store.unmap(queue).await.unwrap();
    assert_eq!(store.pool_of(queue).await.unwrap(), None);
    assert_eq!(store.pool_of(other).await.unwrap(), Some(pool_name("one")));
    assert_eq!(store.map(queue, &pool_name("two")).await.unwrap(), pool_name("two"));
}

/// The queues of a pool are found, those that were deleted not among them.
pub async fn the_queues_of_a_pool_are_found(bench: &ManagementBench) {
    with_pools(bench).await;
    let store = bench.store();
    let mut mapped = Vec::new();
    for name in ["a", "b", "gone", "elsewhere", "nowhere"] {
        mapped.push(bench.create(name).await.destination.clone());
    }
    for queue in &mapped[..3] {
        store.map(queue.number, &pool_name("one")).await.unwrap();
    }
    store.map(mapped[3].number, &pool_name("two")).await.unwrap();
    store.delete(mapped[2].kind, &mapped[2].project, &mapped[2].name).await.unwrap();
    let mut found = store.queues_of(&pool_name("one")).await.unwrap();
    found.sort();
    let mut expected = mapped[..2].to_vec();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(store.queues_of(&pool_name("none")).await.unwrap(), []);
}

/// A queue that has left its pool is mapped to none, and keeps the last position in it until it is mapped again.
pub async fn a_queue_that_has_left_its_pool_keeps_its_last_position(bench: &ManagementBench) {
    with_pools(bench).await;
    let (store, queue) = (bench.store(), super::new_queue(bench).await.number);
    assert_eq!(store.left_at(queue).await.unwrap(), None);
    store.map(queue, &pool_name("one")).await.unwrap();
    let refused = store.leave(queue, &pool_name("two"), Marker::new(1)).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    assert_eq!(store.left_at(queue).await.unwrap(), None);
    store.leave(queue, &pool_name("one"), Marker::new(7)).await.unwrap();
    let there = (store.pool_of(queue).await.unwrap(), store.left_at(queue).await.unwrap());
    assert_eq!(there, (None, Some(Marker::new(7))));
    store.delete_pool(&pool_name("one")).await.unwrap();
    assert_eq!(store.left_at(queue).await.unwrap(), Some(Marker::new(7)));
    assert_eq!(store.map(queue, &pool_name("two")).await.unwrap(), pool_name("two"));
    assert_eq!(store.left_at(queue).await.unwrap(), None);
    store.leave(queue, &pool_name("two"), Marker::new(8)).await.unwrap();
    store.unmap(queue).await.unwrap();
    assert_eq!(store.left_at(queue).await.unwrap(), None);
}
