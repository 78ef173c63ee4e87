//! Which queues a listing shows. Stores page by name only; the filter is here, since no engine has these patterns.

use std::cmp::Ordering;
use std::sync::Arc;

use regex::Regex;
use serde_json::Value;
use zaqar_model::{DestinationKind, Page, PageRequest, ProjectId, Queue, QueueName};
use zaqar_storage::{ManagementStore, StorageResult};

/// How many queues are read at once to find those that are shown: few enough to hold in memory with all their metadata, many
/// enough that a project of 100 000 queues takes some hundred round trips.
const READ_AT_ONCE: usize = 500;

/// Which queues a listing shows.
#[derive(Clone, Debug, Default)]
pub(super) struct QueueFilter {
    /// Matches anywhere in the name.
    pub(super) name: Option<Regex>,
    /// Members that the metadata must have, each with exactly one of these values. A number equals one of the same
    /// value.
    pub(super) metadata: Vec<(String, Vec<Value>)>,
}

impl QueueFilter {
    /// The queues behind the marker that are shown. A page is short only at the end.
    pub(super) async fn list(
        &self,
        store: &dyn ManagementStore,
        kind: DestinationKind,
        project: &ProjectId,
        page: &PageRequest<QueueName>,
    ) -> StorageResult<Page<Arc<Queue>, QueueName>> {
        if self.name.is_none() && self.metadata.is_empty() {
            return store.list(kind, project, page).await;
        }
        let mut items: Vec<Arc<Queue>> = Vec::new();
        let mut marker = page.marker.clone();
        while items.len() < page.limit {
            let some = store.list(kind, project, &PageRequest { marker, limit: READ_AT_ONCE }).await?;
            let is_end = some.items.len() < READ_AT_ONCE;
            let missing = page.limit - items.len();
            items.extend(some.items.into_iter().filter(|queue| self.matches(queue)).take(missing));
            if is_end {
                break;
            }
            marker = some.next;
            // Other requests have their turn, also where the store answers at once.
            tokio::task::yield_now().await;
        }
        let next = items.last().map(|queue| queue.destination.name.clone());
        Ok(Page { items, next })
    }

    fn matches(&self, queue: &Queue) -> bool {
        self.name.as_ref().is_none_or(|pattern| pattern.is_match(queue.destination.name.as_str()))
            && self.metadata.iter().all(|(name, wanted)| {
                queue.metadata.get(name).is_some_and(|own| wanted.iter().any(|wanted| is_same(own, wanted)))
            })
    }
}

/// Whether two values are one. `1` and `1.0` are, two integers that differ are not, however large they are.
fn is_same(own: &Value, other: &Value) -> bool {
    match (own, other) {
        (Value::Number(number), Value::Number(wanted)) if number.is_f64() || wanted.is_f64() => {
            number.as_f64().partial_cmp(&wanted.as_f64()).is_some_and(Ordering::is_eq)
        }
        (Value::Array(items), Value::Array(wanted)) => {
            items.len() == wanted.len()
                && items.iter().zip(wanted).all(|(item, wanted)| is_same(item, wanted))
        }
        (Value::Object(members), Value::Object(wanted)) => {
            let has =
                |(name, value): (&String, &Value)| members.get(name).is_some_and(|own| is_same(own, value));
            members.len() == wanted.len() && wanted.iter().all(has)
        }
        _ => own == other,
    }
}

#[cfg(test)]
mod tests {
    use regex::Regex;
    use serde_json::{Value, json};
    use zaqar_model::{DestinationKind, Metadata, PageRequest, ProjectId, QueueName};
    use zaqar_storage::{Destinations, ManagementStore};
    use zaqar_storage_conformance::ReferenceStore;

    use super::{QueueFilter, READ_AT_ONCE};

    const KIND: DestinationKind = DestinationKind::Queue;

    fn project() -> ProjectId {
        ProjectId::new("p").unwrap()
    }

    fn queue(name: &str) -> QueueName {
        QueueName::new(name).unwrap()
    }

    async fn store(queues: &[(&str, Value)]) -> ReferenceStore {
        let store = ReferenceStore::new();
        for (name, metadata) in queues {
            let Value::Object(members) = metadata.clone() else { panic!("not an object") };
            store.create(KIND, &project(), &queue(name), Metadata::new(members)).await.unwrap();
        }
        store
    }

