//! Queues that go to another store. Here the store stands for both: what was exported is dropped and imported again.

use zaqar_model::{Marker, MessageId, MovingMessage, StoredMessage};
use zaqar_storage::SubscriptionChange;

use crate::bench::{MessageBench, everything, ids, migration_of, page, plain};
use crate::minting::{claim_of, delayed, terms};

fn moving_ids(moving: &[MovingMessage]) -> Vec<MessageId> {
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
    assert_eq!(queue.export().await, exported);
}

/// An export goes on behind a position, and holds at most as many as it was asked for.
pub async fn an_export_comes_in_pieces(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(5).await;
    let store = bench.store();
    let first =
        migration_of(&*store).export(&queue.destination, Marker::default(), 2, bench.now()).await.unwrap();
    assert_eq!(moving_ids(&first), posted[..2]);
    let rest =
        migration_of(&*store).export(&queue.destination, first[1].position, 10, bench.now()).await.unwrap();
    assert_eq!(moving_ids(&rest), posted[2..]);
}

/// Some messages are exported by their ids, those that exist.
pub async fn messages_are_exported_by_their_ids(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    queue.delete(posted[1], None).await;
    let some = migration_of(&*bench.store())
        .export_some(&queue.destination, &posted[1..], bench.now())
        .await
        .unwrap();
    assert_eq!(moving_ids(&some), posted[2..]);
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

/// Exhausted messages stay set aside.
pub async fn exhausted_messages_go_along(bench: &MessageBench) {
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

/// Importing again takes the place of what was imported before: a message is not doubled, and its state is the later
/// one.
pub async fn a_later_import_takes_the_place_of_an_earlier(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    let early = queue.export().await;
    let request = claim_of(1);
    queue.claim_as(&request).await;
    queue.renew(request.id, terms(30, 60)).await;
    let (late, last) = (queue.export().await, queue.end().await);
    queue.drop_it().await;
    queue.import(early.clone(), Marker::default()).await;
    queue.import(late[1..].to_vec(), Marker::default()).await;
    assert_eq!(queue.listed().await, posted);
    queue.import(late[..1].to_vec(), last).await;
    assert_eq!(queue.all().await, posted);
    assert_eq!(queue.held_by(request.id).await, posted[..1]);
    assert_eq!(queue.export().await, late);
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
    assert_eq!(queue.export().await, exported);
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
    let subscription = queue.subscribe("mailto:a@example.org").await;
    let change = SubscriptionChange { confirmed: Some(false), ..SubscriptionChange::default() };
    assert!(queue.update_subscription(subscription, change).await.unwrap());
    bench.reopen().await;
    assert_eq!(queue.all().await, later[1..]);
    assert_eq!(queue.subscriptions().await, [subscription]);
}
