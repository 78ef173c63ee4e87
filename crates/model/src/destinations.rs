//! Where messages are posted to: a queue or a topic.

use crate::{ProjectId, QueueName, TopicName};

/// A queue and a topic may share a name: the kind tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DestinationKind {
    Queue,
    Topic,
    /// Where the service itself posts what it has to ask subscribers: whether they want to be notified. A project has at
    /// most one, and no client can name it.
    Confirmations,
}

impl DestinationKind {
    /// Of the two kinds that clients name, whether it is the second.
    pub const fn is_topic(self) -> bool {
        matches!(self, Self::Topic)
    }
}

/// Names a queue or topic within its project, as clients do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DestinationName {
    pub kind: DestinationKind,
    pub name: QueueName,
}

impl DestinationName {
    pub const fn queue(name: QueueName) -> Self {
        Self { kind: DestinationKind::Queue, name }
    }

    pub const fn topic(name: TopicName) -> Self {
        Self { kind: DestinationKind::Topic, name }
    }

    pub fn confirmations() -> Self {
        Self { kind: DestinationKind::Confirmations, name: QueueName::of_confirmations() }
    }
}

/// The number of one incarnation of a queue or topic. Allotted by the management store and never used again, so what
/// is still on disk of a deleted queue can never appear in a later queue of the same name. It is random, since it is
/// part of message ids and a sequence would tell one tenant how many queues the others make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DestinationNumber(u64);

impl DestinationNumber {
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    pub const fn get(self) -> u64 {
        self.0
    }
}

/// How the message store is told which queue or topic is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destination {
    pub kind: DestinationKind,
    pub project: ProjectId,
    pub name: QueueName,
    pub number: DestinationNumber,
}
