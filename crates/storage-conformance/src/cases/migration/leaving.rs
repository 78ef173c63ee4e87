//! What goes along when a queue goes to another store. Here the store stands for both.

use zaqar_model::{ExportedMessage, MessageId, StoredMessage};
use zaqar_storage::{Deletion, Post, SubscriptionChange};

use crate::bench::{MessageBench, everything, ids, page, plain};
use crate::cases::claims::setting_aside::with_ended_claims;
use crate::samples::{claim_of, delayed, fresh_batch_id, messages, poster, stored_message};

pub(super) fn moving_ids(moving: &[ExportedMessage]) -> Vec<MessageId> {
    moving.iter().map(|moving| moving.stored.message.id).collect()
}

/// What was exported and imported is as it was: order, ids, bodies, claim counts, clients, expiry.
pub async fn a_queue_comes_back_as_it_was(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(5).await;
    let (claim, _) = queue.claim(2).await;
    queue.release(claim).await;
    let before = queue.list(&everything()).await;
    let exported = queue.leave_and_return().await;
    assert_eq!(queue.list(&everything()).await, before);
    assert_eq!(queue.exported().await, exported);
}

/// A live claim goes along: it holds the same messages until the same moment, and can be renewed.
pub async fn live_claims_go_along(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    let request = claim_of(2);
    queue.claim_as(&request).await;
    let before = queue.get_claim(request.id).await;
    queue.leave_and_return().await;
    assert_eq!(queue.get_claim(request.id).await, before);
    assert_eq!(queue.listed().await, posted[2..]);
    bench.advance_secs(30);
    assert!(queue.renew(request.id, request.terms).await);
    bench.advance_secs(59);
    assert_eq!(queue.held_by(request.id).await, posted[..2]);
    bench.advance_secs(1);
    assert_eq!(queue.get_claim(request.id).await, None);
    assert_eq!(queue.listed().await, posted);
}

/// Delayed messages stay delayed.
pub async fn delays_go_along(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![delayed(20)]).await;
    queue.leave_and_return().await;
    assert_eq!(queue.listed().await, vec![]);
    bench.advance_secs(20);
    assert_eq!(queue.listed().await, posted);
}

/// Dead letters stay set aside.
pub async fn dead_letters_go_along(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    assert_eq!(queue.exhaust(1, 1).await, posted[..1]);
    let waiting: Vec<StoredMessage> = queue.dead_letters().await;
    let exported = queue.leave_and_return().await;
    assert_eq!(moving_ids(&exported), posted);
    assert_eq!(queue.dead_letters().await, waiting);
    assert_eq!(queue.all().await, posted[1..]);
    queue.discard_dead_letters(&posted[..1]).await;
    assert_eq!(queue.dead_letters().await, vec![]);
}

/// A marker that was given out before stays good: what comes later stands behind it.
pub async fn markers_stay_good(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(4).await;
    let listed = queue.list(&page(plain(), None, 2)).await;
    let end = queue.list(&plain()).await.next;
    queue.delete_many(&posted[3..], None).await;
    queue.leave_and_return().await;
    let later = queue.fill(1).await;
    let rest = queue.list(&page(plain(), listed.next, 10)).await;
    assert_eq!(ids(&rest.items), [posted[2], later[0]]);
    let behind = queue.list(&page(plain(), end, 10)).await;
    assert_eq!(ids(&behind.items), later);
}

/// An empty queue keeps its place in the sequence, also over the end of the store.
pub async fn an_empty_queue_goes_on_behind_its_last_position(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    queue.delete_many(&posted, None).await;
    let last = queue.end().await;
    queue.leave_and_return().await;
    bench.reopen().await;
    assert!(queue.end().await >= last);
    let later = queue.fill(1).await;
    assert!(posted.iter().all(|id| !later.contains(id)));
}

/// What was imported survives the end of the store.
pub async fn imported_messages_are_kept(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(4).await;
    queue.exhaust(1, 1).await;
    let (claim, _) = queue.claim(1).await;
    let exported = queue.leave_and_return().await;
    let before = queue.get_claim(claim).await;
    bench.reopen().await;
    assert_eq!(queue.exported().await, exported);
    assert_eq!(queue.get_claim(claim).await, before);
}

/// A queue that left and came back is used as any other: posts, claims, deletions, subscriptions.
pub async fn a_queue_that_came_back_is_in_use_again(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    queue.leave_and_return().await;
    let later = queue.fill(2).await;
    assert_eq!(queue.all().await, [posted.clone(), later.clone()].concat());
    assert_eq!(queue.pop(3).await, [posted, later[..1].to_vec()].concat());
    bench.reopen().await;
    assert_eq!(queue.all().await, later[1..]);
    if bench.store().subscriptions().is_some() {
        let subscription = queue.subscribe("mailto:a@example.org").await;
        let change = SubscriptionChange { confirmed: Some(false), ..SubscriptionChange::default() };
        assert!(queue.update_subscription(subscription, change).await.unwrap());
        bench.reopen().await;
        assert_eq!(queue.subscriptions().await, [subscription]);
    }
}

/// Who held a message last goes along when the queue moves.
pub async fn a_late_claim_goes_along(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    let (late, _) = queue.claim(1).await;
    bench.advance_secs(60);
    bench.store().expire(bench.now()).await.unwrap();
    queue.leave_and_return().await;
    assert_eq!(queue.listed().await, posted);
    assert_eq!(queue.delete(posted[1], Some(late)).await, Deletion::MessageNotClaimed);
    assert_eq!(queue.delete(posted[0], Some(late)).await, Deletion::Done);
}

/// So is what was let go in a queue that moves.
pub async fn ended_claims_are_found_after_a_move(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    queue.claim(1).await;
    bench.advance_secs(60);
    queue.leave_and_return().await;
    assert_eq!(with_ended_claims(bench).await, std::slice::from_ref(&queue.destination));
    assert_eq!(queue.set_aside(1).await, posted[..1]);
}

/// What was posted is recognised when it is posted again, wherever the queue lives.
pub async fn batches_go_along(bench: &MessageBench) {
    if !bench.store().capabilities().shared {
        return;
    }
    let queue = bench.queue();
    let messages = messages(2);
    let post = Post { batch: fresh_batch_id(), client: &poster(), messages: &messages };
    let posted = queue.post_batch(&post).await;
    queue.pop(1).await;
    queue.leave_and_return().await;
    assert_eq!(queue.post_batch(&post).await, posted);
    assert_eq!(queue.all().await, posted[1..]);
}

/// A letter about a delivery that was given up stays one, and a message that has returned is known as that.
pub async fn letters_go_along(bench: &MessageBench) {
    let queue = bench.queue();
    let letter = StoredMessage { is_letter: true, ..stored_message(bench.now()) };
    queue.adopt(vec![letter]).await;
    queue.fill(1).await;
    let exported = queue.leave_and_return().await;
    let shown = |moving: &ExportedMessage| (moving.stored.is_letter, moving.posted);
    assert_eq!(exported.iter().map(shown).collect::<Vec<_>>(), [(true, false), (false, true)]);
    assert_eq!(queue.exported().await, exported);
}
