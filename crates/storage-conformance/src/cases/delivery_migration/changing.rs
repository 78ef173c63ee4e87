//! Subscriptions and deliveries that change while their queue is exported.

use zaqar_model::{DeliveryStanding, ExportedDelivery, ExportedItem, SubscriptionId};
use zaqar_storage::{ImportStep, SubscriptionChange};

use super::leaving::{begun, goes_on};
use crate::bench::{MessageBench, messages_of};
use crate::cases::deliveries::owing::delivered_ids;

fn deliveries_of(items: &[ExportedItem], id: SubscriptionId) -> Vec<ExportedDelivery> {
    let own = items.iter().filter_map(|item| match item {
        ExportedItem::Delivery(of, delivery) if *of == id => Some(delivery.clone()),
        _ => None,
    });
    own.collect()
}

fn attempts_of(items: &[ExportedItem], id: SubscriptionId) -> usize {
    items.iter().filter(|item| matches!(item, ExportedItem::Attempt(of, _) if *of == id)).count()
}

/// A delivery that changes behind its export comes again, with its attempts: leased, put off, given up, done.
pub async fn a_delivery_that_changes_comes_again(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.fill(1).await;
    let mut mover = queue.begin_export().await;
    mover.rest().await;
    let (lease, due) = bench.lease(10).await;
    let leased = deliveries_of(&mover.rest().await, id);
    let standing = &leased.last().unwrap().standing;
    assert!(matches!(standing, DeliveryStanding::Open { lease: Some(own), .. } if own.id == lease));
    let later = bench.now().plus_secs(30);
    bench.retry(lease, &due, later).await;
    let items = mover.rest().await;
    let standing = deliveries_of(&items, id).last().unwrap().standing.clone();
    assert_eq!(standing, DeliveryStanding::Open { attempts: 1, due: later, lease: None });
    assert_eq!(attempts_of(&items, id), 1);
    bench.advance_secs(30);
    let (lease, due) = bench.lease(10).await;
    bench.give_up(lease, &due).await;
    let items = mover.rest().await;
    let standing = deliveries_of(&items, id).last().unwrap().standing.clone();
    assert!(matches!(standing, DeliveryStanding::Failed { attempts: 2, .. }), "{standing:?}");
    assert_eq!(attempts_of(&items, id), 1);
    assert!(queue.redeliver(id, due[0].message.message.id).await);
    let (lease, due) = bench.lease(10).await;
    bench.delivered(lease, &due).await;
    let items = mover.rest().await;
    assert_eq!(deliveries_of(&items, id).last().unwrap().standing, DeliveryStanding::Done);
    assert_eq!(attempts_of(&items, id), 1);
}

/// Subscriptions that come, change and go behind their export are carried over.
pub async fn subscriptions_that_change_come_again(bench: &MessageBench) {
    let queue = bench.queue();
    let ended = queue.subscribe("mailto:a@example.org").await;
    let changed = queue.subscribe("mailto:b@example.org").await;
    let mut mover = queue.begin_export().await;
    let mut items = mover.rest().await;
    queue.unsubscribe(ended).await;
    let change = SubscriptionChange { confirmed: Some(false), ..SubscriptionChange::default() };
    assert!(queue.update_subscription(changed, change).await.unwrap());
    let added = queue.subscribe("mailto:a@example.org").await;
    mover.seal().await;
    items.extend(mover.rest().await);
    mover.leave().await;
    queue.mover().arrive(&items).await;
    let mut expected = [changed, added];
    expected.sort_unstable();
    assert_eq!(queue.subscriptions().await, expected);
    assert!(!queue.get_subscription(changed).await.unwrap().confirmed);
    assert_eq!(queue.find_subscriber("mailto:a@example.org").await, Some(added));
}

/// A message that stays for a subscription comes behind it, also if both are new. So nothing is lost that is owed.
pub async fn a_message_comes_behind_whom_it_stays_for(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(3).await;
    let mut mover = queue.begin_export().await;
    let page = mover.export(1).await;
    let mut items = mover.receive(page);
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(2).await;
    queue.purge().await;
    items.extend(mover.rest().await);
    let is_it = |item: &ExportedItem| matches!(item, ExportedItem::Subscription(own) if own.id == id);
    let is_kept = |item: &ExportedItem| matches!(item, ExportedItem::Message(moving) if moving.kept);
    assert!(items.iter().position(is_it).unwrap() < items.iter().position(is_kept).unwrap());
    mover.seal().await;
    items.extend(mover.rest().await);
    mover.leave().await;
    queue.mover().arrive(&items).await;
    bench.reopen().await;
    assert_eq!(queue.all().await, []);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}

/// The items of an early export and of a later one make what there is, also over the end of the store.
pub async fn early_and_late_items_make_the_whole(bench: &MessageBench) {
    for reopens in [false, true] {
        let queue = bench.queue();
        let first = queue.subscribe("mailto:first@example.org").await;
        queue.fill(2).await;
        let mut mover = queue.begin_export().await;
        let mut items = mover.rest().await;
        queue.unsubscribe(first).await;
        queue.pop(2).await;
        let (id, posted) = begun(bench, &queue).await;
        items.extend(mover.rest().await);
        queue.delete(posted[0], None).await;
        mover.seal().await;
        items.extend(mover.rest().await);
        mover.leave().await;
        queue.mover().arrive(&items).await;
        if reopens {
            bench.reopen().await;
        }
        assert_eq!(queue.all().await, posted[1..]);
        goes_on(bench, &queue, id, &posted).await;
        queue.purge().await;
        queue.unsubscribe(id).await;
    }
}

/// What stays for subscribers alone is said to be gone when they have it.
pub async fn what_nobody_needs_any_more_is_gone(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.fill(2).await;
    queue.pop(2).await;
    let mut mover = queue.begin_export().await;
    let mut items = mover.rest().await;
    assert_eq!(messages_of(&items).len(), 2);
    let (lease, due) = bench.lease(10).await;
    bench.delivered(lease, &due).await;
    queue.unsubscribe(id).await;
    bench.store().expire(bench.now()).await.unwrap();
    mover.seal().await;
    items.extend(mover.rest().await);
    assert_eq!(messages_of(&items), vec![]);
    mover.leave().await;
    let arriving = queue.mover();
    arriving.import(ImportStep::Begin, &items).await;
    arriving.import(ImportStep::End, &[]).await;
    arriving.open().await;
    assert_eq!(queue.exported().await, vec![]);
}
