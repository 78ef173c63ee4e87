//! What the store makes of a log that a crash tore or a disk damaged.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::path::{Path, PathBuf};

use support::{NOW, all, claim_request, client, ids, message, open, post, queue, segments};
use zaqar_model::{ClaimId, MessageId};
use zaqar_storage::{Claims, MessageStore, Messages};
use zaqar_storage_conformance::{PopMessages, PostMessages};

/// A log whose last commit is one post of three messages; answers the ids before it and of it.
async fn written(directory: &Path) -> (Vec<MessageId>, Vec<MessageId>) {
    let store = open(directory);
    let mut kept = Vec::new();
    for number in 0..3 {
        kept.extend(post(&store, &queue(1), [number]).await);
    }
    let short: Vec<_> = (3..6).map(|number| message(&number.to_string())).collect();
    let last = store.post_messages(&queue(1), &client(), short, NOW).await.unwrap();
    (kept, last)
}

fn log_file(directory: &Path) -> PathBuf {
    directory.join("messages/segment-0000000001.log")
}

/// Where the commits of a log begin, and where the last one ends.
fn commits(log: &[u8]) -> (Vec<usize>, usize) {
    let mut starts = Vec::new();
    let mut at = 48;
    while log[at..].starts_with(b"ZQEN") {
        starts.push(at);
        let length = u32::from_le_bytes(log[at + 8..at + 12].try_into().unwrap());
        at += (24 + usize::try_from(length).unwrap()).next_multiple_of(8);
    }
    (starts, at)
}

#[tokio::test]
async fn a_log_cut_anywhere_in_its_last_commit_keeps_all_before_and_nothing_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let (kept, _) = written(directory.path()).await;
    let log = std::fs::read(log_file(directory.path())).unwrap();
    let (starts, end) = commits(&log);
    let last = *starts.last().unwrap();
    assert_eq!(starts.len(), 4);
    for cut in last..end - 8 {
        std::fs::write(log_file(directory.path()), &log[..cut]).unwrap();
        let store = open(directory.path());
        assert_eq!(ids(&store, &queue(1)).await, kept, "cut at byte {cut}");
        let said = store.dropped();
        if cut >= last + 24 {
            assert_eq!(said.len(), 1, "cut at byte {cut}: {said:?}");
            assert!(said[0].torn && said[0].offset == last as u64, "cut at byte {cut}: {said:?}");
        }
    }
}

#[tokio::test]
async fn a_flipped_bit_in_the_last_commit_drops_it_as_a_whole_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let (kept, _) = written(directory.path()).await;
    let log = std::fs::read(log_file(directory.path())).unwrap();
    let (starts, end) = commits(&log);
    let last = *starts.last().unwrap();
    for byte in (last..end - 8).step_by(7) {
        let mut damaged = log.clone();
        damaged[byte] ^= 1 << (byte % 8);
        std::fs::write(log_file(directory.path()), &damaged).unwrap();
        let store = open(directory.path());
        assert_eq!(ids(&store, &queue(1)).await, kept, "byte {byte}");
        // In the first eight bytes the header itself is no longer known for one.
        assert_eq!(
            store.dropped().len(),
            usize::from(byte >= last + 8),
            "byte {byte}: {:?}",
            store.dropped()
        );
    }
}

#[tokio::test]
async fn damage_in_the_middle_costs_only_the_commit_that_it_hit() {
    let directory = tempfile::tempdir().unwrap();
    let (mut kept, last) = written(directory.path()).await;
    let mut log = std::fs::read(log_file(directory.path())).unwrap();
    let (starts, _) = commits(&log);
    log[starts[1] + 100] ^= 1;
    std::fs::write(log_file(directory.path()), &log).unwrap();
    let store = open(directory.path());
    kept.remove(1);
    kept.extend(last);
    assert_eq!(ids(&store, &queue(1)).await, kept);
    let said = store.dropped();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(!said[0].torn && said[0].offset == starts[1] as u64, "{said:?}");
}

#[tokio::test]
async fn after_a_torn_commit_the_log_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let (mut kept, _) = written(directory.path()).await;
    let log = std::fs::read(log_file(directory.path())).unwrap();
    let (starts, _) = commits(&log);
    std::fs::write(log_file(directory.path()), &log[..starts[3] + 150]).unwrap();
    kept.extend(post(&open(directory.path()), &queue(1), [9]).await);
    let store = open(directory.path());
    assert_eq!(ids(&store, &queue(1)).await, kept);
    assert!(store.dropped().is_empty(), "{:?}", store.dropped());
}

