//! Waiting for messages.

use zaqar_model::Marker;
use zaqar_storage::{Adoption, ListStart, StorageError, StorageResult};

use crate::bench::{MessageBench, TestQueue};
use crate::samples::{message, stored_message};

/// Waits until there is more than what stands up to the marker. A wait may end for nothing.
async fn more(queue: &TestQueue, behind: Marker) -> StorageResult<()> {
    let store = queue.store();
    while store.place_of(&queue.destination, ListStart::End, queue.now()).await? <= behind {
        store.wait_for_messages(&queue.destination, behind).await?;
    }
    Ok(())
}

/// Who waits for a queue is woken by a post, also by the first one that it ever has.
pub async fn who_waits_is_woken_by_a_post(bench: &MessageBench) {
    let queue = bench.queue();
    for _ in 0..3 {
        let last = queue.end().await;
        let (woken, _) = tokio::join!(more(&queue, last), queue.post_one(message()));
        woken.unwrap();
    }
    assert_eq!(queue.all().await.len(), 3);
}

/// All who wait are woken.
pub async fn all_who_wait_are_woken(bench: &MessageBench) {
    let queue = bench.queue();
    let start = Marker::default();
    let (one, other, _) = tokio::join!(more(&queue, start), more(&queue, start), queue.post_one(message()));
    one.and(other).unwrap();
}

/// For what is there already nobody waits, also where it has been deleted since.
pub async fn what_is_there_already_is_not_waited_for(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(message()).await;
    let store = bench.store();
    store.wait_for_messages(&queue.destination, Marker::default()).await.unwrap();
    queue.delete(id, None).await;
    store.wait_for_messages(&queue.destination, Marker::default()).await.unwrap();
}

/// What a queue adopts wakes, too.
pub async fn who_waits_is_woken_by_what_is_adopted(bench: &MessageBench) {
    let queue = bench.queue();
    let taking_in = queue.take_in(vec![stored_message(bench.now())], Adoption::Arrival);
    let (woken, ()) = tokio::join!(more(&queue, Marker::default()), taking_in);
    woken.unwrap();
}

/// Nobody waits for a queue that is dropped.
pub async fn a_dropped_queue_is_not_waited_for(bench: &MessageBench) {
    let queue = bench.queue();
    let (ended, ()) = tokio::join!(more(&queue, Marker::default()), queue.drop_it());
    assert!(matches!(ended, Err(StorageError::NotFound(_))), "{ended:?}");
    let store = bench.store();
    let ended = store.wait_for_messages(&queue.destination, Marker::new(1_000_000)).await;
    assert!(matches!(ended, Err(StorageError::NotFound(_))), "{ended:?}");
}
