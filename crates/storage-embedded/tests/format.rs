//! A log that an earlier version has written can still be read: its bytes are kept beside this test.
//!
//! Whoever changes the format on purpose raises its version, teaches the store to read the old one, and adds a fixture
//! (`ZAQAR_WRITE_FIXTURE=1 cargo nextest run -p zaqar-storage-embedded --test format`).

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::path::PathBuf;

use bytes::Bytes;
use support::{NOW, all, claim_request, client, message, open, queue};
use zaqar_model::{
    Address, Attempt, AttemptEnd, AttemptFilter, ClaimId, DelaySeconds, DeliveryOutcome, Excerpt,
    ExportedItem, LeaseId, Message, MessageId, Metadata, MoveId, NewMessage, PageRequest, StoredMessage,
    Subscription, SubscriptionId, SubscriptionTtl, Suspension, TtlSeconds,
};
use zaqar_storage::{
    Adoption, ClaimRequest, Claims, DeadLetterPolicy, DeadLetters, Deliveries, ExportCursor, Guard,
    LeaseRequest, MessageStore, Messages, Migration, SubscriptionShare, Subscriptions,
};
use zaqar_storage_conformance::{LeaseDue, PopMessages, PostMessages};
use zaqar_storage_embedded::EmbeddedMessageStore;

/// The format that is written.
const CURRENT: u32 = 4;

fn fixture(version: u32, name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/format-{version}")).join(name)
}

/// One of each kind of record.
async fn write(store: &EmbeddedMessageStore) {
    let delayed =
        NewMessage { delay: DelaySeconds::new(60), checksum: Some("MD5:0".to_owned()), ..message("2") };
    store
        .post_messages(&queue(1), &client(), vec![message("[1]"), delayed, message("3")], NOW)
        .await
        .unwrap();
    store.claim(&queue(1), &claim_request(1, 1), NOW).await.unwrap();
    store
        .renew(&queue(1), ClaimId::from_u128(1), claim_request(1, 1).terms, NOW.plus_secs(10))
        .await
        .unwrap();
    store.claim(&queue(1), &claim_request(2, 1), NOW).await.unwrap();
    store.release(&queue(1), ClaimId::from_u128(2), NOW).await.unwrap();
    let posted =
        store.post_messages(&queue(2), &client(), vec![message("4"), message("5")], NOW).await.unwrap();
    store.delete(&queue(2), &posted[..1], Guard::Unclaimed, NOW).await.unwrap();
    for claim in [3, 4] {
        let dead_letters = Some(DeadLetterPolicy { max_claim_count: 1 });
        store.claim(&queue(2), &ClaimRequest { dead_letters, ..claim_request(claim, 1) }, NOW).await.unwrap();
        store.release(&queue(2), ClaimId::from_u128(claim), NOW).await.unwrap();
    }
    let exhausted = store.dead_letters(&queue(2), 10, NOW).await.unwrap();
    store.move_dead_letters(&queue(2), &queue(3), &exhausted, NOW).await.unwrap();
    store.post_messages(&queue(4), &client(), vec![message("6")], NOW).await.unwrap();
    store.purge(&queue(4), NOW).await.unwrap();
    for subscriber in ["mailto:a@example.org", "mailto:b@example.org"] {
        store.subscribe(subscription(subscriber), NOW).await.unwrap();
    }
    store.unsubscribe(&queue(1), subscription("mailto:b@example.org").id).await.unwrap();
    store.drop_destination(&queue(5), NOW).await.unwrap();
}

