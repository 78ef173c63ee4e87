//! What is owed goes along when a queue goes to another store.

use zaqar_model::{AttemptEnd, DeliveryStanding, Marker, StoredMessage, SubscriptionId};
use zaqar_storage::SubscriptionChange;

use super::owing::delivered_ids;
use crate::bench::{MessageBench, TestQueue, migration_of};
use crate::minting::{fresh_message_id, poster};

/// A subscription to which of four messages the first was delivered, the second waits for half a minute, the third was
/// given up; nobody has taken up the fourth.
async fn begun(bench: &MessageBench, queue: &TestQueue) -> SubscriptionId {
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.fill(4).await;
    let (lease, due) = bench.lease(3).await;
    bench.delivered(lease, &due[..1]).await;
    bench.retry(lease, &due[1..2], bench.now().plus_secs(30)).await;
    bench.give_up(lease, &due[2..]).await;
    id
}

/// What comes of that.
async fn goes_on(bench: &MessageBench, queue: &TestQueue, id: SubscriptionId) {
    let ends: Vec<_> = queue.attempts(id).await.iter().map(|kept| kept.end).collect();
    let later = bench.now().plus_secs(30);
    assert_eq!(ends, [AttemptEnd::Exhausted, AttemptEnd::RetryAt(later), AttemptEnd::Delivered]);
    let failed: Vec<_> = queue.failed(id).await.iter().map(|own| (own.position, own.attempts)).collect();
    assert_eq!(failed, [(Marker::new(3), 1)]);
    let attempts = |deliveries: &[zaqar_model::Delivery]| -> Vec<(Marker, u32)> {
        deliveries.iter().map(|own| (own.position, own.attempts)).collect()
    };
    assert_eq!(attempts(&bench.lease(10).await.1), [(Marker::new(4), 0)]);
    bench.advance_secs(30);
    assert_eq!(attempts(&bench.lease(10).await.1), [(Marker::new(2), 1)]);
}

/// Each delivery stands as it did: done, waiting, failed, not taken up; the attempts stay on record.
pub async fn deliveries_go_along(bench: &MessageBench) {
    let queue = bench.queue();
    let id = begun(bench, &queue).await;
    queue.leave_and_return().await;
    goes_on(bench, &queue, id).await;
}

/// The same over the end of the store.
pub async fn imported_deliveries_are_kept(bench: &MessageBench) {
    let queue = bench.queue();
    let id = begun(bench, &queue).await;
    queue.leave_and_return().await;
    bench.reopen().await;
    goes_on(bench, &queue, id).await;
}

/// What consumers have taken goes along for the subscribers, and only for them.
pub async fn what_was_taken_goes_along(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(5).await;
    let (_, held) = bench.lease(1).await;
    queue.pop(2).await;
    queue.delete(posted[2], None).await;
    queue.purge().await;
    let moving = queue.leave_and_return().await;
    assert!(moving.iter().all(|message| message.kept));
    assert_eq!(queue.all().await, vec![]);
    assert_eq!(delivered_ids(&held), posted[..1]);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted[1..]);
    bench.advance_secs(60);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}

/// A lease holds on: nobody else gets the deliveries, and what became of them can be recorded.
pub async fn leases_go_along(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(3).await;
    let (lease, due) = bench.lease(2).await;
    queue.leave_and_return().await;
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted[2..]);
    bench.delivered(lease, &due[..1]).await;
    assert_eq!(queue.attempts_of_message(id, posted[0]).await.len(), 1);
    bench.advance_secs(60);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted[1..]);
}

/// So does what nobody tells of: its attempt comes on record with the time at which it was taken up.
pub async fn an_attempt_that_is_broken_off_after_a_move_is_on_record(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.fill(1).await;
    bench.lease(1).await;
    let since = bench.now();
    queue.leave_and_return().await;
    bench.advance_secs(60);
    bench.lease(1).await;
    let attempts = queue.attempts(id).await;
    assert_eq!((attempts.len(), attempts[0].end), (1, AttemptEnd::Unknown));
    assert_eq!(attempts[0].attempt.at, since);
}

