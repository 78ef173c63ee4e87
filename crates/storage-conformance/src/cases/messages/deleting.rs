//! Deletion of messages that no claim holds.

use zaqar_storage::Deletion;

use crate::bench::MessageBench;
use crate::samples::{delayed, fresh_claim_id, fresh_message_id, lasting, message};

/// A deleted message is gone from every view of the queue.
pub async fn deleted_message_is_gone(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    assert_eq!(queue.delete(posted[1], None).await, Deletion::Done);
    assert_eq!(queue.all().await, [posted[0], posted[2]]);
    assert_eq!(queue.get_one(posted[1]).await, None);
    assert_eq!(queue.stats().await.total(), 2);
    assert_eq!(queue.pop(10).await, [posted[0], posted[2]]);
}

/// Deleting what is not there is done at once.
pub async fn deleting_an_absent_message_is_done(bench: &MessageBench) {
    let queue = bench.queue();
    let absent = fresh_message_id();
    assert_eq!(queue.delete(absent, None).await, Deletion::Done);
    let posted = queue.fill(1).await;
    assert_eq!(queue.delete(absent, None).await, Deletion::Done);
    assert_eq!(queue.all().await, posted);
}

/// A second deletion of a message is done, and so is one with a claim.
pub async fn deleting_twice_is_done(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(message()).await;
    assert_eq!(queue.delete(id, None).await, Deletion::Done);
    assert_eq!(queue.delete(id, None).await, Deletion::Done);
    assert_eq!(queue.delete(id, Some(fresh_claim_id())).await, Deletion::Done);
}

/// Deleting an expired message is done.
pub async fn deleting_an_expired_message_is_done(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(lasting(60)).await;
    bench.advance_secs(60);
    assert_eq!(queue.delete(id, None).await, Deletion::Done);
    assert_eq!(queue.delete(id, Some(fresh_claim_id())).await, Deletion::Done);
}

/// A delayed message can be deleted by its id.
pub async fn delayed_message_can_be_deleted(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(delayed(10)).await;
    assert_eq!(queue.delete(id, None).await, Deletion::Done);
    bench.advance_secs(10);
    assert_eq!(queue.all().await, vec![]);
}

/// An id of another queue deletes nothing, neither there nor here.
pub async fn a_foreign_id_deletes_nothing(bench: &MessageBench) {
    let (one, other) = (bench.queue(), bench.queue());
    let in_one = one.fill(2).await;
    let in_other = other.fill(2).await;
    assert_eq!(other.delete(in_one[0], None).await, Deletion::Done);
    assert_eq!(other.delete_many(&in_one, None).await, Deletion::Done);
    assert_eq!(one.all().await, in_one);
    assert_eq!(other.all().await, in_other);
}

/// A deletion of many deletes those that exist and passes over the others.
pub async fn delete_many_deletes_what_exists(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(5).await;
    let asked = [posted[4], fresh_message_id(), posted[0], posted[2]];
    assert_eq!(queue.delete_many(&asked, None).await, Deletion::Done);
    assert_eq!(queue.all().await, [posted[1], posted[3]]);
    assert_eq!(queue.delete_many(&asked, None).await, Deletion::Done, "and again");
    assert_eq!(queue.all().await, [posted[1], posted[3]]);
}

/// A deletion of many takes delayed messages too.
pub async fn delete_many_takes_delayed_messages(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![delayed(10), delayed(0), delayed(10)]).await;
    assert_eq!(queue.delete_many(&posted[..2], None).await, Deletion::Done);
    assert_eq!(queue.all().await, posted[2..]);
}

/// A deletion of none is done.
pub async fn delete_many_of_none_is_done(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    assert_eq!(queue.delete_many(&[], None).await, Deletion::Done);
    assert_eq!(queue.all().await, posted);
}

/// In a queue that the store never heard of there is nothing to delete.
pub async fn an_unknown_queue_has_nothing_to_delete(bench: &MessageBench) {
    let queue = bench.queue();
    assert_eq!(queue.delete(fresh_message_id(), None).await, Deletion::Done);
    assert_eq!(queue.delete_many(&[fresh_message_id()], None).await, Deletion::Done);
}

/// What is posted after a deletion does not get the id of what was deleted.
pub async fn the_id_of_a_deleted_message_does_not_come_again(bench: &MessageBench) {
    let queue = bench.queue();
    let deleted = queue.fill(3).await;
    queue.delete_many(&deleted, None).await;
    bench.store().expire(bench.now()).await.unwrap();
    let posted = queue.fill(3).await;
    assert!(posted.iter().all(|id| !deleted.contains(id)));
    assert_eq!(queue.get(&deleted).await, vec![]);
}