/// What version 2 has beyond version 1; version 3 beyond that: the fourth delivery is under way; and version 4: attempts
/// tell where they went, a subscription is suspended, and a message tells of a delivery that was given up.
async fn write_deliveries(store: &EmbeddedMessageStore) {
    let subscribed = Subscription { source: queue(6), ..subscription("mailto:c@example.org") };
    store.subscribe(subscribed, NOW).await.unwrap();
    store
        .post_messages(&queue(6), &client(), ["7", "8", "9", "10"].map(message).to_vec(), NOW)
        .await
        .unwrap();
    let share = SubscriptionShare::each(10);
    // The same for each fixture.
    let id = LeaseId::from_u128(1);
    let request = LeaseRequest { id, ..store.lease_request(10, share, NOW).await.unwrap() };
    let due = store.lease(&request, NOW).await.unwrap().deliveries;
    let attempt = Attempt {
        at: NOW,
        status: Some(503),
        latency_ms: 5,
        excerpt: Excerpt::new("Service Unavailable"),
        address: Some(Address::of("https://example.org/hook")),
    };
    let outcomes = [
        DeliveryOutcome::Delivered(attempt.clone()),
        DeliveryOutcome::RetryAt(NOW.plus_secs(30), attempt.clone()),
        DeliveryOutcome::GivenUp(Excerpt::new("410 Gone"), attempt),
    ];
    let reports: Vec<_> =
        due.iter().zip(outcomes).map(|(delivery, outcome)| delivery.report(outcome)).collect();
    store.record(id, &reports, NOW).await.unwrap();
    store.pop_messages(&queue(6), 10, NOW).await.unwrap();
    store.adopt(&queue(8), &[letter()], Adoption::Return, NOW).await.unwrap();
    store.subscribe(suspended(), NOW).await.unwrap();
}

fn letter() -> StoredMessage {
    let message = Message {
        id: MessageId::from_u128(8),
        ttl: TtlSeconds::new(3600),
        created: NOW,
        body: message("11").body,
        checksum: None,
        claim: None,
        claim_count: 0,
    };
    let expires = NOW.plus_secs(3600);
    StoredMessage { message, client: client(), expires, delayed_until: NOW, is_letter: true }
}

fn suspended() -> Subscription {
    let suspended = Some(Suspension { since: NOW, reason: Excerpt::new("410 Gone") });
    Subscription { source: queue(7), suspended, ..subscription("mailto:d@example.org") }
}

async fn check_deliveries(store: &EmbeddedMessageStore, version: u32) {
    let id = subscription("mailto:c@example.org").id;
    let now = NOW.plus_secs(30);
    let (_, due) = store.lease_due(10, now).await.unwrap();
    let due: Vec<_> =
        due.iter().map(|own| (own.message.message.body.as_bytes().clone(), own.attempts)).collect();
    assert_eq!(due, [("10".into(), 0), ("8".into(), 1)]);
    let page = PageRequest { marker: None, limit: 10 };
    let failed = store.failed(&queue(6), id, &page, now).await.unwrap().items;
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].message.message.body.as_bytes(), "9");
    assert_eq!((failed[0].failed, failed[0].reason.as_str()), (NOW, "410 Gone"));
    let page = PageRequest { marker: None, limit: 10 };
    let attempts = store.attempts(&queue(6), id, &AttemptFilter::default(), &page, now).await.unwrap().items;
    let ends: Vec<_> = attempts.iter().map(|kept| kept.end).collect();
    let known = [AttemptEnd::GivenUp, AttemptEnd::RetryAt(now), AttemptEnd::Delivered];
    let broken_off: &[AttemptEnd] = if version >= 3 { &[AttemptEnd::Unknown] } else { &[] };
    assert_eq!(ends, [broken_off, &known].concat());
    let first = &attempts[broken_off.len()].attempt;
    assert_eq!((first.status, first.latency_ms), (Some(503), 5));
    if version >= 4 {
        let kept = store.get_subscription(&queue(7), suspended().id, now).await.unwrap();
        assert_eq!(kept, Some(suspended()));
        let mover = MoveId::from_u128(1);
        store.begin_export(&queue(8), mover, now).await.unwrap();
        let letters = store.export(&queue(8), mover, &ExportCursor::default(), 10, now).await.unwrap();
        let stored = letters.items.iter().filter_map(|item| match item {
            ExportedItem::Message(moving) => Some(&moving.stored),
            _ => None,
        });
        assert_eq!(stored.collect::<Vec<_>>(), [&letter()]);
    }
    let address = first.address.as_ref().map(Address::as_str);
    assert_eq!(address, (version >= 4).then_some("https://example.org/hook"));
}

fn subscription(subscriber: &str) -> Subscription {
    Subscription {
        id: SubscriptionId::from_u128(u128::from(subscriber.as_bytes()[7])),
        source: queue(1),
        subscriber: subscriber.to_owned(),
        ttl: SubscriptionTtl::new(3600),
        renewed: NOW,
        options: Metadata::default(),
        confirmed: true,
        declined: false,
        notified: true,
        suspended: None,
    }
}

