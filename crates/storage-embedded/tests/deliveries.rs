//! What is owed: the space that it takes, and what damage does to it.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use support::failing_disk::FailingDisk;
use support::{NOW, SEGMENT, client, message, open, open_on, post, queue, segments};
use zaqar_model::{
    Attempt, AttemptEnd, AttemptFilter, Delivery, DeliveryOutcome, Destination, Excerpt, LeaseId, MessageId,
    Metadata, PageRequest, Subscription, SubscriptionId, SubscriptionTtl, Timestamp,
};
use zaqar_storage::{
    Deliveries, Due, EXPIRED_OWED_FOR, FAILURES_KEPT, FAILURES_KEPT_FOR, MessageStore, Redelivery,
    SubscriptionShare, Subscriptions,
};
use zaqar_storage_conformance::{LeaseDue, PopMessages, PostMessages};
use zaqar_storage_embedded::EmbeddedMessageStore;

async fn subscribe(store: &EmbeddedMessageStore, to: &Destination, number: u64) -> SubscriptionId {
    let id = SubscriptionId::from_u128(u128::from(number));
    let subscription = Subscription {
        id,
        source: to.clone(),
        subscriber: format!("http://example.org/{number}"),
        ttl: SubscriptionTtl::new(1_000_000),
        renewed: NOW,
        options: Metadata::default(),
        confirmed: true,
        declined: false,
        notified: true,
        suspended: None,
    };
    store.subscribe(subscription, NOW).await.unwrap();
    id
}

fn attempt(at: Timestamp) -> Attempt {
    Attempt { at, status: Some(200), latency_ms: 1, excerpt: Excerpt::new(&"x".repeat(400)), address: None }
}

async fn lease(store: &EmbeddedMessageStore, now: Timestamp) -> (LeaseId, Vec<Delivery>) {
    store.lease_due(100, now).await.unwrap()
}

/// How the attempts of a subscription to the first queue ended, the newest first.
async fn ends(store: &EmbeddedMessageStore, id: SubscriptionId) -> Vec<AttemptEnd> {
    let page = PageRequest { marker: None, limit: 100 };
    let attempts = store.attempts(&queue(1), id, &AttemptFilter::default(), &page, NOW).await.unwrap().items;
    attempts.iter().map(|kept| kept.end).collect()
}

/// Delivers all that is due; answers the ids.
async fn deliver_all(store: &EmbeddedMessageStore, now: Timestamp) -> Vec<MessageId> {
    let mut delivered = Vec::new();
    loop {
        let (lease, due) = lease(store, now).await;
        if due.is_empty() {
            return delivered;
        }
        let outcome = DeliveryOutcome::Delivered(attempt(now));
        let reports: Vec<_> = due.iter().map(|delivery| delivery.report(outcome.clone())).collect();
        store.record(lease, &reports, now).await.unwrap();
        delivered.extend(due.iter().map(|delivery| delivery.message.message.id));
    }
}

/// Gives up all that is due, whenever something is.
async fn give_up_for_ever(store: Arc<EmbeddedMessageStore>) {
    loop {
        let (lease, due) = lease(&store, NOW).await;
        let outcome = DeliveryOutcome::GivenUp(Excerpt::new("410 Gone"), attempt(NOW));
        let reports: Vec<_> = due.iter().map(|delivery| delivery.report(outcome.clone())).collect();
        store.record(lease, &reports, NOW).await.unwrap();
        if due.is_empty() {
            store.wait_for_due().await.unwrap();
        }
    }
}

async fn fill(store: &EmbeddedMessageStore, to: &Destination, of_segments: u64) -> Vec<MessageId> {
    let count = usize::try_from(SEGMENT * of_segments / 1100).unwrap();
    let mut posted = Vec::new();
    for first in (0..count).step_by(20) {
        posted.extend(post(store, to, first..(first + 20).min(count)).await);
    }
    posted
}

async fn consume(store: &EmbeddedMessageStore, from: &Destination) {
    while !store.pop_messages(from, 50, NOW).await.unwrap().is_empty() {}
}

async fn run_maintenance(store: &EmbeddedMessageStore, now: Timestamp) {
    for _ in 0..20 {
        store.expire(now).await.unwrap();
    }
}

