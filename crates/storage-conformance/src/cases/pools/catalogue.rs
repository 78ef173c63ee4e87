//! Which pool holds which queue.

use zaqar_model::{DestinationNumber, Marker, PageRequest, PoolName};
use zaqar_storage::StorageError;

use super::{pool, pool_name};
use crate::RegisterPools;
use crate::bench::ManagementBench;
use crate::samples::random_number;

async fn with_pools(bench: &ManagementBench) {
    for name in ["one", "two"] {
        bench.put_pool(pool(name)).await;
    }
}

/// Assigns a queue by names of pools; an empty one stands for none.
async fn assign(
    bench: &ManagementBench,
    queue: DestinationNumber,
    expected: &str,
    to: &str,
) -> Option<PoolName> {
    let name = |name: &str| (!name.is_empty()).then(|| pool_name(name));
    let (expected, to) = (name(expected), name(to));
    bench.store().registry().assign(queue, expected.as_ref(), to.as_ref()).await.unwrap()
}

async fn pool_of(bench: &ManagementBench, queue: DestinationNumber) -> Option<PoolName> {
    bench.store().registry().pool_of(queue).await.unwrap()
}

/// A queue that is not assigned has no pool; assigned, it has the one named.
pub async fn an_assigned_queue_has_its_pool(bench: &ManagementBench) {
    with_pools(bench).await;
    let queue = random_number();
    assert_eq!(pool_of(bench, queue).await, None);
    assert_eq!(assign(bench, queue, "", "one").await, Some(pool_name("one")));
    assert_eq!(pool_of(bench, queue).await, Some(pool_name("one")));
    assert_eq!(pool_of(bench, random_number()).await, None);
}

/// An assignment of what is assigned already returns the choice that came first, and leaves it.
pub async fn the_first_assignment_stays(bench: &ManagementBench) {
    with_pools(bench).await;
    let queue = random_number();
    assign(bench, queue, "", "one").await;
    assert_eq!(assign(bench, queue, "", "two").await, Some(pool_name("one")));
    assert_eq!(pool_of(bench, queue).await, Some(pool_name("one")));
}

/// Of concurrent assignments of one queue, all return the same pool.
pub async fn concurrent_assignments_agree(bench: &ManagementBench) {
    with_pools(bench).await;
    let queue = random_number();
    let assigning: Vec<_> = (0..8)
        .map(|at| {
            let store = bench.store();
            let name = pool_name(if at % 2 == 0 { "one" } else { "two" });
            tokio::spawn(async move { store.registry().assign(queue, None, Some(&name)).await.unwrap() })
        })
        .collect();
    let mut assigned = Vec::new();
    for result in assigning {
        assigned.push(result.await.unwrap());
    }
    let settled = pool_of(bench, queue).await;
    assert!(settled.is_some());
    assert!(assigned.iter().all(|name| *name == settled), "{assigned:?}");
}

/// A queue cannot be assigned to a pool that does not exist: `NotFound`.
pub async fn a_queue_is_not_assigned_to_an_unknown_pool(bench: &ManagementBench) {
    with_pools(bench).await;
    let queue = random_number();
    let unknown = pool_name("three");
    let refused = bench.store().registry().assign(queue, None, Some(&unknown)).await;
    assert!(matches!(refused, Err(StorageError::NotFound(_))), "{refused:?}");
    assert_eq!(pool_of(bench, queue).await, None);
    assign(bench, queue, "", "one").await;
    let refused = bench.store().registry().assign(queue, Some(&pool_name("one")), Some(&unknown)).await;
    assert!(matches!(refused, Err(StorageError::NotFound(_))), "{refused:?}");
    assert_eq!(pool_of(bench, queue).await, Some(pool_name("one")));
}

/// A queue is assigned to another pool if it is still assigned to the one expected.
pub async fn a_queue_can_be_assigned_to_another_pool(bench: &ManagementBench) {
    with_pools(bench).await;
    let queue = random_number();
    assign(bench, queue, "", "one").await;
    assert_eq!(assign(bench, queue, "one", "two").await, Some(pool_name("two")));
    assert_eq!(pool_of(bench, queue).await, Some(pool_name("two")));
    bench.store().registry().delete_pool(&pool_name("one")).await.unwrap();
}

/// A queue that is assigned to another pool than the one expected, or to none, stays as it is.
pub async fn an_assignment_from_another_pool_changes_nothing(bench: &ManagementBench) {
    with_pools(bench).await;
    let queue = random_number();
    assert_eq!(assign(bench, queue, "one", "two").await, None);
    assert_eq!(pool_of(bench, queue).await, None);
    assign(bench, queue, "", "two").await;
    for to in ["two", "one", ""] {
        assert_eq!(assign(bench, queue, "one", to).await, Some(pool_name("two")));
        assert_eq!(pool_of(bench, queue).await, Some(pool_name("two")));
    }
}

