//! Queues and topics: their names, metadata and numbers. What is in them is `messages.rs`.

use std::cmp::Ordering;
use std::sync::Arc;

use regex::Regex;
use serde_json::Value;
use zaqar_model::{DestinationKind, Metadata, Page, PageRequest, ProjectId, Queue, QueueName};

use crate::StorageResult;

/// What `create` found.
#[derive(Clone, Debug, PartialEq)]
pub enum Created {
    /// There was none; now there is this one.
    New(Arc<Queue>),
    /// There was one already; it is left as it was.
    Existing(Arc<Queue>),
}

impl Created {
    pub fn into_queue(self) -> Arc<Queue> {
        match self {
            Self::New(queue) | Self::Existing(queue) => queue,
        }
    }
}

/// Which queues a listing shows.
#[derive(Clone, Debug, Default)]
pub struct QueueFilter {
    /// Matches anywhere in the name.
    pub name: Option<Regex>,
    /// Members that the metadata must have, each with exactly one of these values. A number equals one of the same
    /// value.
    pub metadata: Vec<(String, Vec<Value>)>,
}

impl QueueFilter {
    pub fn matches(&self, queue: &Queue) -> bool {
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

/// Queues and topics of all projects. Both kinds have the same operations; they may share names.
#[async_trait::async_trait]
pub trait Destinations: Send + Sync {
    /// Makes a queue with a number that no other ever had, unless there is one of this name.
    async fn create(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
        metadata: Metadata,
    ) -> StorageResult<Created>;

    /// Looks a queue up. On the path of every message: cheap.
    async fn find(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
    ) -> StorageResult<Option<Arc<Queue>>>;

    /// Replaces the metadata if the queue still is what `seen` says: same number, same revision. `Conflict` if it was
    /// changed meanwhile, `NotFound` if it was deleted.
    async fn set_metadata(&self, seen: &Queue, metadata: Metadata) -> StorageResult<Arc<Queue>>;

    /// Removes a queue and answers what it was. Its messages are the message store's to drop.
    async fn delete(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
    ) -> StorageResult<Option<Arc<Queue>>>;

    /// The project's queues in the order of their names (bytewise), those behind the marker that pass the filter.
    async fn list(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        filter: &QueueFilter,
        page: &PageRequest<QueueName>,
    ) -> StorageResult<Page<Arc<Queue>, QueueName>>;

    /// How many the project has.
    async fn count(&self, kind: DestinationKind, project: &ProjectId) -> StorageResult<u64>;
}
