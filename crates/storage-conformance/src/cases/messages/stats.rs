//! How many messages a queue holds.

use zaqar_model::QueueStats;
use zaqar_storage::Volume;

use crate::bench::MessageBench;
use crate::samples::{delayed, lasting, message};

/// A queue that is empty, or that the store never heard of, counts nothing and has no oldest or newest.
pub async fn an_empty_queue_counts_nothing(bench: &MessageBench) {
    let queue = bench.queue();
    assert_eq!(queue.stats().await, QueueStats::default());
    let id = queue.post_one(message()).await;
    queue.delete(id, None).await;
    assert_eq!(queue.stats().await, QueueStats::default());
}

/// The oldest and the newest are the first and the last by order of posting, with their times.
pub async fn oldest_and_newest_are_first_and_last(bench: &MessageBench) {
    let queue = bench.queue();
    let first = (queue.post_one(message()).await, bench.now());
    bench.advance_secs(3);
    queue.fill(3).await;
    bench.advance_secs(4);
    let last = (queue.post_one(message()).await, bench.now());
    let expected = QueueStats { claimed: 0, free: 5, oldest: Some(first), newest: Some(last) };
    assert_eq!(queue.stats().await, expected);
}

/// Of one message, it is both the oldest and the newest.
pub async fn a_single_message_is_oldest_and_newest(bench: &MessageBench) {
    let queue = bench.queue();
    let only = (queue.post_one(message()).await, bench.now());
    let expected = QueueStats { claimed: 0, free: 1, oldest: Some(only), newest: Some(only) };
    assert_eq!(queue.stats().await, expected);
}

/// Delayed messages count as free.
pub async fn delayed_messages_count_as_free(bench: &MessageBench) {
    let queue = bench.queue();
    queue.post(vec![delayed(10), delayed(0)]).await;
    assert_eq!(queue.stats().await.free, 2);
}

/// While all messages are delayed, they are counted, and the oldest and the newest are among them.
pub async fn a_queue_of_delayed_messages_has_stats(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![delayed(10), delayed(20)]).await;
    let (oldest, newest) = ((posted[0], bench.now()), (posted[1], bench.now()));
    let expected = QueueStats { claimed: 0, free: 2, oldest: Some(oldest), newest: Some(newest) };
    assert_eq!(queue.stats().await, expected);
}

/// Expired messages are not counted, nor are they the oldest or the newest.
pub async fn expired_messages_are_not_counted(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![lasting(60), lasting(90), lasting(90), lasting(60)]).await;
    let created = bench.now();
    bench.advance_secs(60);
    let (oldest, newest) = ((posted[1], created), (posted[2], created));
    let expected = QueueStats { claimed: 0, free: 2, oldest: Some(oldest), newest: Some(newest) };
    assert_eq!(queue.stats().await, expected);
    bench.advance_secs(30);
    assert_eq!(queue.stats().await, QueueStats::default());
}

/// When the first and the last are deleted, those beside them are the oldest and the newest.
pub async fn oldest_and_newest_follow_deletions(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(5).await;
    queue.delete_many(&[posted[0], posted[4]], None).await;
    let stats = queue.stats().await;
    assert_eq!(stats.oldest.map(|(id, _)| id), Some(posted[1]));
    assert_eq!(stats.newest.map(|(id, _)| id), Some(posted[3]));
    assert_eq!(stats.free, 3);
}

/// The store's volume is that of all its queues.
pub async fn the_volume_is_that_of_all_queues(bench: &MessageBench) {
    bench.queue().fill(3).await;
    bench.topic().fill(2).await;
    let health = bench.store().health(bench.now()).await.unwrap();
    assert!(health.reachable);
    assert_eq!(health.volume, Some(Volume { claimed: 0, free: 5 }));
}