/// A queue that is assigned to no pool any more has none, and may be assigned again.
pub async fn a_queue_that_is_assigned_to_none_has_no_pool(bench: &ManagementBench) {
    with_pools(bench).await;
    let (queue, other) = (random_number(), random_number());
    assign(bench, queue, "", "one").await;
    assign(bench, other, "", "one").await;
    assert_eq!(assign(bench, queue, "one", "").await, None);
    assert_eq!(pool_of(bench, queue).await, None);
    assert_eq!(pool_of(bench, other).await, Some(pool_name("one")));
    assert_eq!(assign(bench, queue, "", "two").await, Some(pool_name("two")));
}

/// An assignment may be repeated: the result says what holds.
pub async fn an_assignment_may_be_repeated(bench: &ManagementBench) {
    with_pools(bench).await;
    let queue = random_number();
    for (expected, to) in [("", "one"), ("one", "two"), ("two", "")] {
        for _ in 0..2 {
            let name = (!to.is_empty()).then(|| pool_name(to));
            assert_eq!(assign(bench, queue, expected, to).await, name);
            assert_eq!(pool_of(bench, queue).await, name);
        }
    }
}

/// The queues of a pool are found, a page at a time in the order of their numbers, without those that were deleted.
pub async fn the_queues_of_a_pool_are_found(bench: &ManagementBench) {
    with_pools(bench).await;
    let store = bench.store();
    let mut assigned = Vec::new();
    for name in ["a", "b", "c", "gone", "elsewhere", "nowhere"] {
        assigned.push(bench.create(name).await.destination.clone());
    }
    for queue in &assigned[..4] {
        assign(bench, queue.number, "", "one").await;
    }
    assign(bench, assigned[4].number, "", "two").await;
    store.delete(assigned[3].kind, &assigned[3].project, &assigned[3].name).await.unwrap();
    let mut expected = assigned[..3].to_vec();
    expected.sort_by_key(|queue| queue.number);
    let one = pool_name("one");
    let first = store.registry().queues_of(&one, &PageRequest { marker: None, limit: 2 }).await.unwrap();
    assert_eq!((first.items, first.next), (expected[..2].to_vec(), Some(expected[1].number)));
    let rest = PageRequest { marker: first.next, limit: 2 };
    let rest = store.registry().queues_of(&one, &rest).await.unwrap();
    assert_eq!((rest.items, rest.next), (expected[2..].to_vec(), Some(expected[2].number)));
    let none = PageRequest { marker: None, limit: 2 };
    let none = store.registry().queues_of(&pool_name("none"), &none).await.unwrap();
    assert_eq!((none.items, none.next), (vec![], None));
}

/// A queue that has left its pool is assigned to none, and keeps the last position in it until it is assigned again.
pub async fn a_queue_that_has_left_its_pool_keeps_its_last_position(bench: &ManagementBench) {
    with_pools(bench).await;
    let queue = super::new_queue(bench).await.number;
    let store = bench.store();
    let registry = store.registry();
    assert_eq!(registry.left_at(queue).await.unwrap(), None);
    assign(bench, queue, "", "one").await;
    let refused = registry.leave(queue, &pool_name("two"), Marker::new(1)).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    assert_eq!(registry.left_at(queue).await.unwrap(), None);
    // May be repeated.
    for _ in 0..2 {
        registry.leave(queue, &pool_name("one"), Marker::new(7)).await.unwrap();
        assert_eq!(pool_of(bench, queue).await, None);
        assert_eq!(registry.left_at(queue).await.unwrap(), Some(Marker::new(7)));
    }
    let refused = registry.leave(queue, &pool_name("one"), Marker::new(8)).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    registry.delete_pool(&pool_name("one")).await.unwrap();
    assert_eq!(registry.left_at(queue).await.unwrap(), Some(Marker::new(7)));
    assert_eq!(assign(bench, queue, "one", "two").await, None);
    assert_eq!(registry.left_at(queue).await.unwrap(), Some(Marker::new(7)));
    assert_eq!(assign(bench, queue, "", "two").await, Some(pool_name("two")));
    assert_eq!(registry.left_at(queue).await.unwrap(), None);
    registry.leave(queue, &pool_name("two"), Marker::new(8)).await.unwrap();
    assert_eq!(assign(bench, queue, "", "").await, None);
    assert_eq!(registry.left_at(queue).await.unwrap(), None);
}
