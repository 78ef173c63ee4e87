//! Workers that are late: their claim has expired when they delete. One rule holds for one message and for many.

use zaqar_storage::Deletion;

use crate::bench::MessageBench;
use crate::samples::{fresh_claim_id, message};

/// A claim that has expired deletes its messages, as long as no other has taken them.
pub async fn an_expired_claim_deletes_what_nobody_took_since(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    let (late, _) = queue.claim(3).await;
    bench.advance_secs(600);
    bench.store().expire(bench.now()).await.unwrap();
    assert_eq!(queue.delete(posted[0], Some(late)).await, Deletion::Done);
    assert_eq!(queue.delete_many(&posted[1..], Some(&[late])).await, Deletion::Done);
    assert_eq!(queue.all().await, vec![]);
}

/// What it never held it does not delete.
pub async fn an_expired_claim_deletes_only_what_it_held(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    let (late, _) = queue.claim(1).await;
    let (other, _) = queue.claim(1).await;
    bench.advance_secs(60);
    for other in [late, fresh_claim_id()] {
        assert_eq!(queue.delete(posted[1], Some(other)).await, Deletion::MessageNotClaimed);
        assert_eq!(queue.delete(posted[2], Some(other)).await, Deletion::MessageNotClaimed);
        let many = queue.delete_many(&posted, Some(&[other])).await;
        assert_eq!(many, Deletion::MessageNotClaimed);
    }
    assert_eq!(queue.all().await, posted);
    assert_eq!(queue.delete_many(&posted[..2], Some(&[other, late])).await, Deletion::Done);
}

/// Once another has taken its message, a claim that has expired does not exist any more.
pub async fn an_expired_claim_does_not_delete_what_another_took(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(message()).await;
    let (late, _) = queue.claim(1).await;
    bench.advance_secs(60);
    let (claim, _) = queue.claim(1).await;
    assert_eq!(queue.delete(id, Some(late)).await, Deletion::ClaimDoesNotExist);
    assert_eq!(queue.delete_many(&[id], Some(&[late])).await, Deletion::ClaimDoesNotExist);
    assert_eq!(queue.delete(id, Some(claim)).await, Deletion::Done);
}

/// When the claim of who took it after has ended, too, only that one was the last.
pub async fn of_two_expired_claims_the_last_deletes(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(message()).await;
    let (first, _) = queue.claim(1).await;
    bench.advance_secs(60);
    let (second, _) = queue.claim(1).await;
    bench.advance_secs(60);
    assert_eq!(queue.delete(id, Some(first)).await, Deletion::MessageNotClaimed);
    assert_eq!(queue.delete(id, Some(second)).await, Deletion::Done);
}

/// A message that another has taken and given back is nobody's.
pub async fn what_another_gave_back_is_not_deleted(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(message()).await;
    let (late, _) = queue.claim(1).await;
    bench.advance_secs(60);
    let (claim, _) = queue.claim(1).await;
    queue.release(claim).await;
    assert_eq!(queue.delete(id, Some(late)).await, Deletion::MessageNotClaimed);
    assert_eq!(queue.delete(id, Some(claim)).await, Deletion::MessageNotClaimed);
    assert_eq!(queue.all().await, [id]);
}

/// A late deletion of many deletes nothing, if another has taken one of them.
pub async fn a_late_deletion_of_many_is_all_or_nothing(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    let (late, _) = queue.claim(3).await;
    bench.advance_secs(60);
    queue.claim(1).await;
    assert_eq!(queue.delete_many(&posted, Some(&[late])).await, Deletion::ClaimDoesNotExist);
    assert_eq!(queue.all().await, posted);
    assert_eq!(queue.delete_many(&posted[1..], Some(&[late])).await, Deletion::Done);
}

/// An expired claim is neither shown nor renewed, though it deletes.
pub async fn an_expired_claim_is_still_gone(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(message()).await;
    let (late, _) = queue.claim(1).await;
    bench.advance_secs(60);
    assert_eq!(queue.get_claim(late).await, None);
    assert!(!queue.renew(late, crate::samples::terms(90, 60)).await);
    assert_eq!(queue.get_one(id).await.unwrap().claim, None);
    assert_eq!(queue.stats().await.claimed, 0);
}

/// Who held a message last is kept, also over two ends of the store.
pub async fn a_late_claim_is_kept(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    let (late, _) = queue.claim(2).await;
    bench.advance_secs(30);
    bench.reopen().await;
    bench.advance_secs(30);
    assert_eq!(queue.delete(posted[0], Some(late)).await, Deletion::Done);
    bench.reopen().await;
    assert_eq!(queue.listed().await, posted[1..]);
    bench.reopen().await;
    assert_eq!(queue.delete(posted[1], Some(late)).await, Deletion::Done);
}