#[tokio::test]
async fn consumed_messages_keep_their_space_until_they_are_delivered() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    subscribe(&store, &queue(1), 1).await;
    subscribe(&store, &queue(1), 2).await;
    let posted = fill(&store, &queue(1), 8).await;
    consume(&store, &queue(1)).await;
    run_maintenance(&store, NOW).await;
    assert!(segments(directory.path()) >= 8, "{} segments", segments(directory.path()));
    assert_eq!(deliver_all(&store, NOW).await.len(), 2 * posted.len());
    run_maintenance(&store, NOW).await;
    // The attempts stay: about seven segments of this test's size.
    assert!(segments(directory.path()) <= 10, "{} segments", segments(directory.path()));
    let later = NOW.plus_secs(zaqar_storage::ATTEMPTS_KEPT_FOR);
    run_maintenance(&store, later).await;
    assert!(segments(directory.path()) <= 3, "{} segments", segments(directory.path()));
}

#[tokio::test]
async fn what_is_owed_gives_its_space_back_when_it_expires_or_nobody_is_left() {
    for ends in [true, false] {
        let directory = tempfile::tempdir().unwrap();
        let store = open(directory.path());
        let id = subscribe(&store, &queue(1), 1).await;
        fill(&store, &queue(1), 8).await;
        consume(&store, &queue(1)).await;
        if ends {
            store.unsubscribe(&queue(1), id).await.unwrap();
        }
        let now = if ends { NOW } else { NOW.plus_secs(3600 + EXPIRED_OWED_FOR + FAILURES_KEPT_FOR) };
        run_maintenance(&store, now).await;
        assert!(segments(directory.path()) <= 3, "{} segments", segments(directory.path()));
        assert_eq!(store.due(SubscriptionShare::each(1), 1, now).await.unwrap(), Due::Nothing);
    }
}

#[tokio::test]
async fn old_debts_and_attempts_do_not_pin_the_disk_and_survive_the_cleaner() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let id = subscribe(&store, &queue(1), 1).await;
    let first = post(&store, &queue(1), [0]).await;
    assert_eq!(deliver_all(&store, NOW).await, first);
    let owed = post(&store, &queue(1), 1..4).await;
    consume(&store, &queue(1)).await;
    fill(&store, &queue(2), 12).await;
    consume(&store, &queue(2)).await;
    run_maintenance(&store, NOW).await;
    assert!(segments(directory.path()) <= 6, "{} segments", segments(directory.path()));
    let mut store = store;
    for _ in 0..2 {
        let page = PageRequest { marker: None, limit: 10 };
        let attempts =
            store.attempts(&queue(1), id, &AttemptFilter::default(), &page, NOW).await.unwrap().items;
        assert_eq!(attempts.len(), 1);
        assert_eq!((attempts[0].message, &attempts[0].attempt), (first[0], &attempt(NOW)));
        drop(store);
        store = open(directory.path());
    }
    assert!(support::ids(&store, &queue(1)).await.is_empty(), "what was consumed does not come back");
    assert_eq!(deliver_all(&store, NOW).await, owed);
}

#[tokio::test]
async fn a_damaged_message_that_is_owed_does_not_pin_the_disk() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    subscribe(&store, &queue(1), 1).await;
    post(&store, &queue(1), [0]).await;
    let whole = post(&store, &queue(1), [1]).await;
    consume(&store, &queue(1)).await;
    let file = directory.path().join("messages/segment-0000000001.log");
    let mut log = std::fs::read(&file).unwrap();
    log[900] ^= 1;
    std::fs::write(&file, &log).unwrap();
    let (_, due) = lease(&store, NOW).await;
    assert_eq!(due.iter().map(|own| own.message.message.id).collect::<Vec<_>>(), whole);
    fill(&store, &queue(2), 12).await;
    consume(&store, &queue(2)).await;
    run_maintenance(&store, NOW).await;
    assert!(segments(directory.path()) <= 6, "{} segments", segments(directory.path()));
    drop(store);
    assert_eq!(deliver_all(&open(directory.path()), NOW).await, whole);
}

#[tokio::test]
async fn what_failed_to_be_recorded_is_owed_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let disk = FailingDisk::default();
    let faults = Arc::clone(&disk.faults);
    let store = open_on(directory.path(), Arc::new(disk));
    let id = subscribe(&store, &queue(1), 1).await;
    let posted = post(&store, &queue(1), 0..2).await;
    let (lease, due) = lease(&store, NOW).await;
    faults.write.store(true, Ordering::SeqCst);
    let reports: Vec<_> =
        due.iter().map(|own| own.report(DeliveryOutcome::Delivered(attempt(NOW)))).collect();
    store.record(lease, &reports, NOW).await.unwrap_err();
    store.record(lease, &reports, NOW).await.unwrap_err();
    drop(store);
    let store = open(directory.path());
    assert_eq!(deliver_all(&store, NOW).await, posted);
    let (delivered, broken_off) = (AttemptEnd::Delivered, AttemptEnd::Unknown);
    assert_eq!(ends(&store, id).await, [delivered, delivered, broken_off, broken_off]);
}

