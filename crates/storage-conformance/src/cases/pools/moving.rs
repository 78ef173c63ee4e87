//! Queues that are on their way to another pool.

use zaqar_model::{DestinationKind, PageRequest, QueueMove, ServerId, Timestamp};
use zaqar_storage::{StorageError, TakenMove};

use super::{new_queue, pool, pool_name};
use crate::RegisterPools;
use crate::bench::ManagementBench;
use crate::samples::{fresh_destination, fresh_move_id};

const ONE: ServerId = ServerId::from_u128(1);
const OTHER: ServerId = ServerId::from_u128(2);

/// Registers the pools `one`, `two` and `three`; returns a move to the second that concerns the first too.
pub(in crate::cases) async fn noted(bench: &ManagementBench) -> QueueMove {
    for name in ["one", "two", "three"] {
        bench.put_pool(pool(name)).await;
    }
    QueueMove {
        queue: new_queue(bench).await,
        to: Some(pool_name("two")),
        pools: vec![pool_name("one"), pool_name("two")],
        attempt: None,
    }
}

/// A move that was noted is found by its queue and in the list, until it is over.
pub async fn a_noted_move_is_found_until_it_is_over(bench: &ManagementBench) {
    let (store, noted) = (bench.store(), noted(bench).await);
    let registry = store.registry();
    for kind in [DestinationKind::Queue, DestinationKind::Topic, DestinationKind::Confirmations] {
        let noted = QueueMove { queue: fresh_destination(kind), ..noted.clone() };
        let number = noted.queue.number;
        assert_eq!(registry.get_move(number).await.unwrap(), None);
        registry.put_move(&noted, None).await.unwrap();
        assert_eq!(registry.get_move(number).await.unwrap(), Some(noted.clone()));
        assert_eq!(bench.moves().await, std::slice::from_ref(&noted));
        assert!(registry.end_move(&noted).await.unwrap());
        assert_eq!(bench.moves().await, []);
    }
}

/// Moves are listed in the order of the queues' numbers, a page at a time.
pub async fn moves_are_listed_in_the_order_of_the_queues(bench: &ManagementBench) {
    let (store, noted) = (bench.store(), noted(bench).await);
    let registry = store.registry();
    let mut all = Vec::new();
    for _ in 0..5 {
        let noted = QueueMove { queue: fresh_destination(DestinationKind::Queue), ..noted.clone() };
        registry.put_move(&noted, None).await.unwrap();
        all.push(noted);
    }
    all.sort_by_key(|noted| noted.queue.number);
    let mut marker = None;
    for some in all.chunks(2) {
        let page = registry.list_moves(&PageRequest { marker, limit: 2 }).await.unwrap();
        assert_eq!(page.items, some);
        assert_eq!(page.next, some.last().map(|noted| noted.queue.number));
        marker = page.next;
    }
    let end = registry.list_moves(&PageRequest { marker, limit: 2 }).await.unwrap();
    assert_eq!((end.items, end.next), (vec![], None));
}

/// A move is noted as a queue's first, or in place of the one that was seen; otherwise it is a `Conflict`. It may be repeated.
pub async fn a_move_is_replaced_if_it_is_what_was_seen(bench: &ManagementBench) {
    let (store, noted) = (bench.store(), noted(bench).await);
    let registry = store.registry();
    let later = QueueMove { to: None, ..noted.clone() };
    let refused = registry.put_move(&later, Some(&noted)).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    for _ in 0..2 {
        registry.put_move(&noted, None).await.unwrap();
    }
    let refused = registry.put_move(&later, None).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    assert_eq!(bench.moves().await, std::slice::from_ref(&noted));
    for _ in 0..2 {
        registry.put_move(&later, Some(&noted)).await.unwrap();
    }
    assert_eq!(bench.moves().await, [later]);
}

/// A move ends if it still is what was seen. It may be repeated.
pub async fn a_move_ends_if_it_is_what_was_seen(bench: &ManagementBench) {
    let (store, noted) = (bench.store(), noted(bench).await);
    let registry = store.registry();
    let later = QueueMove { pools: vec![pool_name("three"), pool_name("two")], ..noted.clone() };
    registry.put_move(&later, None).await.unwrap();
    assert!(!registry.end_move(&noted).await.unwrap());
    assert_eq!(bench.moves().await, std::slice::from_ref(&later));
    for _ in 0..2 {
        assert!(registry.end_move(&later).await.unwrap());
    }
    assert!(registry.end_move(&noted).await.unwrap());
    assert_eq!(bench.moves().await, []);
}

/// A move that one server has taken is no other's until its time is over. The owner may keep it for longer.
pub async fn a_taken_move_is_held_until_its_time_is_over(bench: &ManagementBench) {
    let (store, noted) = (bench.store(), noted(bench).await);
    let (registry, number) = (store.registry(), noted.queue.number);
    let at = |second: u64| Timestamp::from_secs(1_000_000 + second);
    let take = async |owner, until, now| registry.take_move(number, owner, at(until), at(now)).await.unwrap();
    assert_eq!(take(ONE, 10, 0).await, TakenMove::NoMove);
    registry.put_move(&noted, None).await.unwrap();
    assert_eq!(take(ONE, 10, 0).await, TakenMove::Taken(noted.clone()));
    assert_eq!(take(ONE, 10, 0).await, TakenMove::Taken(noted.clone()), "it may be repeated");
    assert_eq!(take(OTHER, 19, 9).await, TakenMove::HeldByAnother);
    assert_eq!(take(ONE, 20, 9).await, TakenMove::Taken(noted.clone()));
    assert_eq!(take(OTHER, 29, 19).await, TakenMove::HeldByAnother);
    assert_eq!(take(OTHER, 30, 20).await, TakenMove::Taken(noted.clone()));
    assert_eq!(take(ONE, 39, 29).await, TakenMove::HeldByAnother);
    assert!(registry.end_move(&noted).await.unwrap());
    assert_eq!(take(OTHER, 40, 30).await, TakenMove::NoMove);
    // The next move of the queue is nobody's.
    registry.put_move(&noted, None).await.unwrap();
    assert_eq!(take(ONE, 39, 29).await, TakenMove::Taken(noted));
}

