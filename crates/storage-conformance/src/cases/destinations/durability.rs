//! What was acknowledged is there when the store is opened again.

use zaqar_model::{DestinationKind, Metadata};

use crate::bench::ManagementBench;
use crate::samples::{json_object, project, queue_name};

/// Queues are there after reopening, with number, metadata and revision.
pub async fn queues_are_kept(bench: &ManagementBench) {
    let plain = bench.create_with("plain", json_object(r#"{"z": 1, "a": [2.5]}"#)).await;
    let seen = bench.create("changed").await;
    let changed = bench.store().set_metadata(&seen, json_object(r#"{"b": 2}"#)).await.unwrap();
    let mut others = Vec::new();
    for kind in [DestinationKind::Topic, DestinationKind::Confirmations] {
        others.push((kind, bench.create_kind(kind, "p", "plain", Metadata::default()).await.into_queue()));
    }
    bench.reopen().await;
    assert_eq!(bench.find("plain").await, Some(plain));
    assert_eq!(bench.find("changed").await, Some(changed));
    for (kind, other) in others {
        let found = bench.store().find(kind, &project("p"), &queue_name("plain")).await;
        assert_eq!(found.unwrap(), Some(other));
    }
    assert_eq!(bench.names().await, ["changed", "plain"]);
    assert_eq!(bench.count().await, 2);
}

/// A deleted queue does not come back after reopening, and its number is not used again.
pub async fn a_deleted_queue_does_not_come_back(bench: &ManagementBench) {
    let deleted = bench.create("fizbit").await;
    bench.delete("fizbit").await;
    bench.reopen().await;
    assert_eq!(bench.find("fizbit").await, None);
    assert_eq!(bench.count().await, 0);
    assert_ne!(bench.create("fizbit").await.destination.number, deleted.destination.number);
}

/// A change from a revision that was seen before reopening still holds good, or conflicts, as it would have before.
pub async fn revisions_go_on_after_reopening(bench: &ManagementBench) {
    let first = bench.create("fizbit").await;
    let second = bench.store().set_metadata(&first, json_object(r#"{"a": 1}"#)).await.unwrap();
    bench.reopen().await;
    assert!(bench.store().set_metadata(&first, json_object("{}")).await.is_err());
    let third = bench.store().set_metadata(&second, json_object(r#"{"a": 2}"#)).await.unwrap();
    assert_eq!(bench.find("fizbit").await, Some(third));
}
