//! Queues removed.

use zaqar_model::{DestinationKind, Metadata};

use crate::bench::ManagementBench;
use crate::samples::{json_object, project, queue_name};

/// A deletion answers what the queue was; then it is gone.
pub async fn a_deleted_queue_is_gone(bench: &ManagementBench) {
    let queue = bench.create_with("fizbit", json_object(r#"{"a": 1}"#)).await;
    assert_eq!(bench.delete("fizbit").await, Some(queue));
    assert_eq!(bench.find("fizbit").await, None);
    assert_eq!(bench.names().await, Vec::<String>::new());
    assert_eq!(bench.count().await, 0);
}

/// Deleting what is not there answers that there was none.
pub async fn deleting_an_unknown_queue_answers_none(bench: &ManagementBench) {
    assert_eq!(bench.delete("fizbit").await, None);
    bench.create("fizbit").await;
    bench.delete("fizbit").await;
    assert_eq!(bench.delete("fizbit").await, None);
}

/// A number is never used again: a queue that is made anew under its old name has another.
pub async fn a_number_is_never_used_again(bench: &ManagementBench) {
    let mut numbers = Vec::new();
    for _ in 0..10 {
        let queue = bench.create("fizbit").await;
        assert!(!numbers.contains(&queue.destination.number));
        numbers.push(queue.destination.number);
        bench.delete("fizbit").await;
    }
}

/// A queue that is made anew has the metadata of its making only.
pub async fn a_queue_made_anew_has_no_old_metadata(bench: &ManagementBench) {
    bench.create_with("fizbit", json_object(r#"{"a": 1}"#)).await;
    bench.delete("fizbit").await;
    assert_eq!(bench.create("fizbit").await.metadata, Metadata::default());
}

/// A deletion of a queue leaves a topic of the same name alone, and the queues of other projects.
pub async fn a_deletion_leaves_namesakes_alone(bench: &ManagementBench) {
    bench.create("fizbit").await;
    let topic = bench.create_kind(DestinationKind::Topic, "p", "fizbit", Metadata::default()).await;
    let theirs = bench.create_kind(DestinationKind::Queue, "q", "fizbit", Metadata::default()).await;
    bench.delete("fizbit").await;
    let (store, name) = (bench.store(), queue_name("fizbit"));
    let found = store.find(DestinationKind::Topic, &project("p"), &name).await.unwrap();
    assert_eq!(found, Some(topic.into_queue()));
    let found = store.find(DestinationKind::Queue, &project("q"), &name).await.unwrap();
    assert_eq!(found, Some(theirs.into_queue()));
}
