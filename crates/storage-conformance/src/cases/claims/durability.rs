//! What was acknowledged of claims is there when the store is opened again.

use zaqar_storage::{ClaimRequest, Deletion};

use crate::bench::{MessageBench, everything};
use crate::samples::{claim_of, claim_with_max_count, lasting, terms};

/// A claim holds its messages after reopening, with its terms, and ends at its time.
pub async fn a_claim_is_kept(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(4).await;
    let (claim, _) = queue.claim(2).await;
    let (before, all) = (queue.get_claim(claim).await, queue.list(&everything()).await);
    bench.advance_secs(10);
    bench.reopen().await;
    assert_eq!(queue.get_claim(claim).await, before);
    assert_eq!(queue.list(&everything()).await, all);
    assert_eq!(queue.claim(10).await.1, posted[2..]);
    bench.advance_secs(50);
    assert_eq!(queue.get_claim(claim).await, None);
    assert_eq!(queue.listed().await, posted[..2]);
}

/// The bearer of a claim deletes with it after reopening.
pub async fn a_kept_claim_deletes(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    let (claim, _) = queue.claim(2).await;
    bench.reopen().await;
    assert_eq!(queue.delete(posted[0], None).await, Deletion::MessageIsClaimed);
    assert_eq!(queue.delete(posted[0], Some(claim)).await, Deletion::Done);
    assert_eq!(queue.held_by(claim).await, posted[1..]);
}

/// A renewal is kept after reopening.
pub async fn a_renewal_is_kept(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![lasting(120)]).await;
    let (claim, _) = queue.claim(1).await;
    bench.advance_secs(10);
    queue.renew(claim, terms(200, 50)).await;
    let before = queue.get_claim(claim).await;
    bench.reopen().await;
    assert_eq!(queue.get_claim(claim).await, before);
    bench.advance_secs(199);
    assert_eq!(queue.held_by(claim).await, posted);
    bench.advance_secs(1);
    assert_eq!(queue.listed().await, posted);
    bench.advance_secs(50);
    assert_eq!(queue.listed().await, vec![]);
}

/// A release is kept after reopening.
pub async fn a_release_is_kept(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    let (claim, _) = queue.claim(2).await;
    queue.release(claim).await;
    bench.reopen().await;
    assert_eq!(queue.get_claim(claim).await, None);
    assert_eq!(queue.claim(10).await.1, posted);
}

/// Counts and extended lives are kept after reopening.
pub async fn counts_and_extensions_are_kept(bench: &MessageBench) {
    let queue = bench.queue();
    queue.post(vec![lasting(60), lasting(3600)]).await;
    let request = ClaimRequest { terms: terms(100, 100), ..claim_of(2) };
    queue.claim_as(&request).await;
    queue.release(request.id).await;
    let before = queue.list(&everything()).await;
    bench.reopen().await;
    assert_eq!(queue.list(&everything()).await, before);
    assert_eq!(before.items[0].claim_count, 1);
    bench.advance_secs(199);
    assert_eq!(queue.all().await.len(), 2);
    bench.advance_secs(1);
    assert_eq!(queue.all().await.len(), 1);
}

/// A message that was deleted with its claim does not come back after reopening, and an ended claim neither.
pub async fn deletion_with_a_claim_is_kept(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    let (claim, _) = queue.claim(2).await;
    queue.delete(posted[0], Some(claim)).await;
    bench.reopen().await;
    assert_eq!(queue.held_by(claim).await, posted[1..2]);
    queue.delete_many(&posted[1..2], Some(&[claim])).await;
    bench.reopen().await;
    assert_eq!(queue.all().await, posted[2..]);
    assert_eq!(queue.get_claim(claim).await, None);
}

/// An expired claim does not come back after reopening.
pub async fn an_expired_claim_does_not_come_back(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    let (expired, _) = queue.claim(2).await;
    bench.advance_secs(60);
    let (claim, _) = queue.claim(1).await;
    bench.reopen().await;
    assert_eq!(queue.get_claim(expired).await, None);
    assert_eq!(queue.held_by(claim).await, posted[..1]);
    assert_eq!(queue.listed().await, posted[1..]);
}

/// A purge ends every claim for good.
pub async fn purged_claims_do_not_come_back(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(2).await;
    let (claim, _) = queue.claim(1).await;
    queue.purge().await;
    bench.reopen().await;
    assert_eq!(queue.get_claim(claim).await, None);
    assert_eq!(queue.all().await, vec![]);
}

/// Exhausted messages wait on after reopening, with everything that travels with them.
pub async fn exhausted_messages_are_kept(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(5).await;
    queue.exhaust(3, 2).await;
    let before = queue.dead_letters().await;
    let left = queue.list(&everything()).await;
    bench.reopen().await;
    assert_eq!(queue.dead_letters().await, before);
    assert_eq!(queue.list(&everything()).await, left);
    assert_eq!(bench.with_dead_letters().await, [queue.destination]);
}

/// Discarded messages do not come back after reopening.
pub async fn discarded_messages_do_not_come_back(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    queue.exhaust(3, 1).await;
    queue.discard_dead_letters(&posted[..2]).await;
    bench.reopen().await;
    assert_eq!(queue.dead_letter_ids().await, posted[2..]);
    queue.discard_dead_letters(&posted[2..]).await;
    bench.reopen().await;
    assert_eq!(queue.dead_letter_ids().await, vec![]);
    assert_eq!(bench.with_dead_letters().await, vec![]);
}

/// A move to the dead-letter queue that a restart breaks off at any point loses and doubles nothing.
pub async fn a_move_broken_off_by_a_restart_is_made_again(bench: &MessageBench) {
    let (queue, dead_letters) = (bench.queue(), bench.queue());
    let posted = queue.fill(3).await;
    for _ in 0..2 {
        let (claim, _) = queue.claim(3).await;
        queue.release(claim).await;
    }
    queue.claim_as(&claim_with_max_count(3, 2)).await;
    bench.reopen().await;
    dead_letters.adopt(queue.dead_letters().await).await;
    bench.reopen().await;
    assert_eq!(queue.dead_letter_ids().await, posted);
    dead_letters.adopt(queue.dead_letters().await).await;
    queue.discard_dead_letters(&posted).await;
    bench.reopen().await;
    assert_eq!(queue.dead_letter_ids().await, vec![]);
    assert_eq!(dead_letters.all().await, posted);
}
