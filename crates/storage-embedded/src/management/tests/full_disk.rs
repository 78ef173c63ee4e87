//! A full disk is got over without a restart, and nothing that was acknowledged is lost meanwhile.

use std::io;
use std::sync::atomic::Ordering;

use serde_json::json;
use zaqar_model::{Metadata, PageRequest};
use zaqar_storage::{Destinations, ManagementStore, StorageError, StorageResult};

use super::failing_file::FailingFile;
use super::{QUEUE, metadata, project, queue};
use crate::management::{EmbeddedManagementStore, reserve};

async fn create(store: &EmbeddedManagementStore, name: &str) -> StorageResult<()> {
    create_with(store, name, Metadata::default()).await
}

async fn create_with(store: &EmbeddedManagementStore, name: &str, metadata: Metadata) -> StorageResult<()> {
    store.create(QUEUE, &project(), &queue(name), metadata).await.map(drop)
}

async fn delete(store: &EmbeddedManagementStore, name: &str) -> StorageResult<()> {
    store.delete(QUEUE, &project(), &queue(name)).await.map(drop)
}

async fn names(store: &EmbeddedManagementStore) -> Vec<String> {
    let everything = PageRequest { marker: None, limit: usize::MAX };
    let listed = store.list(QUEUE, &project(), &everything).await.unwrap();
    listed.items.iter().map(|queue| queue.destination.name.to_string()).collect()
}

/// So large that a few of them need room in the file.
fn large() -> Metadata {
    metadata(json!({"text": "x".repeat(50_000)}))
}

/// Makes queues until that is refused; answers their names and the refusal.
async fn fill(store: &EmbeddedManagementStore) -> (Vec<String>, StorageError) {
    let mut made = Vec::new();
    for n in 1000..3000 {
        let name = format!("q{n}");
        match create_with(store, &name, large()).await {
            Ok(()) => made.push(name),
            Err(error) => return (made, error),
        }
    }
    panic!("the disk does not get full");
}

async fn a_full_disk_is_got_over(store: &EmbeddedManagementStore, make_room: impl FnOnce()) -> Vec<String> {
    let (mut kept, refusal) = fill(store).await;
    assert!(matches!(refusal, StorageError::Unavailable(_)), "{refusal:?}");
    assert!(refusal.to_string().contains("the disk is full"), "{refusal}");
    assert_eq!(names(store).await, kept, "reads go on");
    for _ in 0..3 {
        let refusal = create(store, "late").await.unwrap_err();
        assert!(matches!(refusal, StorageError::Unavailable(_)), "{refusal:?}");
        assert!(refusal.to_string().contains("the disk is full"), "{refusal}");
    }
    assert!(store.is_alive().await, "what makes room is still taken");
    for name in kept.split_off(kept.len() - 3) {
        delete(store, &name).await.unwrap();
    }
    assert_eq!(names(store).await, kept);

    make_room();
    create(store, "afterwards").await.unwrap();
    kept.insert(0, "afterwards".to_owned());
    assert_eq!(names(store).await, kept);
    kept
}

#[tokio::test]
async fn deletions_go_through_on_a_full_disk_and_all_goes_on_when_there_is_room() {
    let file = FailingFile::default();
    file.disk.lock().size = 6 << 20;
    let store = file.open();
    let kept = a_full_disk_is_got_over(&store, || file.disk.lock().size = u64::MAX).await;
    assert_eq!(file.disk.lock().reserve, reserve::BYTES, "it is kept again");
    assert_eq!(names(&file.copy().open()).await, kept, "after a crash");
    store.close().await.unwrap();
    assert_eq!(names(&file.open()).await, kept, "after a restart");
}

#[tokio::test]
async fn all_can_be_deleted_on_a_full_disk() {
    let file = FailingFile::default();
    file.disk.lock().size = 12 << 20;
    let store = file.open();
    let (kept, _) = fill(&store).await;
    for name in &kept {
        delete(&store, name).await.unwrap();
    }
    assert!(names(&store).await.is_empty());
}

