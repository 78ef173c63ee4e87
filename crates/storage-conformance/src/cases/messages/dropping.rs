//! Destinations that are forgotten.

use zaqar_model::QueueStats;
use zaqar_storage::StorageError;

use crate::bench::MessageBench;
use crate::samples::{fresh_destination, messages};

/// A dropped destination has no messages.
pub async fn a_dropped_queue_has_no_messages(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    queue.drop_it().await;
    assert_eq!(queue.all().await, vec![]);
    assert_eq!(queue.get(&posted).await, vec![]);
    assert_eq!(queue.pop(10).await, vec![]);
    assert_eq!(queue.stats().await, QueueStats::default());
}

/// Dropping what was dropped, or what the store never heard of, is done.
pub async fn dropping_twice_is_done(bench: &MessageBench) {
    let queue = bench.queue();
    queue.drop_it().await;
    queue.drop_it().await;
    assert_eq!(queue.all().await, vec![]);
}

/// A destination that is dropped before its first message takes none: a post that was under way comes too late.
pub async fn a_queue_dropped_before_its_first_message_takes_none(bench: &MessageBench) {
    let queue = bench.queue();
    queue.drop_it().await;
    let refused = queue.try_post(messages(1)).await;
    assert!(matches!(refused, Err(StorageError::NotFound(_))), "{refused:?}");
}

/// Dropping leaves other destinations alone.
pub async fn dropping_leaves_other_queues_alone(bench: &MessageBench) {
    let (one, other) = (bench.queue(), bench.queue());
    one.fill(2).await;
    let kept = other.fill(2).await;
    one.drop_it().await;
    assert_eq!(other.all().await, kept);
}

/// A later queue of the same name, with its own number, begins empty.
pub async fn a_later_queue_of_the_same_name_begins_empty(bench: &MessageBench) {
    let queue = bench.queue();
    let old = queue.fill(3).await;
    queue.drop_it().await;
    let mut later = fresh_destination(queue.destination.kind);
    later.name = queue.destination.name.clone();
    let later = queue.sibling(later);
    assert_eq!(later.all().await, vec![]);
    let new = later.fill(2).await;
    assert_eq!(later.all().await, new);
    assert_eq!(later.get(&old).await, vec![]);
}

/// A later queue of the same name is a destination of its own also before the earlier one is dropped.
pub async fn dropping_spares_a_later_queue_of_the_same_name(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(3).await;
    let mut later = fresh_destination(queue.destination.kind);
    later.name = queue.destination.name.clone();
    let later = queue.sibling(later);
    let new = later.fill(2).await;
    queue.drop_it().await;
    assert_eq!(later.all().await, new);
}
