//! Messages whose time to live ends.

use crate::bench::MessageBench;
use crate::samples::{delayed, lasting};

/// A message can be seen until its time to live has passed, and not from then on.
pub async fn a_message_expires_when_its_ttl_has_passed(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(lasting(60)).await;
    bench.advance_millis(59_999);
    assert_eq!(queue.all().await, [id]);
    bench.advance_millis(1);
    assert_eq!(queue.all().await, vec![]);
}

/// Each message expires at its own time, whatever stands before and behind it.
pub async fn each_message_expires_at_its_own_time(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![lasting(90), lasting(60), lasting(120), lasting(60)]).await;
    bench.advance_secs(60);
    assert_eq!(queue.all().await, [posted[0], posted[2]]);
    bench.advance_secs(30);
    assert_eq!(queue.all().await, [posted[2]]);
    bench.advance_secs(30);
    assert_eq!(queue.all().await, vec![]);
}

/// Giving back the space of what has expired changes nothing that can be seen.
pub async fn giving_back_space_changes_nothing_visible(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![lasting(60), lasting(120), lasting(60), delayed(100)]).await;
    bench.advance_secs(60);
    let before = queue.stats().await;
    for _ in 0..3 {
        bench.store().expire(bench.now()).await.unwrap();
    }
    assert_eq!(queue.all().await, [posted[1], posted[3]]);
    assert_eq!(queue.stats().await, before);
    let later = queue.fill(1).await;
    assert_eq!(queue.all().await, [posted[1], posted[3], later[0]]);
}

/// When everything has expired and its space was given back, the queue goes on as an empty one, with new ids.
pub async fn a_queue_goes_on_after_everything_expired(bench: &MessageBench) {
    let queue = bench.queue();
    let before = queue.post(vec![lasting(60); 20]).await;
    bench.advance_secs(3600);
    for _ in 0..3 {
        bench.store().expire(bench.now()).await.unwrap();
    }
    let after = queue.fill(2).await;
    assert_eq!(queue.all().await, after);
    assert!(after.iter().all(|id| !before.contains(id)));
}

/// The longest time to live does not overflow.
pub async fn the_longest_ttl_does_not_overflow(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(lasting(u32::MAX)).await;
    bench.advance_secs(u64::from(u32::MAX) - 1);
    assert_eq!(queue.all().await, [id]);
    bench.advance_secs(1);
    assert_eq!(queue.all().await, vec![]);
}
