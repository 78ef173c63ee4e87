//! Deletion where claims come in: every outcome.

use zaqar_storage::Deletion;

use crate::bench::MessageBench;
use crate::samples::{delayed, fresh_claim_id, fresh_message_id, message};

/// A claimed message is deleted only for the bearer of its claim: without a claim, it stays.
pub async fn claimed_message_is_not_deleted_without_its_claim(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(message()).await;
    queue.claim(1).await;
    assert_eq!(queue.delete(id, None).await, Deletion::MessageIsClaimed);
    assert_eq!(queue.all().await, [id]);
}

/// A claimed message is deleted with its claim.
pub async fn claimed_message_is_deleted_with_its_claim(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    let (claim, _) = queue.claim(1).await;
    assert_eq!(queue.delete(posted[0], Some(claim)).await, Deletion::Done);
    assert_eq!(queue.all().await, posted[1..]);
}

/// Deleting with a claim what no claim holds: the message is not claimed, and stays.
pub async fn free_message_is_not_deleted_with_a_claim(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    let (claim, _) = queue.claim(1).await;
    assert_eq!(queue.delete(posted[1], Some(claim)).await, Deletion::MessageNotClaimed);
    assert_eq!(queue.delete(posted[1], Some(fresh_claim_id())).await, Deletion::MessageNotClaimed);
    assert_eq!(queue.all().await, posted);
}

/// Deleting with a live claim what another holds: it is claimed by another, and stays.
pub async fn message_of_another_claim_is_not_deleted(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    let (first, _) = queue.claim(1).await;
    let (second, _) = queue.claim(1).await;
    assert_eq!(queue.delete(posted[0], Some(second)).await, Deletion::ClaimedByAnother);
    assert_eq!(queue.delete(posted[1], Some(first)).await, Deletion::ClaimedByAnother);
    assert_eq!(queue.all().await, posted);
}

/// Deleting with a claim that does not exist what another holds: the claim does not exist, and the message stays.
pub async fn claimed_message_is_not_deleted_with_an_unknown_claim(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(message()).await;
    queue.claim(1).await;
    assert_eq!(queue.delete(id, Some(fresh_claim_id())).await, Deletion::ClaimDoesNotExist);
    assert_eq!(queue.all().await, [id]);
}

/// When its claim has expired, a message is deleted without a claim.
pub async fn message_of_an_expired_claim_is_deleted_without_claim(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(message()).await;
    queue.claim(1).await;
    bench.advance_secs(60);
    assert_eq!(queue.delete(id, None).await, Deletion::Done);
    assert_eq!(queue.all().await, vec![]);
}

/// A second deletion with the claim is done, too.
pub async fn deleting_twice_with_the_claim_is_done(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(message()).await;
    let (claim, _) = queue.claim(1).await;
    assert_eq!(queue.delete(id, Some(claim)).await, Deletion::Done);
    assert_eq!(queue.delete(id, Some(claim)).await, Deletion::Done);
    assert_eq!(queue.delete(id, None).await, Deletion::Done);
}

/// A claim ends with its last message.
pub async fn a_claim_ends_with_its_last_message(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    let (claim, _) = queue.claim(2).await;
    queue.claim(1).await;
    queue.delete(posted[0], Some(claim)).await;
    assert_eq!(queue.held_by(claim).await, posted[1..2]);
    queue.delete(posted[1], Some(claim)).await;
    assert_eq!(queue.get_claim(claim).await, None);
    assert!(!queue.renew(claim, crate::samples::terms(90, 60)).await);
    assert_eq!(queue.delete(posted[2], Some(claim)).await, Deletion::ClaimDoesNotExist);
}

/// A claim ends with its last message, also when many are deleted at once.
pub async fn a_claim_ends_when_all_its_messages_are_deleted(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(4).await;
    let (first, _) = queue.claim(2).await;
    let (second, _) = queue.claim(2).await;
    queue.delete_many(&posted[..2], Some(&[first])).await;
    assert_eq!(queue.get_claim(first).await, None);
    queue.delete_many(&posted[2..], None).await;
    assert_eq!(queue.get_claim(second).await, None);
    assert!(!queue.renew(second, crate::samples::terms(90, 60)).await);
}