#[tokio::test]
async fn a_store_is_closed_and_opened_on_a_full_disk() {
    let file = FailingFile::default();
    file.disk.lock().size = 6 << 20;
    let store = file.open();
    let (kept, _) = fill(&store).await;
    file.disk.lock().fill();
    store.close().await.unwrap();
    let store = file.open();
    assert_eq!(names(&store).await, kept);
    let refusal = create(&store, "late").await.unwrap_err();
    assert!(refusal.to_string().contains("the disk is full"), "{refusal}");
}

/// Lets the n-th write fail, and some after it, for each n.
async fn each_failing_write_is_got_over(times: u64, error: io::ErrorKind) {
    for after in 0.. {
        let file = FailingFile::default();
        let store = file.open();
        let mut kept = vec!["before".to_owned(), "x-deleted".to_owned()];
        for name in &kept {
            create_with(&store, name, large()).await.unwrap();
        }
        file.disk.lock().fail(after, times, error);
        let mut failures = 0;
        for name in ["c1", "c2", "c3", "c4"] {
            match create_with(&store, name, large()).await {
                Ok(()) => kept.push(name.to_owned()),
                Err(StorageError::Unavailable(_)) => failures += 1,
                Err(StorageError::Driver(_)) => {
                    // It was not known at that moment: what the store says now, holds.
                    failures += 1;
                    while create(&store, "settled").await.is_err() {}
                    kept.push("settled".to_owned());
                    kept.extend(names(&store).await.contains(&name.to_owned()).then(|| name.to_owned()));
                }
                Err(other) => panic!("{other}"),
            }
        }
        file.disk.lock().fail(0, 0, error);
        delete(&store, "x-deleted").await.unwrap();
        create(&store, "d").await.unwrap();
        kept.push("d".to_owned());
        kept.retain(|name| name != "x-deleted");
        kept.sort();
        kept.dedup();
        assert_eq!(names(&store).await, kept, "after {after} writes");
        assert!(store.is_alive().await);
        assert_eq!(names(&file.copy().open()).await, kept, "after {after} writes and a crash");
        store.close().await.unwrap();
        assert_eq!(names(&file.open()).await, kept, "after {after} writes and a restart");
        if failures == 0 {
            assert!(after > 10, "none has failed");
            return;
        }
    }
}

#[tokio::test]
async fn a_write_without_room_is_got_over() {
    each_failing_write_is_got_over(1, io::ErrorKind::StorageFull).await;
}

#[tokio::test]
async fn a_write_beyond_the_quota_is_got_over_also_if_the_file_does_not_open_at_first() {
    each_failing_write_is_got_over(3, io::ErrorKind::QuotaExceeded).await;
}

#[tokio::test]
async fn a_write_that_fails_otherwise_is_got_over() {
    each_failing_write_is_got_over(1, io::ErrorKind::Other).await;
}

#[tokio::test]
async fn a_commit_that_is_whole_though_its_last_write_failed_counts() {
    let mut counted = 0;
    for after in 0..30 {
        let file = FailingFile::default();
        let store = file.open();
        create(&store, "before").await.unwrap();
        file.disk.lock().are_done = true;
        file.disk.lock().fail(after, 1, io::ErrorKind::StorageFull);
        let made = create(&store, "made").await.is_ok();
        counted += usize::from(made && file.disk.lock().has_failed());
        assert_eq!(names(&store).await.contains(&"made".to_owned()), made);
        assert_eq!(names(&file.copy().open()).await, names(&store).await, "after a crash");
    }
    assert!(counted > 0, "no commit was whole");
}

#[tokio::test]
async fn an_fsync_that_fails_while_a_full_disk_is_got_over_is_final() {
    let file = FailingFile::default();
    let store = file.open();
    create(&store, "before").await.unwrap();
    file.disk.lock().fail(0, 1, io::ErrorKind::StorageFull);
    file.sync_fails.store(true, Ordering::SeqCst);
    let failed = create(&store, "failed").await.unwrap_err();
    assert!(matches!(failed, StorageError::Driver(_)), "{failed:?}");
    file.sync_fails.store(false, Ordering::SeqCst);
    for _ in 0..3 {
        let refusal = delete(&store, "before").await.unwrap_err();
        assert!(matches!(refusal, StorageError::Unavailable(_)), "{refusal:?}");
    }
    assert!(!store.is_alive().await);
    assert_eq!(names(&store).await, ["before"]);
    assert_eq!(names(&file.copy().open()).await, ["before"], "after a restart");
}