    async fn list(
        store: &dyn ManagementStore,
        filter: &QueueFilter,
        marker: Option<&str>,
        limit: usize,
    ) -> Vec<String> {
        let page = PageRequest { marker: marker.map(queue), limit };
        let page = filter.list(store, KIND, &project(), &page).await.unwrap();
        assert_eq!(page.next.as_ref(), page.items.last().map(|queue| &queue.destination.name));
        page.items.iter().map(|queue| queue.destination.name.to_string()).collect()
    }

    fn by_name(pattern: &str) -> QueueFilter {
        QueueFilter { name: Some(Regex::new(pattern).unwrap()), metadata: vec![] }
    }

    fn by_metadata(metadata: Vec<(&str, Vec<Value>)>) -> QueueFilter {
        let metadata = metadata.into_iter().map(|(name, values)| (name.to_owned(), values)).collect();
        QueueFilter { name: None, metadata }
    }

    #[tokio::test]
    async fn the_name_filter_matches_anywhere() {
        let names = ["blue-fish", "fish", "red-fishing", "bird"];
        let store = store(&names.map(|name| (name, json!({})))).await;
        for (pattern, names) in [
            ("fish", vec!["blue-fish", "fish", "red-fishing"]),
            ("^fish$", vec!["fish"]),
            ("^(blue|bi)", vec!["bird", "blue-fish"]),
            ("cat", vec![]),
        ] {
            assert_eq!(list(&store, &by_name(pattern), None, 10).await, names, "{pattern}");
        }
    }

    #[tokio::test]
    async fn a_page_is_short_only_at_the_end_however_many_are_passed_over() {
        let store = ReferenceStore::new();
        for number in 0..2 * READ_AT_ONCE + 10 {
            let name = queue(&format!("q{number:04}"));
            store.create(KIND, &project(), &name, Metadata::default()).await.unwrap();
        }
        let rare = by_name("^q(0003|0499|0500|0999|1001|1009)$");
        assert_eq!(list(&store, &rare, None, 2).await, ["q0003", "q0499"]);
        assert_eq!(list(&store, &rare, Some("q0499"), 2).await, ["q0500", "q0999"]);
        assert_eq!(list(&store, &rare, Some("q0999"), 2).await, ["q1001", "q1009"]);
        assert_eq!(list(&store, &rare, Some("q1009"), 2).await, Vec::<String>::new());
        assert_eq!(list(&store, &rare, Some("q0501"), 10).await, ["q0999", "q1001", "q1009"]);
        assert_eq!(list(&store, &by_name("none"), None, 2).await, Vec::<String>::new());
        assert_eq!(list(&store, &QueueFilter::default(), None, 2000).await.len(), 2 * READ_AT_ONCE + 10);
    }

    #[tokio::test]
    async fn the_metadata_filter_asks_for_exact_values_of_all_members() {
        let store = store(&[
            ("a", json!({"colour": "red", "size": 3})),
            ("b", json!({"colour": "red", "size": "3"})),
            ("c", json!({"colour": "redder", "size": 3})),
            ("d", json!({"size": 3.0})),
            ("e", json!({})),
        ])
        .await;
        for (metadata, names) in [
            (vec![("colour", vec![json!("red")])], vec!["a", "b"]),
            (vec![("size", vec![json!(3)])], vec!["a", "c", "d"]),
            (vec![("colour", vec![json!("red")]), ("size", vec![json!(3)])], vec!["a"]),
            (vec![("absent", vec![json!(null)])], vec![]),
        ] {
            let filter = by_metadata(metadata);
            assert_eq!(list(&store, &filter, None, 10).await, names, "{filter:?}");
        }
    }

    #[tokio::test]
    async fn the_metadata_filter_finds_every_kind_of_value_and_any_of_several() {
        let store = store(&[
            ("false", json!({"a": false})),
            ("float", json!({"a": 1.5})),
            ("large", json!({"a": 9_007_199_254_740_993_u64})),
            ("list", json!({"a": [1, [2.0]]})),
            ("null", json!({"a": null})),
            ("object", json!({"a": {"x": 1, "y": [true]}})),
            ("text", json!({"a": "true"})),
            ("true", json!({"a": true})),
            ("zero", json!({"a": -0.0})),
        ])
        .await;
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
            let filter = by_metadata(vec![("a", values)]);
            assert_eq!(list(&store, &filter, None, 10).await, names, "{filter:?}");
        }
    }
}
