//! A queue emptied at one stroke.

use zaqar_model::QueueStats;

use crate::bench::MessageBench;
use crate::samples::delayed;

/// A purge deletes all messages, delayed ones too.
pub async fn purge_deletes_all_messages(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![delayed(0), delayed(10), delayed(0)]).await;
    queue.purge().await;
    assert_eq!(queue.all().await, vec![]);
    assert_eq!(queue.get(&posted).await, vec![]);
    assert_eq!(queue.stats().await, QueueStats::default());
    bench.advance_secs(10);
    assert_eq!(queue.all().await, vec![]);
}

/// A purged queue takes new messages, whose ids are new.
pub async fn a_purged_queue_takes_new_messages(bench: &MessageBench) {
    let queue = bench.queue();
    let before = queue.fill(3).await;
    queue.purge().await;
    let after = queue.fill(2).await;
    assert_eq!(queue.all().await, after);
    assert!(after.iter().all(|id| !before.contains(id)));
}

/// A purge leaves other queues alone.
pub async fn purge_leaves_other_queues_alone(bench: &MessageBench) {
    let (one, other) = (bench.queue(), bench.queue());
    one.fill(2).await;
    let kept = other.fill(2).await;
    one.purge().await;
    assert_eq!(other.all().await, kept);
}

/// A queue that is empty, or that the store never heard of, can be purged.
pub async fn an_empty_queue_can_be_purged(bench: &MessageBench) {
    let queue = bench.queue();
    queue.purge().await;
    queue.purge().await;
    let posted = queue.fill(1).await;
    assert_eq!(queue.all().await, posted);
}

/// A purge deletes a queue of many messages whole.
pub async fn a_deep_queue_is_purged_whole(bench: &MessageBench) {
    let queue = bench.queue();
    for _ in 0..5 {
        queue.fill(500).await;
    }
    queue.purge().await;
    assert_eq!(queue.stats().await, QueueStats::default());
    assert_eq!(queue.pop(10).await, vec![]);
}
