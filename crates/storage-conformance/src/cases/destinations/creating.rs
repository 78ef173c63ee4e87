//! Queues made and found.

use std::collections::BTreeSet;
use std::sync::Arc;

use zaqar_model::{DestinationKind, Metadata};
use zaqar_storage::Created;

use crate::bench::ManagementBench;
use crate::samples::{json_object, project, queue_name};

/// A new queue is what was asked for, and is found under its name.
pub async fn a_new_queue_is_found(bench: &ManagementBench) {
    let metadata = json_object(r#"{"a": 1}"#);
    let queue = bench.create_with("fizbit", metadata.clone()).await;
    assert_eq!(queue.destination.kind, DestinationKind::Queue);
    assert_eq!(queue.destination.project, project("p"));
    assert_eq!(queue.destination.name, queue_name("fizbit"));
    assert_eq!(queue.metadata, metadata);
    assert_eq!(bench.find("fizbit").await, Some(queue));
}

/// Where there is a queue of this name already, it is left as it was.
pub async fn an_existing_queue_is_left_as_it_was(bench: &ManagementBench) {
    let queue = bench.create_with("fizbit", json_object(r#"{"a": 1}"#)).await;
    let again = bench.create_kind(DestinationKind::Queue, "p", "fizbit", json_object(r#"{"b": 2}"#)).await;
    assert_eq!(again, Created::Existing(Arc::clone(&queue)));
    assert_eq!(bench.find("fizbit").await, Some(queue));
    assert_eq!(bench.count().await, 1);
}

/// What does not exist is not found.
pub async fn an_unknown_queue_is_not_found(bench: &ManagementBench) {
    assert_eq!(bench.find("fizbit").await, None);
    bench.create("fizbit").await;
    assert_eq!(bench.find("fizbi").await, None);
    assert_eq!(bench.find("fizbitt").await, None);
    assert_eq!(bench.find("FIZBIT").await, None);
}

/// Metadata comes back as it was given: nested values, numbers, the order of its members.
pub async fn metadata_comes_back_as_it_was_given(bench: &ManagementBench) {
    let text = r#"{"z":{"y":[1,2.5,-7,9223372036854775807,null,true]},"a":"naïve ☃","_max_claim_count":3}"#;
    bench.create_with("fizbit", json_object(text)).await;
    let found = bench.find("fizbit").await.unwrap();
    assert_eq!(serde_json::to_string(found.metadata.members()).unwrap(), text);
}

/// Destinations of different kinds may share a name.
pub async fn kinds_are_apart(bench: &ManagementBench) {
    let queue = bench.create("fizbit").await;
    let mut numbers = BTreeSet::from([queue.destination.number]);
    let store = bench.store();
    for kind in [DestinationKind::Topic, DestinationKind::Confirmations] {
        let created = bench.create_kind(kind, "p", "fizbit", Metadata::default()).await;
        assert!(matches!(created, Created::New(_)));
        let created = created.into_queue();
        assert!(numbers.insert(created.destination.number));
        assert_eq!(created.destination.kind, kind);
        let found = store.find(kind, &project("p"), &queue_name("fizbit")).await.unwrap();
        assert_eq!(found, Some(created));
    }
    assert_eq!(bench.find("fizbit").await, Some(queue));
    assert_eq!(bench.names().await, ["fizbit"]);
    assert_eq!(bench.count().await, 1);
}

/// Queues of two projects may share a name.
pub async fn projects_are_apart(bench: &ManagementBench) {
    let ours = bench.create("fizbit").await;
    // Such projects tempt a store that joins names to one key.
    for other in ["q", "p/", "p.", "P", "p\u{e9}", "p fizbit"] {
        let theirs = bench.create_kind(DestinationKind::Queue, other, "fizbit", Metadata::default()).await;
        assert!(matches!(theirs, Created::New(_)), "{other}");
        let store = bench.store();
        let found = store.find(DestinationKind::Queue, &project(other), &queue_name("fizbit")).await;
        assert_eq!(found.unwrap(), Some(theirs.into_queue()));
    }
    assert_eq!(bench.find("fizbit").await, Some(ours));
    assert_eq!(bench.names().await, ["fizbit"]);
}

/// The number of a queue is no other's.
pub async fn numbers_are_distinct(bench: &ManagementBench) {
    let mut numbers = BTreeSet::new();
    for number in 0..50 {
        numbers.insert(bench.create(&format!("q{number}")).await.destination.number);
    }
    assert_eq!(numbers.len(), 50);
}

/// Numbers are random: they do not tell how many queues there are.
pub async fn numbers_are_no_sequence(bench: &ManagementBench) {
    let mut numbers = Vec::new();
    for number in 0..16 {
        numbers.push(bench.create(&format!("q{number}")).await.destination.number.get());
    }
    numbers.sort_unstable();
    for pair in numbers.windows(2) {
        assert!(pair[1] - pair[0] > 1 << 16, "{} and {} are too near each other", pair[0], pair[1]);
    }
}

/// Of concurrent creations of one queue, one makes it and the others find it.
pub async fn concurrent_creations_make_one_queue(bench: &ManagementBench) {
    let creating: Vec<_> = (0..8)
        .map(|at| {
            let store = bench.store();
            let metadata = json_object(&format!("{{\"by\": {at}}}"));
            tokio::spawn(async move {
                store.create(DestinationKind::Queue, &project("p"), &queue_name("fizbit"), metadata).await
            })
        })
        .collect();
    let mut made = 0;
    let mut queues = Vec::new();
    for creation in creating {
        let created = creation.await.unwrap().unwrap();
        made += u32::from(matches!(created, Created::New(_)));
        queues.push(created.into_queue());
    }
    assert_eq!(made, 1);
    assert!(queues.iter().all(|queue| *queue == queues[0]));
}