#[tokio::test]
async fn a_damaged_checkpoint_costs_no_message_and_no_id_is_given_out_twice() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut gone = Vec::new();
    let mut kept = Vec::new();
    for number in 0..200 {
        gone.extend(post(&store, &queue(1), [number]).await);
        kept.extend(post(&store, &queue(2), [number]).await);
    }
    store.pop_messages(&queue(1), 1000, NOW).await.unwrap();
    store.claim(&queue(2), &claim_request(7, 2), NOW).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let checkpoint = directory.path().join("messages/checkpoint");
    let mut bytes = std::fs::read(&checkpoint).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&checkpoint, bytes).unwrap();
    let store = open(directory.path());
    assert_eq!(ids(&store, &queue(2)).await, kept);
    let claim = store.get_claim(&queue(2), ClaimId::from_u128(7), NOW).await.unwrap().unwrap();
    assert_eq!(claim.messages.len(), 2);
    let new = post(&store, &queue(1), [0]).await;
    assert!(!gone.contains(&new[0]));
}

#[tokio::test]
async fn no_id_is_given_out_twice_however_long_ago_the_queue_was_emptied() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut gone = Vec::new();
    for number in 0..1000 {
        gone.extend(post(&store, &queue(1), [number]).await);
    }
    store.purge(&queue(1), NOW).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let store = open(directory.path());
    for number in 0..1000 {
        post(&store, &queue(10 + number % 30), [0]).await;
        store.purge(&queue(10 + number % 30), NOW).await.unwrap();
    }
    for _ in 0..20 {
        store.expire(NOW).await.unwrap();
    }
    store.close().await.unwrap();
    drop(store);
    let checkpoint = directory.path().join("messages/checkpoint");
    let mut bytes = std::fs::read(&checkpoint).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&checkpoint, bytes).unwrap();
    let new = post(&open(directory.path()), &queue(1), [0]).await;
    assert!(!gone.contains(&new[0]));
}

#[tokio::test]
async fn a_missing_segment_is_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for number in 0..400 {
        post(&store, &queue(1), [number]).await;
    }
    drop(store);
    std::fs::remove_file(directory.path().join("messages/segment-0000000002.log")).unwrap();
    let options = zaqar_storage_embedded::Options { segment_size: support::SEGMENT, ..Default::default() };
    let error = zaqar_storage_embedded::EmbeddedMessageStore::open(directory.path(), options).unwrap_err();
    assert!(error.to_string().contains("segment-0000000002.log"), "{error}");
}

#[tokio::test]
async fn segments_missing_before_the_checkpoint_are_refused_too() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for number in 0..1200 {
        post(&store, &queue(1), [number]).await;
        if number == 600 {
            store.expire(NOW).await.unwrap();
        }
    }
    drop(store);
    for number in 1..segments(directory.path()) {
        std::fs::remove_file(directory.path().join(format!("messages/segment-{number:010}.log"))).unwrap();
    }
    let options = zaqar_storage_embedded::Options { segment_size: support::SEGMENT, ..Default::default() };
    zaqar_storage_embedded::EmbeddedMessageStore::open(directory.path(), options).unwrap_err();
}

#[tokio::test]
async fn a_damaged_message_does_not_pin_the_disk() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let damaged = post(&store, &queue(1), [0]).await;
    let whole = post(&store, &queue(1), [1]).await;
    let mut log = std::fs::read(log_file(directory.path())).unwrap();
    log[700] ^= 1;
    std::fs::write(log_file(directory.path()), &log).unwrap();
    for number in 0..1500 {
        post(&store, &queue(2), [number]).await;
    }
    while !store.pop_messages(&queue(2), 100, NOW).await.unwrap().is_empty() {}
    for _ in 0..10 {
        store.expire(NOW).await.unwrap();
    }
    assert!(segments(directory.path()) <= 6, "{} segments", segments(directory.path()));
    assert_eq!(ids(&store, &queue(1)).await, whole, "{damaged:?} is given up");
}

#[tokio::test]
async fn messages_on_an_unreadable_stretch_do_not_keep_the_others_from_being_read() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for number in 0..200 {
        post(&store, &queue(1), [number]).await;
    }
    let file = std::fs::OpenOptions::new().write(true).open(log_file(directory.path())).unwrap();
    file.set_len(60_000).unwrap();
    let read = ids(&store, &queue(1)).await;
    assert!(!read.is_empty() && read.len() < 200, "{} were read", read.len());
    let claimed = store.claim(&queue(1), &claim_request(1, 200), NOW).await.unwrap();
    assert_eq!(claimed.messages.len(), read.len());
}

#[tokio::test]
async fn a_message_damaged_on_disk_is_left_out_and_the_others_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let (kept, last) = written(directory.path()).await;
    let store = open(directory.path());
    let mut log = std::fs::read(log_file(directory.path())).unwrap();
    let (starts, _) = commits(&log);
    log[starts[0] + 500] ^= 1;
    std::fs::write(log_file(directory.path()), &log).unwrap();
    let read: Vec<_> = all(&store, &queue(1), NOW).await.iter().map(|message| message.id).collect();
    assert_eq!(read, [&kept[1..], &last[..]].concat());
}
