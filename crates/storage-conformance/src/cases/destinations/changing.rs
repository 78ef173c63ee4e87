//! Metadata replaced, if no one else did so meanwhile.

use zaqar_storage::StorageError;

use crate::bench::ManagementBench;
use crate::samples::json_object;

/// New metadata replaces the old; number and name stay, and the revision counts the change.
pub async fn new_metadata_replaces_the_old(bench: &ManagementBench) {
    let seen = bench.create_with("fizbit", json_object(r#"{"a": 1, "b": 2}"#)).await;
    let metadata = json_object(r#"{"c": 3}"#);
    let changed = bench.store().set_metadata(&seen, metadata.clone()).await.unwrap();
    assert_eq!(changed.destination, seen.destination);
    assert_eq!(changed.metadata, metadata);
    assert!(changed.revision > seen.revision);
    assert_eq!(bench.find("fizbit").await, Some(changed));
}

/// A change from a revision that is not the last is a `Conflict`, and changes nothing.
pub async fn a_change_from_an_old_revision_is_a_conflict(bench: &ManagementBench) {
    let seen = bench.create("fizbit").await;
    let changed = bench.store().set_metadata(&seen, json_object(r#"{"a": 1}"#)).await.unwrap();
    let refused = bench.store().set_metadata(&seen, json_object(r#"{"b": 2}"#)).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    assert_eq!(bench.find("fizbit").await, Some(changed));
}

/// One change follows another, each from what it has seen.
pub async fn changes_follow_one_another(bench: &ManagementBench) {
    let mut seen = bench.create("fizbit").await;
    for number in 0..5 {
        let metadata = json_object(&format!("{{\"n\": {number}}}"));
        seen = bench.store().set_metadata(&seen, metadata).await.unwrap();
        assert_eq!(bench.find("fizbit").await, Some(seen.clone()));
    }
}

/// A change of a queue that was deleted is `NotFound`.
pub async fn a_change_of_a_deleted_queue_is_not_found(bench: &ManagementBench) {
    let seen = bench.create("fizbit").await;
    bench.delete("fizbit").await;
    let refused = bench.store().set_metadata(&seen, json_object("{}")).await;
    assert!(matches!(refused, Err(StorageError::NotFound(_))), "{refused:?}");
    assert_eq!(bench.find("fizbit").await, None);
}

/// A change of a queue that was deleted does not touch a later one of the same name.
pub async fn a_change_does_not_touch_a_later_queue_of_the_same_name(bench: &ManagementBench) {
    let seen = bench.create("fizbit").await;
    bench.delete("fizbit").await;
    let later = bench.create("fizbit").await;
    let refused = bench.store().set_metadata(&seen, json_object(r#"{"a": 1}"#)).await;
    assert!(matches!(refused, Err(StorageError::NotFound(_))), "{refused:?}");
    assert_eq!(bench.find("fizbit").await, Some(later));
}

/// Of concurrent changes from one revision, one is made and the others are told: none is lost unseen.
pub async fn of_concurrent_changes_one_is_made(bench: &ManagementBench) {
    let seen = bench.create("fizbit").await;
    let changing: Vec<_> = (0..8)
        .map(|at| {
            let (store, seen) = (bench.store(), seen.clone());
            let metadata = json_object(&format!("{{\"by\": {at}}}"));
            tokio::spawn(async move { store.set_metadata(&seen, metadata).await })
        })
        .collect();
    let mut made = Vec::new();
    for change in changing {
        match change.await.unwrap() {
            Ok(queue) => made.push(queue),
            Err(StorageError::Conflict(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(made.len(), 1);
    assert_eq!(bench.find("fizbit").await, made.pop());
}

/// A change that is made again is a `Conflict`, also where the queue has this metadata already: another may have made the same
/// change. A caller that repeats it sees by the next revision that it was made.
pub async fn the_same_change_again_is_a_conflict(bench: &ManagementBench) {
    let seen = bench.create("fizbit").await;
    let metadata = json_object(r#"{"b": [1.5], "a": {"c": null}}"#);
    let changed = bench.store().set_metadata(&seen, metadata.clone()).await.unwrap();
    assert_eq!(changed.revision, seen.revision + 1);
    let refused = bench.store().set_metadata(&seen, metadata).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    assert_eq!(bench.find("fizbit").await, Some(changed));
}

/// A change of one queue leaves the others alone.
pub async fn a_change_leaves_other_queues_alone(bench: &ManagementBench) {
    let seen = bench.create("fizbit").await;
    let other = bench.create("other").await;
    bench.store().set_metadata(&seen, json_object(r#"{"a": 1}"#)).await.unwrap();
    assert_eq!(bench.find("other").await, Some(other));
}