/// What there is after that.
async fn check(store: &EmbeddedMessageStore) {
    let bodies = async |number, now| {
        let messages = all(store, &queue(number), now).await;
        messages.into_iter().map(|message| message.body.into_bytes()).collect::<Vec<Bytes>>()
    };
    assert_eq!(bodies(1, NOW).await, ["[1]", "2", "3"]);
    assert_eq!(bodies(2, NOW).await, Vec::<Bytes>::new());
    assert_eq!(bodies(3, NOW).await, ["5"]);
    assert_eq!(bodies(4, NOW).await, Vec::<Bytes>::new());
    let claim = store.get_claim(&queue(1), ClaimId::from_u128(1), NOW.plus_secs(10)).await.unwrap().unwrap();
    assert_eq!((claim.renewed, claim.messages.len()), (NOW.plus_secs(10), 1));
    let page = PageRequest { marker: None, limit: 10 };
    let kept = store.list_subscriptions(&queue(1), &page, NOW).await.unwrap().items;
    assert_eq!(kept, [subscription("mailto:a@example.org")]);
    let first = &all(store, &queue(1), NOW).await[1];
    assert_eq!((first.checksum.as_deref(), first.claim_count), (Some("MD5:0"), 0));
    assert!(store.post_messages(&queue(5), &client(), vec![message("7")], NOW).await.is_err());
}

/// A directory with the log of a fixture, and perhaps its checkpoint.
fn directory_with(version: u32, log: &[u8], with_checkpoint: bool) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let messages = directory.path().join("messages");
    std::fs::create_dir(&messages).unwrap();
    std::fs::write(messages.join("segment-0000000001.log"), log).unwrap();
    if with_checkpoint {
        std::fs::copy(fixture(version, "checkpoint"), messages.join("checkpoint")).unwrap();
    }
    directory
}

async fn write_fixture() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    write(&store).await;
    write_deliveries(&store).await;
    check(&store).await;
    drop(store);
    let log = std::fs::read(directory.path().join("messages/segment-0000000001.log")).unwrap();
    let end = log.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    std::fs::create_dir_all(fixture(CURRENT, "")).unwrap();
    // The last record may end in zeros.
    std::fs::write(fixture(CURRENT, "segment-0000000001.log"), &log[..end + 64]).unwrap();
    open(directory.path()).close().await.unwrap();
    std::fs::copy(directory.path().join("messages/checkpoint"), fixture(CURRENT, "checkpoint")).unwrap();
}

#[tokio::test]
async fn a_log_and_a_checkpoint_of_every_version_are_read() {
    if std::env::var_os("ZAQAR_WRITE_FIXTURE").is_some() {
        write_fixture().await;
    }
    for version in 1..=CURRENT {
        let log = std::fs::read(fixture(version, "segment-0000000001.log")).unwrap();
        // With a checkpoint nothing of the log is applied: its last record may as well be damaged.
        let mut damaged = log.clone();
        let last = log.iter().rposition(|byte| *byte != 0).unwrap();
        damaged[last] ^= 1;
        for (log, with_checkpoint) in [(log, false), (damaged, true)] {
            let directory = directory_with(version, &log, with_checkpoint);
            let store = open(directory.path());
            assert!(store.dropped().is_empty(), "{:?}", store.dropped());
            check(&store).await;
            if version >= 2 {
                check_deliveries(&store, version).await;
            }
        }
    }
}

#[tokio::test]
async fn a_log_of_an_earlier_version_goes_on_in_a_segment_of_this_one() {
    let log = std::fs::read(fixture(1, "segment-0000000001.log")).unwrap();
    let directory = directory_with(1, &log, false);
    let store = open(directory.path());
    store.post_messages(&queue(1), &client(), vec![message("7")], NOW).await.unwrap();
    let (_, due) = store.lease_due(10, NOW).await.unwrap();
    assert_eq!(due.len(), 1, "a subscription of then is owed what is posted now");
    drop(store);
    let version = |number: u32| {
        let bytes =
            std::fs::read(directory.path().join(format!("messages/segment-{number:010}.log"))).unwrap();
        u32::from_le_bytes(bytes[4..8].try_into().unwrap())
    };
    assert_eq!([version(1), version(2)], [1, CURRENT]);
    assert_eq!(all(&open(directory.path()), &queue(1), NOW).await.len(), 4);
}
