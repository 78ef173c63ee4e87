//! Claims given up.

use crate::bench::MessageBench;
use crate::samples::{fresh_claim_id, message};

/// The messages of a released claim are free at once, in their old places.
pub async fn released_messages_are_free_in_their_places(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(5).await;
    let (first, _) = queue.claim(2).await;
    queue.claim(1).await;
    queue.release(first).await;
    assert_eq!(queue.listed().await, [posted[0], posted[1], posted[3], posted[4]]);
    assert_eq!(queue.claim(3).await.1, [posted[0], posted[1], posted[3]]);
}

/// A released claim is gone.
pub async fn a_released_claim_is_gone(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(message()).await;
    let (claim, _) = queue.claim(1).await;
    queue.release(claim).await;
    assert_eq!(queue.get_claim(claim).await, None);
    assert_eq!(queue.get_one(id).await.unwrap().claim, None);
}

/// A released message keeps its count.
pub async fn a_released_message_keeps_its_count(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(message()).await;
    let (claim, _) = queue.claim(1).await;
    queue.release(claim).await;
    assert_eq!(queue.get_one(id).await.unwrap().claim_count, 1);
}

/// Releasing a claim that does not exist, or not any more, does nothing.
pub async fn releasing_an_unknown_claim_does_nothing(bench: &MessageBench) {
    let queue = bench.queue();
    queue.release(fresh_claim_id()).await;
    let posted = queue.fill(2).await;
    let (claim, held) = queue.claim(1).await;
    queue.release(fresh_claim_id()).await;
    assert_eq!(queue.held_by(claim).await, held);
    queue.release(claim).await;
    queue.release(claim).await;
    assert_eq!(queue.listed().await, posted);
}

/// A claim that was released has no power over what another took since.
pub async fn a_released_claim_has_no_power_over_its_messages(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(1).await;
    let (first, _) = queue.claim(1).await;
    queue.release(first).await;
    let (second, _) = queue.claim(1).await;
    queue.release(first).await;
    assert_eq!(queue.held_by(second).await, posted);
}

/// What was deleted under a claim does not come back with its release.
pub async fn deleted_messages_do_not_come_back_with_a_release(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    let (claim, _) = queue.claim(3).await;
    queue.delete(posted[1], Some(claim)).await;
    queue.release(claim).await;
    assert_eq!(queue.listed().await, [posted[0], posted[2]]);
}
