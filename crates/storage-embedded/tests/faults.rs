//! A disk that fails: refused clearly, and nothing that was acknowledged is lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use support::failing_disk::FailingDisk;
use support::{NOW, SEGMENT, claim_request, client, ids, numbered, open, open_on, post, queue, segments};
use zaqar_model::ClaimId;
use zaqar_storage::{Claims, Deletion, Guard, MessageStore, Messages, StorageError};
use zaqar_storage_conformance::{PopMessages, PostMessages};
use zaqar_storage_embedded::{Durability, EmbeddedMessageStore, Options};

#[tokio::test]
async fn a_failed_fsync_is_never_tried_again_and_the_store_takes_no_more_writes() {
    let directory = tempfile::tempdir().unwrap();
    let disk = FailingDisk::default();
    let faults = Arc::clone(&disk.faults);
    let store = open_on(directory.path(), Arc::new(disk));
    let kept = post(&store, &queue(1), 0..5).await;
    faults.sync.store(true, Ordering::SeqCst);
    let failed = store.post_messages(&queue(1), &client(), vec![numbered(5)], NOW).await.unwrap_err();
    assert!(matches!(failed, StorageError::Unavailable(_)), "{failed}");
    // The fault is over, the store does not trust the file any more.
    let refused = store.post_messages(&queue(1), &client(), vec![numbered(6)], NOW).await.unwrap_err();
    assert!(refused.to_string().contains("until a restart"), "{refused}");
    let refused = store.delete(&queue(1), &[kept[0]], Guard::Unclaimed, NOW).await.unwrap_err();
    assert!(matches!(refused, StorageError::Unavailable(_)), "{refused}");
    assert!(!store.is_alive().await);
    assert_eq!(ids(&store, &queue(1)).await, kept, "reading goes on");
    drop(store);
    let after = ids(&open(directory.path()), &queue(1)).await;
    assert_eq!(after[..5], kept, "what was acknowledged is kept");
}

#[tokio::test]
async fn what_failed_to_be_deleted_is_not_reported_deleted_afterwards() {
    let directory = tempfile::tempdir().unwrap();
    let disk = FailingDisk::default();
    let faults = Arc::clone(&disk.faults);
    let store = open_on(directory.path(), Arc::new(disk));
    let kept = post(&store, &queue(1), 0..2).await;
    faults.write.store(true, Ordering::SeqCst);
    store.delete(&queue(1), &[kept[0]], Guard::Unclaimed, NOW).await.unwrap_err();
    store.delete(&queue(1), &[kept[0]], Guard::Unclaimed, NOW).await.unwrap_err();
    drop(store);
    assert_eq!(ids(&open(directory.path()), &queue(1)).await, kept);
}

#[tokio::test]
async fn what_is_read_back_after_a_crash_is_made_durable_before_it_is_served() {
    let directory = tempfile::tempdir().unwrap();
    let after_power_cut = tempfile::tempdir().unwrap();
    let durable = after_power_cut.path().join("messages");
    std::fs::create_dir_all(&durable).unwrap();
    let disk = || FailingDisk { durable: Some(durable.clone()), ..FailingDisk::default() };
    let first = disk();
    let faults = Arc::clone(&first.faults);
    let store = open_on(directory.path(), Arc::new(first));
    let kept = post(&store, &queue(1), 0..2).await;
    // The write is in the page cache, the process dies before the fsync.
    faults.sync.store(true, Ordering::SeqCst);
    store.delete(&queue(1), &[kept[0]], Guard::Unclaimed, NOW).await.unwrap_err();
    drop(store);
    let store = open_on(directory.path(), Arc::new(disk()));
    assert_eq!(store.delete(&queue(1), &[kept[0]], Guard::Unclaimed, NOW).await.unwrap(), Deletion::Done);
    std::mem::forget(store);
    assert_eq!(ids(&open(after_power_cut.path()), &queue(1)).await, kept[1..]);
}

#[tokio::test]
async fn a_defect_in_the_writer_leaves_nobody_waiting() {
    let directory = tempfile::tempdir().unwrap();
    let disk = FailingDisk::default();
    let faults = Arc::clone(&disk.faults);
    let store = open_on(directory.path(), Arc::new(disk));
    faults.panic.store(true, Ordering::SeqCst);
    for number in 0..3 {
        store.post_messages(&queue(1), &client(), vec![numbered(number)], NOW).await.unwrap_err();
    }
    assert!(!store.is_alive().await);
}

#[tokio::test]
async fn relaxed_durability_is_declared_and_synced_now_and_then() {
    let directory = tempfile::tempdir().unwrap();
    let disk = FailingDisk::default();
    let faults = Arc::clone(&disk.faults);
    let options = Options { durability: Durability::Relaxed, disk: Arc::new(disk), ..Options::default() };
    let store = EmbeddedMessageStore::open(directory.path(), options).unwrap();
    assert!(!store.capabilities().durability);
    let before = faults.syncs.load(Ordering::SeqCst);
    post(&store, &queue(1), 0..5).await;
    assert_eq!(faults.syncs.load(Ordering::SeqCst), before);
    store.expire(NOW).await.unwrap();
    assert!(faults.syncs.load(Ordering::SeqCst) > before);
}