/// A move that its owner has given back is free at once.
pub async fn a_move_that_is_given_back_is_free(bench: &ManagementBench) {
    let (store, noted) = (bench.store(), noted(bench).await);
    let (registry, number) = (store.registry(), noted.queue.number);
    let (now, later) = (Timestamp::from_secs(1_000_000), Timestamp::from_secs(1_000_060));
    registry.put_move(&noted, None).await.unwrap();
    registry.take_move(number, ONE, later, now).await.unwrap();
    let kept = registry.take_move(number, OTHER, now, now).await.unwrap();
    assert_eq!(kept, TakenMove::HeldByAnother, "another cannot give it back");
    registry.take_move(number, ONE, now, now).await.unwrap();
    let taken = registry.take_move(number, OTHER, later, now).await.unwrap();
    assert_eq!(taken, TakenMove::Taken(noted));
}

/// Whoever has taken a move has the one that replaces it.
pub async fn a_move_that_is_replaced_stays_taken(bench: &ManagementBench) {
    let (store, noted) = (bench.store(), noted(bench).await);
    let (registry, number) = (store.registry(), noted.queue.number);
    let (now, later) = (Timestamp::from_secs(1_000_000), Timestamp::from_secs(1_000_060));
    registry.put_move(&noted, None).await.unwrap();
    registry.take_move(number, ONE, later, now).await.unwrap();
    let other_way = QueueMove { to: Some(pool_name("one")), ..noted.clone() };
    registry.put_move(&other_way, Some(&noted)).await.unwrap();
    let kept = registry.take_move(number, OTHER, later, now).await.unwrap();
    assert_eq!(kept, TakenMove::HeldByAnother);
    let taken = registry.take_move(number, ONE, later, now).await.unwrap();
    assert_eq!(taken, TakenMove::Taken(other_way));
}

/// A queue goes where its move leads in one step with the check that the move is noted like this, whatever the pool it was in.
pub async fn a_queue_is_switched_by_the_move_that_is_noted(bench: &ManagementBench) {
    let (store, noted) = (bench.store(), noted(bench).await);
    let (registry, number) = (store.registry(), noted.queue.number);
    let (one, two) = (pool_name("one"), pool_name("two"));
    registry.assign(number, None, Some(&one)).await.unwrap();
    assert!(!registry.switch(&noted, Some(&one)).await.unwrap(), "it is not noted");
    registry.put_move(&noted, None).await.unwrap();
    let attempt = QueueMove { attempt: Some(fresh_move_id()), ..noted.clone() };
    registry.put_move(&attempt, Some(&noted)).await.unwrap();
    assert_eq!(bench.moves().await, std::slice::from_ref(&attempt));
    assert!(!registry.switch(&noted, Some(&one)).await.unwrap(), "another attempt was noted");
    assert!(!registry.switch(&attempt, Some(&two)).await.unwrap(), "it is in another pool");
    assert!(!registry.switch(&attempt, None).await.unwrap(), "it is in a pool");
    assert_eq!(registry.pool_of(number).await.unwrap(), Some(one.clone()));
    for _ in 0..2 {
        assert!(registry.switch(&attempt, Some(&one)).await.unwrap());
    }
    assert_eq!(registry.pool_of_now(number).await.unwrap(), Some(two.clone()));
    assert_eq!(registry.pool_of(number).await.unwrap(), Some(two.clone()));
    let back = QueueMove { to: None, ..attempt.clone() };
    registry.put_move(&back, Some(&attempt)).await.unwrap();
    assert!(registry.switch(&back, Some(&two)).await.unwrap());
    assert_eq!(registry.pool_of(number).await.unwrap(), None);
}

/// A move to a pool that does not exist is not noted: `NotFound`.
pub async fn a_move_to_an_unknown_pool_is_not_noted(bench: &ManagementBench) {
    let (store, noted) = (bench.store(), noted(bench).await);
    for wrong in [
        QueueMove { to: Some(pool_name("four")), ..noted.clone() },
        QueueMove { pools: vec![pool_name("four")], ..noted.clone() },
    ] {
        let refused = store.registry().put_move(&wrong, None).await;
        assert!(matches!(refused, Err(StorageError::NotFound(_))), "{refused:?}");
    }
    assert_eq!(bench.moves().await, []);
}

/// A pool that is part of a move cannot be removed: `Conflict`.
pub async fn a_pool_that_is_part_of_a_move_is_not_removed(bench: &ManagementBench) {
    let (store, noted) = (bench.store(), noted(bench).await);
    let registry = store.registry();
    registry.put_move(&noted, None).await.unwrap();
    for name in ["one", "two"] {
        let refused = registry.delete_pool(&pool_name(name)).await;
        assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    }
    registry.delete_pool(&pool_name("three")).await.unwrap();
    registry.end_move(&noted).await.unwrap();
    registry.delete_pool(&pool_name("one")).await.unwrap();
}
