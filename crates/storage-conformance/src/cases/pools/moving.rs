//! Queues that are on their way to another pool.

use zaqar_model::{DestinationKind, QueueMove};
use zaqar_storage::StorageError;

use super::{pool, pool_name};
use crate::bench::ManagementBench;
use crate::minting::fresh_destination;

/// Registers the pools `one`, `two` and `three`; answers a move to the second that concerns the first too.
pub(super) async fn noted(bench: &ManagementBench) -> QueueMove {
    for name in ["one", "two", "three"] {
        bench.store().put_pool(pool(name)).await.unwrap();
    }
    QueueMove {
        queue: fresh_destination(DestinationKind::Topic),
        to: Some(pool_name("two")),
        pools: vec![pool_name("one"), pool_name("two")],
    }
}

/// A move that was noted is found by its queue and in the list, until it is over.
pub async fn a_noted_move_is_found_until_it_is_over(bench: &ManagementBench) {
    let (store, noted) = (bench.store(), noted(bench).await);
    let number = noted.queue.number;
    assert_eq!(store.get_move(number).await.unwrap(), None);
    store.put_move(noted.clone()).await.unwrap();
    assert_eq!(store.get_move(number).await.unwrap(), Some(noted.clone()));
    assert_eq!(store.list_moves().await.unwrap(), [noted]);
    store.delete_move(number).await.unwrap();
    store.delete_move(number).await.unwrap();
    assert_eq!(store.list_moves().await.unwrap(), []);
}

/// A queue is on one way at a time: a later note takes the place of an earlier.
pub async fn a_later_note_takes_the_place_of_an_earlier(bench: &ManagementBench) {
    let (store, noted) = (bench.store(), noted(bench).await);
    store.put_move(noted.clone()).await.unwrap();
    let later = QueueMove { to: None, ..noted };
    store.put_move(later.clone()).await.unwrap();
    assert_eq!(store.list_moves().await.unwrap(), [later]);
}

/// A move to a pool that does not exist is not noted: `NotFound`.
pub async fn a_move_to_an_unknown_pool_is_not_noted(bench: &ManagementBench) {
    let (store, noted) = (bench.store(), noted(bench).await);
    for wrong in [
        QueueMove { to: Some(pool_name("four")), ..noted.clone() },
        QueueMove { pools: vec![pool_name("four")], ..noted.clone() },
    ] {
        let refused = store.put_move(wrong).await;
        assert!(matches!(refused, Err(StorageError::NotFound(_))), "{refused:?}");
    }
    assert_eq!(store.list_moves().await.unwrap(), []);
}

/// A pool that is part of a move cannot be removed: `Conflict`.
pub async fn a_pool_that_is_part_of_a_move_is_not_removed(bench: &ManagementBench) {
    let (store, noted) = (bench.store(), noted(bench).await);
    store.put_move(noted.clone()).await.unwrap();
    for name in ["one", "two"] {
        let refused = store.delete_pool(&pool_name(name)).await;
        assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    }
    store.delete_pool(&pool_name("three")).await.unwrap();
    store.delete_move(noted.queue.number).await.unwrap();
    store.delete_pool(&pool_name("one")).await.unwrap();
}