#[tokio::test]
async fn a_write_that_broke_off_half_way_loses_nothing_that_was_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let disk = FailingDisk::default();
    let faults = Arc::clone(&disk.faults);
    let store = open_on(directory.path(), Arc::new(disk));
    let kept = post(&store, &queue(1), 0..5).await;
    faults.write.store(true, Ordering::SeqCst);
    store.post_messages(&queue(1), &client(), vec![numbered(5), numbered(6)], NOW).await.unwrap_err();
    drop(store);
    let store = open(directory.path());
    assert_eq!(ids(&store, &queue(1)).await, kept);
    assert!(store.dropped().iter().all(|dropped| dropped.torn), "{:?}", store.dropped());
}

#[tokio::test]
async fn a_full_disk_refuses_posts_but_not_deletions_and_takes_posts_again_when_it_has_room() {
    let directory = tempfile::tempdir().unwrap();
    let disk = FailingDisk::default();
    let faults = Arc::clone(&disk.faults);
    let store = open_on(directory.path(), Arc::new(disk));
    let mut kept = post(&store, &queue(1), 0..5).await;
    faults.full.store(true, Ordering::SeqCst);
    let most = usize::try_from(SEGMENT / 1000 * 3).unwrap();
    let mut refusal = None;
    for number in 5..most {
        match store.post_messages(&queue(1), &client(), vec![numbered(number)], NOW).await {
            Ok(posted) => kept.extend(posted),
            Err(error) => {
                refusal = Some(error);
                break;
            }
        }
    }
    let refusal = refusal.expect("the disk is full");
    assert!(refusal.to_string().contains("no space"), "{refusal}");
    assert!(store.is_alive().await, "what makes room is still taken");
    for id in kept.drain(..kept.len() / 2) {
        assert_eq!(store.delete(&queue(1), &[id], Guard::Unclaimed, NOW).await.unwrap(), Deletion::Done);
    }
    faults.full.store(false, Ordering::SeqCst);
    store.expire(NOW).await.unwrap();
    kept.extend(post(&store, &queue(1), [most]).await);
    assert_eq!(ids(&store, &queue(1)).await, kept);
    drop(store);
    assert_eq!(ids(&open(directory.path()), &queue(1)).await, kept);
}

/// Posts until the disk, which is full, takes no more.
async fn fill(store: &EmbeddedMessageStore) {
    for number in 0..usize::try_from(SEGMENT / 1000 * 3).unwrap() {
        if store.post_messages(&queue(1), &client(), vec![numbered(number)], NOW).await.is_err() {
            return;
        }
    }
    panic!("the disk is full");
}

#[tokio::test]
async fn claims_on_a_full_disk_leave_room_for_deletions() {
    let directory = tempfile::tempdir().unwrap();
    let disk = FailingDisk::default();
    let faults = Arc::clone(&disk.faults);
    let store = open_on(directory.path(), Arc::new(disk));
    // Whoever answers this has made the next segment ready.
    post(&store, &queue(1), 0..1).await;
    faults.full.store(true, Ordering::SeqCst);
    fill(&store).await;
    let mut claim = 0;
    let refusal = loop {
        claim += 1;
        match store.claim(&queue(1), &claim_request(claim, 1), NOW).await {
            Ok(_) => store.release(&queue(1), ClaimId::from_u128(claim), NOW).await.unwrap(),
            Err(refusal) => break refusal,
        }
    };
    assert!(refusal.to_string().contains("no space"), "{refusal}");
    let kept = ids(&store, &queue(1)).await;
    assert_eq!(store.delete(&queue(1), &[kept[0]], Guard::Unclaimed, NOW).await.unwrap(), Deletion::Done);
    drop(store);
    assert_eq!(ids(&open(directory.path()), &queue(1)).await, kept[1..]);
}

#[tokio::test]
async fn a_full_disk_can_be_opened_and_emptied() {
    let directory = tempfile::tempdir().unwrap();
    let full = || {
        let disk = FailingDisk::default();
        disk.faults.full.store(true, Ordering::SeqCst);
        Arc::new(disk)
    };
    drop(open(directory.path()));
    let store = open_on(directory.path(), full());
    fill(&store).await;
    drop(store);
    let store = open_on(directory.path(), full());
    let kept = ids(&store, &queue(1)).await;
    assert_eq!(store.pop_messages(&queue(1), 10, NOW).await.unwrap().len(), 10);
    drop(store);
    assert_eq!(ids(&open(directory.path()), &queue(1)).await, kept[10..]);
}

#[tokio::test]
async fn a_full_disk_recovers_by_itself_once_messages_are_consumed() {
    let directory = tempfile::tempdir().unwrap();
    let disk = FailingDisk::default();
    let faults = Arc::clone(&disk.faults);
    let store = open_on(directory.path(), Arc::new(disk));
    let fill = async || {
        for first in (0..600).step_by(10) {
            post(&store, &queue(1), first..first + 10).await;
        }
    };
    fill().await;
    // Makes a checkpoint: it covers what was posted so far.
    store.expire(NOW).await.unwrap();
    fill().await;
    faults.full.store(true, Ordering::SeqCst);
    while !store.pop_messages(&queue(1), 100, NOW).await.unwrap().is_empty() {}
    let before = segments(directory.path());
    let _ = store.expire(NOW).await;
    assert!(segments(directory.path()) < before, "{before} segments are still there");
}

#[tokio::test]
async fn a_store_that_cannot_be_made_says_which_file() {
    let directory = tempfile::tempdir().unwrap();
    let disk = FailingDisk::default();
    disk.faults.full.store(true, Ordering::SeqCst);
    let options = Options { disk: Arc::new(disk), ..Default::default() };
    let error = EmbeddedMessageStore::open(directory.path(), options).unwrap_err();
    assert!(error.to_string().contains("messages"), "{error}");
}