#[tokio::test]
async fn what_was_recorded_survives_a_power_cut() {
    let [directory, after_power_cut] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let durable = after_power_cut.path().join("messages");
    std::fs::create_dir_all(&durable).unwrap();
    let disk = FailingDisk { durable: Some(durable), ..FailingDisk::default() };
    // The disk knows a file by the name that it was opened with.
    drop(open(directory.path()));
    let store = open_on(directory.path(), Arc::new(disk));
    let id = subscribe(&store, &queue(1), 1).await;
    let posted = post(&store, &queue(1), 0..3).await;
    let (lease, due) = lease(&store, NOW).await;
    let gone = DeliveryOutcome::GivenUp(Excerpt::new("410 Gone"), attempt(NOW));
    let reports = vec![due[0].report(DeliveryOutcome::Delivered(attempt(NOW))), due[1].report(gone)];
    store.record(lease, &reports, NOW).await.unwrap();
    let store = open(after_power_cut.path());
    let page = PageRequest { marker: None, limit: 10 };
    assert_eq!(store.failed(&queue(1), id, &page, NOW).await.unwrap().items.len(), 1);
    assert_eq!(deliver_all(&store, NOW).await, posted[2..]);
    let (delivered, failed) = (AttemptEnd::Delivered, AttemptEnd::GivenUp);
    assert_eq!(ends(&store, id).await, [delivered, AttemptEnd::Unknown, failed, delivered]);
}

#[tokio::test]
async fn what_is_under_way_survives_a_power_cut() {
    let [directory, after_power_cut] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let durable = after_power_cut.path().join("messages");
    std::fs::create_dir_all(&durable).unwrap();
    let disk = FailingDisk { durable: Some(durable), ..FailingDisk::default() };
    drop(open(directory.path()));
    let store = open_on(directory.path(), Arc::new(disk));
    let id = subscribe(&store, &queue(1), 1).await;
    let posted = post(&store, &queue(1), 0..3).await;
    assert_eq!(lease(&store, NOW).await.1.len(), 3);
    let store = open(after_power_cut.path());
    assert_eq!(deliver_all(&store, NOW).await, posted, "due at once");
    assert_eq!(ends(&store, id).await[3..], [AttemptEnd::Unknown; 3]);
}

/// Otherwise it could not be said of an attempt that it was made.
#[tokio::test]
async fn nothing_is_leased_that_cannot_be_written_down() {
    let directory = tempfile::tempdir().unwrap();
    let disk = FailingDisk::default();
    let faults = Arc::clone(&disk.faults);
    let store = open_on(directory.path(), Arc::new(disk));
    let id = subscribe(&store, &queue(1), 1).await;
    let posted = post(&store, &queue(1), 0..2).await;
    faults.write.store(true, Ordering::SeqCst);
    let failed = store.lease_due(100, NOW).await;
    assert!(failed.is_err(), "{failed:?}");
    drop(store);
    let store = open(directory.path());
    assert_eq!(deliver_all(&store, NOW).await, posted);
    assert_eq!(ends(&store, id).await, [AttemptEnd::Delivered; 2]);
}

