//! A disk that fails: refused clearly, and nothing that was acknowledged is lost.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use support::failing_disk::FailingDisk;
use support::{NOW, SEGMENT, client, ids, numbered, open, open_on, post, queue};
use zaqar_storage::{Deletion, MessageStore, Messages, StorageError};

#[tokio::test]
async fn a_failed_fsync_is_never_tried_again_and_the_store_takes_no_more_writes() {
    let directory = tempfile::tempdir().unwrap();
    let disk = FailingDisk::default();
    let faults = Arc::clone(&disk.faults);
    let store = open_on(directory.path(), Arc::new(disk));
    let kept = post(&store, &queue(1), 0..5).await;
    faults.sync.store(true, Ordering::SeqCst);
    let failed = store.post(&queue(1), &client(), vec![numbered(5)], NOW).await.unwrap_err();
    assert!(matches!(failed, StorageError::Unavailable(_)), "{failed}");
    // The fault is over, the store does not trust the file any more.
    let refused = store.post(&queue(1), &client(), vec![numbered(6)], NOW).await.unwrap_err();
    assert!(refused.to_string().contains("until a restart"), "{refused}");
    let refused = store.delete(&queue(1), kept[0], None, NOW).await.unwrap_err();
    assert!(matches!(refused, StorageError::Unavailable(_)), "{refused}");
    assert!(!store.is_alive().await);
    assert_eq!(ids(&store, &queue(1)).await, kept, "reading goes on");
    drop(store);
    let after = ids(&open(directory.path()), &queue(1)).await;
    assert_eq!(after[..5], kept, "what was acknowledged is kept");
}

#[tokio::test]
async fn a_write_that_broke_off_half_way_loses_nothing_that_was_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let disk = FailingDisk::default();
    let faults = Arc::clone(&disk.faults);
    let store = open_on(directory.path(), Arc::new(disk));
    let kept = post(&store, &queue(1), 0..5).await;
    faults.write.store(true, Ordering::SeqCst);
    store.post(&queue(1), &client(), vec![numbered(5), numbered(6)], NOW).await.unwrap_err();
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
        match store.post(&queue(1), &client(), vec![numbered(number)], NOW).await {
            Ok(posted) => kept.extend(posted),
            Err(error) => {
                refusal = Some(error);
                break;
            }
        }
    }
    let refusal = refusal.expect("the disk is full");
    assert!(refusal.to_string().contains("no room"), "{refusal}");
    assert!(store.is_alive().await, "what makes room is still taken");
    for id in kept.drain(..kept.len() / 2) {
        assert_eq!(store.delete(&queue(1), id, None, NOW).await.unwrap(), Deletion::Done);
    }
    faults.full.store(false, Ordering::SeqCst);
    store.expire(NOW).await.unwrap();
    kept.extend(post(&store, &queue(1), [most]).await);
    assert_eq!(ids(&store, &queue(1)).await, kept);
    drop(store);
    assert_eq!(ids(&open(directory.path()), &queue(1)).await, kept);
}

#[tokio::test]
async fn a_store_that_cannot_be_made_says_which_file() {
    let directory = tempfile::tempdir().unwrap();
    let disk = FailingDisk::default();
    disk.faults.full.store(true, Ordering::SeqCst);
    let options = zaqar_storage_embedded::Options { disk: Arc::new(disk), ..Default::default() };
    let error = zaqar_storage_embedded::EmbeddedMessageStore::open(directory.path(), options).unwrap_err();
    assert!(error.to_string().contains("messages"), "{error}");
}
