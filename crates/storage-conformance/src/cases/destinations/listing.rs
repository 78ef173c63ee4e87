//! A project's queues, listed and counted.

use regex::Regex;
use serde_json::json;
use zaqar_model::{DestinationKind, Metadata, PageRequest};
use zaqar_storage::QueueFilter;

use crate::bench::ManagementBench;
use crate::minting::{json_object, project};

fn by_name(pattern: &str) -> QueueFilter {
    QueueFilter { name: Some(Regex::new(pattern).unwrap()), metadata: vec![] }
}

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
    let page =
        store.list(DestinationKind::Queue, &project("p"), &QueueFilter::default(), &page).await.unwrap();
    assert_eq!(page.items, [queue]);
}

/// A listing goes on behind the marker, at most `limit` at a time; a marker need not be a queue's name.
pub async fn a_listing_goes_on_behind_the_marker(bench: &ManagementBench) {
    for number in 0..7 {
        bench.create(&format!("q{number}")).await;
    }
    let all = QueueFilter::default();
    assert_eq!(bench.list(&all, None, 3).await, ["q0", "q1", "q2"]);
    assert_eq!(bench.list(&all, Some("q2"), 3).await, ["q3", "q4", "q5"]);
    assert_eq!(bench.list(&all, Some("q5"), 3).await, ["q6"]);
    assert_eq!(bench.list(&all, Some("q6"), 3).await, Vec::<String>::new());
    assert_eq!(bench.list(&all, Some("q2x"), 2).await, ["q3", "q4"]);
    bench.delete("q3").await;
    assert_eq!(bench.list(&all, Some("q3"), 2).await, ["q4", "q5"]);
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
    let topics =
        store.list(DestinationKind::Topic, &project("p"), &QueueFilter::default(), &page).await.unwrap();
    let names: Vec<_> = topics.items.iter().map(|topic| topic.destination.name.as_str()).collect();
    assert_eq!(names, ["a-topic", "c-topic"]);
    assert_eq!(store.count(DestinationKind::Topic, &project("p")).await.unwrap(), 2);
}

/// The name filter matches anywhere in the name.
pub async fn the_name_filter_matches_anywhere(bench: &ManagementBench) {
    for name in ["blue-fish", "fish", "red-fishing", "bird"] {
        bench.create(name).await;
    }
    assert_eq!(bench.list(&by_name("fish"), None, 10).await, ["blue-fish", "fish", "red-fishing"]);
    assert_eq!(bench.list(&by_name("^fish$"), None, 10).await, ["fish"]);
    assert_eq!(bench.list(&by_name("^(blue|bi)"), None, 10).await, ["bird", "blue-fish"]);
    assert_eq!(bench.list(&by_name("cat"), None, 10).await, Vec::<String>::new());
}

/// A page is short only at the end: queues that do not pass the filter are passed over, not counted.
pub async fn filtered_queues_do_not_shorten_a_page(bench: &ManagementBench) {
    for number in 0..40 {
        bench.create(&format!("q{number:02}")).await;
    }
    let fives = by_name("5$");
    assert_eq!(bench.list(&fives, None, 2).await, ["q05", "q15"]);
    assert_eq!(bench.list(&fives, Some("q15"), 5).await, ["q25", "q35"]);
}

/// The metadata filter asks for members with exactly these values, all of them.
pub async fn the_metadata_filter_asks_for_exact_values(bench: &ManagementBench) {
    bench.create_with("a", json_object(r#"{"colour": "red", "size": 3}"#)).await;
    bench.create_with("b", json_object(r#"{"colour": "red", "size": "3"}"#)).await;
    bench.create_with("c", json_object(r#"{"colour": "redder", "size": 3}"#)).await;
    bench.create_with("d", json_object(r#"{"size": 3.0}"#)).await;
    bench.create("e").await;
    for (metadata, names) in [
        (vec![("colour", json!("red"))], vec!["a", "b"]),
        (vec![("size", json!(3))], vec!["a", "c", "d"]),
        (vec![("colour", json!("red")), ("size", json!(3))], vec!["a"]),
        (vec![("absent", json!(null))], vec![]),
    ] {
        let metadata = metadata.into_iter().map(|(name, value)| (name.to_owned(), vec![value])).collect();
        let filter = QueueFilter { name: None, metadata };
        assert_eq!(bench.list(&filter, None, 10).await, names, "{filter:?}");
    }
}

/// The metadata filter finds values of every kind of JSON, and any one of several.
pub async fn the_metadata_filter_finds_every_kind_of_value(bench: &ManagementBench) {
    for (name, value) in [
        ("false", "false"),
        ("float", "1.5"),
        ("large", "9007199254740993"),
        ("list", "[1, [2.0]]"),
        ("null", "null"),
        ("object", r#"{"x": 1, "y": [true]}"#),
        ("text", r#""true""#),
        ("true", "true"),
        ("zero", "-0.0"),
    ] {
        bench.create_with(name, json_object(&format!("{{\"a\": {value}}}"))).await;
    }
    for (values, names) in [
        (vec![json!(true)], vec!["true"]),
        (vec![json!("true"), json!(true)], vec!["text", "true"]),
        (vec![json!(false)], vec!["false"]),
        (vec![json!(null)], vec!["null"]),
        (vec![json!(1.5)], vec!["float"]),
        (vec![json!(0)], vec!["zero"]),
        (vec![json!(9_007_199_254_740_993_u64)], vec!["large"]),
        (vec![json!(9_007_199_254_740_992_u64)], vec![]),
        (vec![json!([1.0, [2]])], vec!["list"]),
        (vec![json!([1])], vec![]),
        (vec![json!({"y": [true], "x": 1})], vec!["object"]),
        (vec![json!({"x": 1})], vec![]),
        (vec![], vec![]),
    ] {
        let filter = QueueFilter { name: None, metadata: vec![("a".to_owned(), values)] };
        assert_eq!(bench.list(&filter, None, 10).await, names, "{filter:?}");
    }
}

/// Filters see the metadata as it was changed last.
pub async fn the_metadata_filter_sees_changes(bench: &ManagementBench) {
    let seen = bench.create_with("a", json_object(r#"{"x": 1}"#)).await;
    bench.store().set_metadata(&seen, json_object(r#"{"x": 2}"#)).await.unwrap();
    let wants = |value: i32| QueueFilter { name: None, metadata: vec![("x".to_owned(), vec![json!(value)])] };
    assert_eq!(bench.list(&wants(1), None, 10).await, Vec::<String>::new());
    assert_eq!(bench.list(&wants(2), None, 10).await, ["a"]);
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
