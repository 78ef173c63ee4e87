//! What a case works at: a fresh store, a clock that it moves, and queues with short verbs.

mod management;
mod messages;
mod moving;
mod queue;
mod subscriptions;

pub use management::ManagementBench;
pub use messages::MessageBench;
pub use moving::TestMove;
pub(crate) use moving::messages_of;
pub use queue::TestQueue;
pub(crate) use queue::{everything, ids, page, plain};
pub(crate) use subscriptions::{deliveries_of, subscriptions_of};
