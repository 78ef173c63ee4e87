//! Queues: made, shown, changed, listed, counted, emptied, deleted. What is in them is `messages`.

mod attributes;
mod create;
mod delete;
mod get;
mod list;
mod patch;
mod purge;
mod retry_policy;
mod stats;
mod update;

pub(crate) use attributes::Attributes;
pub use create::QueueCreation;
pub use list::{ListedQueues, QueueListing};
pub use patch::Patch;
pub use purge::PurgeScope;
pub use stats::{StatsEdge, StatsReport};