/// A claim of one queue deletes nothing in another.
pub async fn a_claim_of_another_queue_does_not_delete(bench: &MessageBench) {
    let (one, other) = (bench.queue(), bench.queue());
    one.fill(1).await;
    let posted = other.fill(1).await;
    let (foreign, _) = one.claim(1).await;
    assert_eq!(other.delete(posted[0], Some(foreign)).await, Deletion::MessageNotClaimed);
    other.claim(1).await;
    assert_eq!(other.delete(posted[0], Some(foreign)).await, Deletion::ClaimDoesNotExist);
    assert_eq!(other.all().await, posted);
}

/// A deletion of many without claims takes claimed messages too.
pub async fn delete_many_without_claims_takes_claimed_messages(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(4).await;
    let (claim, _) = queue.claim(2).await;
    assert_eq!(queue.delete_many(&posted[1..3], None).await, Deletion::Done);
    assert_eq!(queue.all().await, [posted[0], posted[3]]);
    assert_eq!(queue.held_by(claim).await, posted[..1]);
}

/// A deletion of many with claims takes what these claims hold.
pub async fn delete_many_with_claims_takes_what_they_hold(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(5).await;
    let (first, _) = queue.claim(2).await;
    let (second, _) = queue.claim(2).await;
    let asked = [posted[3], posted[0], posted[1]];
    assert_eq!(queue.delete_many(&asked, Some(&[first, second])).await, Deletion::Done);
    assert_eq!(queue.all().await, [posted[2], posted[4]]);
}

/// A deletion of many with claims passes over what does not exist.
pub async fn delete_many_with_claims_passes_over_what_is_not_there(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    let (claim, _) = queue.claim(2).await;
    queue.delete(posted[0], Some(claim)).await;
    let asked = [fresh_message_id(), posted[0], posted[1]];
    assert_eq!(queue.delete_many(&asked, Some(&[claim])).await, Deletion::Done);
    assert_eq!(queue.all().await, vec![]);
}

/// A deletion of many with claims deletes nothing, if one of the messages is free.
pub async fn delete_many_with_claims_is_all_or_nothing_over_a_free_message(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    let (claim, _) = queue.claim(2).await;
    assert_eq!(queue.delete_many(&posted, Some(&[claim])).await, Deletion::MessageNotClaimed);
    assert_eq!(queue.all().await, posted);
    assert_eq!(queue.held_by(claim).await, posted[..2]);
}

/// A deletion of many with claims deletes nothing, if one of the messages is held by another claim.
pub async fn delete_many_with_claims_is_all_or_nothing_over_anothers_message(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(4).await;
    let (claim, _) = queue.claim(2).await;
    queue.claim(2).await;
    assert_eq!(queue.delete_many(&posted, Some(&[claim])).await, Deletion::ClaimedByAnother);
    assert_eq!(queue.all().await, posted);
}

/// A deletion of many with a claim that does not exist deletes nothing of what another holds.
pub async fn delete_many_with_an_unknown_claim_deletes_nothing(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    queue.claim(2).await;
    let outcome = queue.delete_many(&posted, Some(&[fresh_claim_id()])).await;
    assert_eq!(outcome, Deletion::ClaimDoesNotExist);
    assert_eq!(queue.all().await, posted);
}

/// The first message that is not held by one of the claims, in the order of the ids, decides the answer.
pub async fn the_first_message_not_held_decides_the_answer(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    let (claim, _) = queue.claim(1).await;
    queue.claim(1).await;
    let (own, anothers, free) = (posted[0], posted[1], posted[2]);
    let outcome = queue.delete_many(&[own, free, anothers], Some(&[claim])).await;
    assert_eq!(outcome, Deletion::MessageNotClaimed);
    let outcome = queue.delete_many(&[own, anothers, free], Some(&[claim])).await;
    assert_eq!(outcome, Deletion::ClaimedByAnother);
    assert_eq!(queue.all().await, posted);
}

/// A delayed message is no claim's: deleting it with one finds it not claimed.
pub async fn delayed_message_is_not_deleted_with_a_claim(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![delayed(0), delayed(10)]).await;
    let (claim, _) = queue.claim(2).await;
    assert_eq!(queue.delete(posted[1], Some(claim)).await, Deletion::MessageNotClaimed);
    assert_eq!(queue.all().await, posted);
}
