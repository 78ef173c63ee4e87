//! Queues and topics: made, shown, changed, listed, counted, emptied, deleted. What is in them is `messages`.
//!
//! A topic is a queue whose messages nobody claims. Where the two differ, the kind in the name tells them apart.

mod attributes;
mod create;
mod delete;
mod filter;
mod get;
mod list;
mod patch;
mod placement;
mod purge;
mod retry_policy;
mod share;
mod stats;
mod update;

pub(crate) use attributes::{
    ATTRIBUTES, Attributes, DEAD_LETTERS, DEAD_LETTERS_TTL, check_dead_letters, check_depth,
};
pub(crate) use create::NewQueue;
pub use create::QueueCreation;
pub use list::{ListedQueues, QueueListing};
pub use patch::{Patch, PatchChange};
pub use purge::PurgeScope;
pub use retry_policy::{LONGEST_DELAY, MOST_RETRIES};
pub(crate) use retry_policy::{MEMBERS as RETRY_POLICY_MEMBERS, RETRY_POLICY, check as check_retry_policy};
pub use stats::{StatsEdge, StatsReport};

use zaqar_model::{Caller, DestinationName};

use crate::{Absent, Error};

fn absent(caller: &Caller, name: &DestinationName) -> Error {
    Error::NotFound(Absent::Queue { queue: name.clone(), project: caller.project.clone() })
}