/// A subscription stays paused.
pub async fn pauses_go_along(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(1).await;
    queue.pause(id, bench.now().plus_secs(30)).await;
    queue.leave_and_return().await;
    assert_eq!(bench.lease(10).await.1, vec![]);
    bench.advance_secs(30);
    let (lease, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), posted);
    bench.retry(lease, &due, bench.now()).await;
    queue.pause_retries(id, bench.now().plus_secs(30)).await;
    queue.leave_and_return().await;
    assert_eq!(bench.lease(10).await.1, vec![]);
    bench.advance_secs(30);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}

/// What was adopted is not owed elsewhere either; what was posted is owed once more by its id.
pub async fn who_is_owed_what_stays(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(1).await;
    let mut message = queue.get_one(posted[0]).await.unwrap();
    message.id = fresh_message_id();
    let adopted = message.id;
    let (expires, delayed_until) = (message.created.plus_secs(3600), message.created);
    let returned = StoredMessage { client: poster(), expires, delayed_until, is_letter: false, message };
    queue.adopt(vec![returned]).await;
    let id = queue.subscribe("mailto:a@example.org").await;
    let muted = queue.subscribe("mailto:b@example.org").await;
    let change = SubscriptionChange { notified: Some(false), ..SubscriptionChange::default() };
    assert!(queue.update_subscription(muted, change).await.unwrap());
    let later = queue.fill(1).await;
    queue.leave_and_return().await;
    let (lease, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), later);
    assert_eq!(due[0].subscription.id, id);
    bench.delivered(lease, &due).await;
    assert!(!queue.redeliver(id, adopted).await);
    assert!(queue.redeliver(id, later[0]).await);
    queue.pop(10).await;
    assert_eq!(delivered_ids(&bench.lease(10).await.1), later);
}

/// While a queue arrives nothing of it is leased, and everything is kept: only the cursor tells what is owed.
pub async fn nothing_is_leased_before_the_cursor_comes(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(2).await;
    let (lease, due) = bench.lease(1).await;
    bench.delivered(lease, &due).await;
    let (moving, cursors) = (queue.export().await, queue.export_cursors().await);
    let subscriptions = queue.export_subscriptions().await;
    queue.drop_it().await;
    queue.import_subscriptions(vec![subscriptions[0].subscription.clone()]).await;
    queue.import(moving, Marker::default()).await;
    queue.import_deliveries(subscriptions[0].clone()).await;
    queue.pop(2).await;
    assert_eq!(bench.lease(10).await.1, vec![]);
    queue.import_cursors(cursors).await;
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted[1..]);
    assert_eq!(queue.export().await.len(), 1);
}

/// A delivery that is imported again stands as it does then; a subscription that is imported again begins anew.
pub async fn a_later_import_of_a_delivery_holds(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.fill(2).await;
    let (lease, due) = bench.lease(2).await;
    bench.retry(lease, &due, bench.now()).await;
    let [early] = queue.export_subscriptions().await.try_into().unwrap();
    let (lease, due) = bench.lease(1).await;
    bench.give_up(lease, &due).await;
    let [late] = queue.export_subscriptions().await.try_into().unwrap();
    let (moving, cursors) = (queue.export().await, queue.export_cursors().await);
    let beyond = Marker::new(late.deliveries[0].position.get() + 8);
    let some = [late.deliveries[0].position, beyond];
    let store = bench.store();
    let some = migration_of(&*store)
        .export_some_deliveries(&queue.destination, id, &some, bench.now())
        .await
        .unwrap();
    assert_eq!(some[0], late.deliveries[0]);
    assert_eq!((some.len(), &some[1].standing), (2, &DeliveryStanding::Done));
    queue.drop_it().await;
    queue.import_subscriptions(vec![early.subscription.clone()]).await;
    queue.import(moving, Marker::default()).await;
    queue.import_deliveries(early).await;
    queue.import_deliveries(late.clone()).await;
    let [both] = queue.export_subscriptions().await.try_into().unwrap();
    assert_eq!((both.deliveries, both.attempts), (late.deliveries, late.attempts));
    queue.import_subscriptions(vec![late.subscription]).await;
    let [anew] = queue.export_subscriptions().await.try_into().unwrap();
    assert_eq!(anew.deliveries, vec![]);
    queue.import_cursors(cursors).await;
    assert_eq!(bench.lease(10).await.1, vec![]);
}
