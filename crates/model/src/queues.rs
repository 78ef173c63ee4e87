//! Queues and topics as the management store keeps them.

use crate::{Destination, Metadata};

/// A queue (or, with the same members, a topic) with its metadata.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    pub destination: Destination,
    pub metadata: Metadata,
    /// Counts the changes of the metadata: a change names the revision that it was made from, so that of two
    /// concurrent ones neither is lost.
    pub revision: u64,
}
