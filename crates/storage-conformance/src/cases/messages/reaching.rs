//! Delayed messages, and callers whose clocks differ a little.

use zaqar_storage::Post;

use crate::bench::{MessageBench, everything, ids};
use crate::samples::{delayed, fresh_batch_id, message, messages, pop_of, poster};

/// A delayed message comes within reach when its delay has passed, and not before.
pub async fn a_message_comes_within_reach_after_its_delay(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(delayed(10)).await;
    bench.advance_millis(9_999);
    assert_eq!(queue.listed().await, vec![]);
    assert_eq!(queue.pop(1).await, vec![]);
    bench.advance_millis(1);
    assert_eq!(queue.listed().await, [id]);
    assert_eq!(queue.pop(1).await, [id]);
}

/// A delayed message keeps its place in the order of posting.
pub async fn a_delayed_message_keeps_its_place(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![delayed(0), delayed(10), delayed(0), delayed(5)]).await;
    bench.advance_secs(10);
    assert_eq!(queue.listed().await, posted);
    assert_eq!(queue.pop(10).await, posted);
}

/// Each delay ends at its own time.
pub async fn each_delay_ends_at_its_own_time(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![delayed(30), delayed(10), delayed(20)]).await;
    bench.advance_secs(10);
    assert_eq!(queue.pop(10).await, [posted[1]]);
    bench.advance_secs(10);
    assert_eq!(queue.pop(10).await, [posted[2]]);
    bench.advance_secs(10);
    assert_eq!(queue.pop(10).await, [posted[0]]);
}

/// A message that lives shorter than its delay is never within reach.
pub async fn a_message_may_expire_before_its_delay_ends(bench: &MessageBench) {
    let queue = bench.queue();
    let mut brief = delayed(100);
    brief.ttl = zaqar_model::TtlSeconds::new(60);
    let id = queue.post_one(brief).await;
    assert_eq!(queue.all().await, [id]);
    bench.advance_secs(60);
    assert_eq!(queue.all().await, vec![]);
    bench.advance_secs(40);
    assert_eq!(queue.pop(10).await, vec![]);
}

/// The time to live counts from posting, not from the end of the delay.
pub async fn the_ttl_counts_from_posting(bench: &MessageBench) {
    let queue = bench.queue();
    let mut slow = delayed(40);
    slow.ttl = zaqar_model::TtlSeconds::new(60);
    queue.post_one(slow).await;
    bench.advance_secs(59);
    assert_eq!(queue.listed().await.len(), 1);
    bench.advance_secs(1);
    assert_eq!(queue.listed().await, vec![]);
}

/// A caller whose clock is a little behind posts behind what is there, and sees what others posted.
pub async fn a_clock_a_little_behind_does_no_harm(bench: &MessageBench) {
    let queue = bench.queue();
    let store = bench.store();
    let behind = bench.now();
    bench.advance_secs(1);
    let first = queue.post_one(message()).await;
    let post = Post { batch: fresh_batch_id(), client: &poster(), messages: &messages(1) };
    let second = store.post(&queue.destination, &post, behind).await.unwrap()[0];
    for now in [behind, bench.now()] {
        let listed = store.list_full_page(&queue.destination, &everything(), now).await.unwrap();
        assert_eq!(listed.iter().map(|own| own.message.id).collect::<Vec<_>>(), [first, second]);
        assert_eq!(store.stats(&queue.destination, now).await.unwrap().total(), 2);
    }
    let mut popped = ids(&store.pop(&queue.destination, &pop_of(10), behind).await.unwrap());
    popped.extend(queue.pop(10).await);
    popped.sort_unstable();
    let mut posted = [first, second];
    posted.sort_unstable();
    assert_eq!(popped, posted, "each once");
}
