//! A project's queues, listed and counted.

use zaqar_model::{DestinationKind, Metadata, PageRequest};

use crate::bench::ManagementBench;
use crate::samples::{json_object, project};

/// Queues are listed in the order of their names, bytewise.
pub async fn queues_are_listed_in_the_order_of_their_names(bench: &ManagementBench) {
    for name in ["b", "a", "B", "a-b", "a.b", "a_b", "10", "9", "ab", "A"] {
        bench.create(name).await;
    }
    assert_eq!(bench.names().await, ["10", "9", "A", "B", "a", "a-b", "a.b", "a_b", "ab", "b"]);
}

/// A listing brings the queues as they are found one by one.
pub async fn a_listing_brings_whole_queues(bench: &ManagementBench) {
    let queue = bench.create_with("fizbit", json_object(r#"{"a": {"b": [1]}}"#)).await;
    let page = PageRequest { marker: None, limit: 10 };
    let store = bench.store();
    let page = store.list(DestinationKind::Queue, &project("p"), &page).await.unwrap();
    assert_eq!(page.items, [queue]);
}

/// A listing goes on behind the marker, at most `limit` at a time; a marker need not be a queue's name.
pub async fn a_listing_goes_on_behind_the_marker(bench: &ManagementBench) {
    for number in 0..7 {
        bench.create(&format!("q{number}")).await;
    }
    assert_eq!(bench.list(None, 3).await, ["q0", "q1", "q2"]);
    assert_eq!(bench.list(Some("q2"), 3).await, ["q3", "q4", "q5"]);
    assert_eq!(bench.list(Some("q5"), 3).await, ["q6"]);
    assert_eq!(bench.list(Some("q6"), 3).await, Vec::<String>::new());
    assert_eq!(bench.list(Some("q2x"), 2).await, ["q3", "q4"]);
    bench.delete("q3").await;
    assert_eq!(bench.list(Some("q3"), 2).await, ["q4", "q5"]);
}

/// A project without queues lists none.
pub async fn a_project_without_queues_lists_none(bench: &ManagementBench) {
    bench.create_kind(DestinationKind::Queue, "another", "fizbit", Metadata::default()).await;
    bench.create_kind(DestinationKind::Topic, "p", "fizbit", Metadata::default()).await;
    assert_eq!(bench.names().await, Vec::<String>::new());
    assert_eq!(bench.count().await, 0);
}

/// A listing holds one kind and one project only.
pub async fn a_listing_holds_one_kind_of_one_project(bench: &ManagementBench) {
    for name in ["a", "c"] {
        bench.create(name).await;
        bench.create_kind(DestinationKind::Topic, "p", &format!("{name}-topic"), Metadata::default()).await;
        for theirs in ["o", "p2", "p/a", "q"] {
            bench
                .create_kind(DestinationKind::Queue, theirs, &format!("{name}-theirs"), Metadata::default())
                .await;
        }
    }
    assert_eq!(bench.names().await, ["a", "c"]);
    assert_eq!(bench.count().await, 2);
    let page = PageRequest { marker: None, limit: 10 };
    let store = bench.store();
    let topics = store.list(DestinationKind::Topic, &project("p"), &page).await.unwrap();
    let names: Vec<_> = topics.items.iter().map(|topic| topic.destination.name.as_str()).collect();
    assert_eq!(names, ["a-topic", "c-topic"]);
    assert_eq!(store.count(DestinationKind::Topic, &project("p")).await.unwrap(), 2);
}

/// The count follows creation and deletion.
pub async fn the_count_follows_creation_and_deletion(bench: &ManagementBench) {
    for number in 0..5 {
        bench.create(&format!("q{number}")).await;
        assert_eq!(bench.count().await, number + 1);
    }
    bench.create_kind(DestinationKind::Queue, "p", "q0", Metadata::default()).await;
    assert_eq!(bench.count().await, 5, "an existing one is not counted again");
    bench.delete("q3").await;
    bench.delete("q3").await;
    assert_eq!(bench.count().await, 4);
}