#[tokio::test]
async fn a_checkpoint_made_while_it_delivers_agrees_with_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(open(directory.path()));
    for number in 0..4 {
        subscribe(&store, &queue(number % 2), number).await;
    }
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..3_u64 {
        let store = Arc::clone(&store);
        workers.spawn(async move {
            let mut done = Vec::new();
            for round in 0..60_usize {
                post(&*store, &queue(worker % 2), round..round + 4).await;
                store.pop_messages(&queue(worker % 2), 3, NOW).await.unwrap();
                let (lease, due) = lease(&store, NOW).await;
                let reports = due.iter().enumerate().map(|(at, delivery)| {
                    let at_once = DeliveryOutcome::RetryAt(NOW, attempt(NOW));
                    let outcome =
                        if at % 3 == 0 { at_once } else { DeliveryOutcome::Delivered(attempt(NOW)) };
                    delivery.report(outcome)
                });
                let reports: Vec<_> = reports.collect();
                let delivered =
                    reports.iter().filter(|own| matches!(own.outcome, DeliveryOutcome::Delivered(_)));
                done.extend(delivered.map(|own| (own.subscription, own.position)));
                store.record(lease, &reports, NOW).await.unwrap();
                if worker == 0 {
                    store.expire(NOW).await.unwrap();
                }
            }
            done
        });
    }
    let mut done: Vec<_> = workers.join_all().await.into_iter().flatten().collect();
    drop(store);
    let store = open(directory.path());
    loop {
        let (lease, due) = lease(&store, NOW).await;
        if due.is_empty() {
            break;
        }
        let outcome = DeliveryOutcome::Delivered(attempt(NOW));
        let reports: Vec<_> = due.iter().map(|delivery| delivery.report(outcome.clone())).collect();
        done.extend(reports.iter().map(|own| (own.subscription, own.position)));
        store.record(lease, &reports, NOW).await.unwrap();
    }
    // Two subscriptions to each queue; two workers posted to the first and one to the second.
    assert_eq!(done.len(), 2 * 4 * 60 * 3);
    done.sort_unstable();
    done.dedup();
    assert_eq!(done.len(), 2 * 4 * 60 * 3, "each message once for each subscription");
}

#[tokio::test]
async fn a_message_that_is_read_for_many_is_the_same_for_each() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for number in 0..50 {
        subscribe(&store, &queue(1), number).await;
    }
    store.post_messages(&queue(1), &client(), vec![message("1"), message("2")], NOW).await.unwrap();
    let (_, due) = lease(&store, NOW).await;
    assert_eq!(due.len(), 100);
    for delivery in due {
        let body = delivery.message.message.body.as_bytes().clone();
        assert_eq!(body, if delivery.position == zaqar_model::Marker::new(1) { "1" } else { "2" });
    }
}

/// Through the store and not in the suite of all stores: the model would take minutes.
#[tokio::test]
async fn of_many_failures_the_last_are_kept() {
    const AT_ONCE: usize = 200;
    let directory = tempfile::tempdir().unwrap();
    let mut store = open(directory.path());
    let (to, id) = (queue(1), subscribe(&store, &queue(1), 1).await);
    let mut posted = Vec::new();
    while posted.len() < FAILURES_KEPT + AT_ONCE {
        posted.extend(store.post_messages(&to, &client(), vec![message("0"); AT_ONCE], NOW).await.unwrap());
    }
    consume(&store, &to).await;
    let account = Attempt { excerpt: Excerpt::default(), ..attempt(NOW) };
    let gone = DeliveryOutcome::GivenUp(Excerpt::new("410 Gone"), account);
    let (lease, due) = store.lease_due(posted.len(), NOW).await.unwrap();
    assert_eq!(due.len(), posted.len());
    // The last ones first: what decides is where the message stands.
    let reports: Vec<_> = due.iter().rev().map(|delivery| delivery.report(gone.clone())).collect();
    store.record(lease, &reports, NOW).await.unwrap();
    for _ in 0..2 {
        let page = PageRequest { marker: None, limit: posted.len() };
        let failed = store.failed(&to, id, &page, NOW).await.unwrap().items;
        let kept: Vec<_> = failed.iter().map(|own| own.message.message.id).collect();
        assert!(kept == posted[AT_ONCE..], "{} are kept", kept.len());
        let again = store.redeliver(&to, id, Redelivery::Message(posted[0]), NOW).await.unwrap();
        assert_eq!(again, 0, "nobody needs it any more");
        assert_eq!(store.due(SubscriptionShare::each(1), 1, NOW).await.unwrap(), Due::Nothing);
        drop(store);
        store = open(directory.path());
    }
}

/// Otherwise a subscriber that fails at once would keep the call busy for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_again_at_once_is_owed_again_only_once() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(open(directory.path()));
    let to = queue(1);
    let id = subscribe(&store, &to, 1).await;
    let posted = post(&*store, &to, 0..20).await;
    let engine = tokio::spawn(give_up_for_ever(Arc::clone(&store)));
    let page = PageRequest { marker: None, limit: 100 };
    while store.failed(&to, id, &page, NOW).await.unwrap().items.len() < posted.len() {
        tokio::task::yield_now().await;
    }
    for _ in 0..20 {
        let again = store.redeliver(&to, id, Redelivery::FailedSince(NOW), NOW).await.unwrap();
        assert!(again <= 20, "{again} of 20");
    }
    engine.abort();
}
