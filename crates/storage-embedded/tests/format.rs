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
    ClaimId, DelaySeconds, Metadata, NewMessage, PageRequest, Subscription, SubscriptionId, SubscriptionTtl,
};
use zaqar_storage::{ClaimRequest, Claims, DeadLetterPolicy, MessageStore, Messages, Subscriptions};
use zaqar_storage_embedded::EmbeddedMessageStore;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1").join(name)
}

/// One of each kind of record.
async fn write(store: &EmbeddedMessageStore) {
    let delayed =
        NewMessage { delay: DelaySeconds::new(60), checksum: Some("MD5:0".to_owned()), ..message("2") };
    store.post(&queue(1), &client(), vec![message("[1]"), delayed, message("3")], NOW).await.unwrap();
    store.claim(&queue(1), &claim_request(1, 1), NOW).await.unwrap();
    store
        .renew(&queue(1), ClaimId::from_u128(1), claim_request(1, 1).terms, NOW.plus_secs(10))
        .await
        .unwrap();
    store.claim(&queue(1), &claim_request(2, 1), NOW).await.unwrap();
    store.release(&queue(1), ClaimId::from_u128(2), NOW).await.unwrap();
    let posted = store.post(&queue(2), &client(), vec![message("4"), message("5")], NOW).await.unwrap();
    store.delete(&queue(2), posted[0], None, NOW).await.unwrap();
    for claim in [3, 4] {
        let dead_letters = Some(DeadLetterPolicy { max_claim_count: 1 });
        store.claim(&queue(2), &ClaimRequest { dead_letters, ..claim_request(claim, 1) }, NOW).await.unwrap();
        store.release(&queue(2), ClaimId::from_u128(claim), NOW).await.unwrap();
    }
    let exhausted = store.exhausted(&queue(2), 10, NOW).await.unwrap();
    store.move_exhausted(&queue(2), &queue(3), exhausted, NOW).await.unwrap();
    store.post(&queue(4), &client(), vec![message("6")], NOW).await.unwrap();
    store.purge(&queue(4), NOW).await.unwrap();
    for subscriber in ["mailto:a@example.org", "mailto:b@example.org"] {
        store.subscribe(subscription(subscriber), NOW).await.unwrap();
    }
    store.unsubscribe(&queue(1), subscription("mailto:b@example.org").id).await.unwrap();
    store.drop_destination(&queue(5)).await.unwrap();
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
        notified: true,
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
    assert!(store.post(&queue(5), &client(), vec![message("7")], NOW).await.is_err());
}

#[tokio::test]
async fn a_log_and_a_checkpoint_of_version_1_are_read() {
    if std::env::var_os("ZAQAR_WRITE_FIXTURE").is_some() {
        let directory = tempfile::tempdir().unwrap();
        let store = open(directory.path());
        write(&store).await;
        check(&store).await;
        drop(store);
        let log = std::fs::read(directory.path().join("messages/segment-0000000001.log")).unwrap();
        let end = log.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        std::fs::create_dir_all(fixture("")).unwrap();
        // The last record may end in zeros.
        std::fs::write(fixture("segment-0000000001.log"), &log[..end + 64]).unwrap();
        open(directory.path()).close().await.unwrap();
        std::fs::copy(directory.path().join("messages/checkpoint"), fixture("checkpoint")).unwrap();
    }
    let log = std::fs::read(fixture("segment-0000000001.log")).unwrap();
    // With a checkpoint nothing of the log is applied: its last record may as well be damaged.
    let mut damaged = log.clone();
    let last = log.iter().rposition(|byte| *byte != 0).unwrap();
    damaged[last] ^= 1;
    for (log, with_checkpoint) in [(log, false), (damaged, true)] {
        let directory = tempfile::tempdir().unwrap();
        let messages = directory.path().join("messages");
        std::fs::create_dir(&messages).unwrap();
        std::fs::write(messages.join("segment-0000000001.log"), log).unwrap();
        if with_checkpoint {
            std::fs::copy(fixture("checkpoint"), messages.join("checkpoint")).unwrap();
        }
        let store = open(directory.path());
        assert!(store.dropped().is_empty(), "{:?}", store.dropped());
        check(&store).await;
    }
}
