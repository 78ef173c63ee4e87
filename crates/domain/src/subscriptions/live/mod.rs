//! Subscriptions that live as long as a connection: messages go out by the connection that subscribed. Nothing of them
//! is stored. Each reads its queue for itself, behind its own marker, and is woken when there is more; so what it has not
//! sent yet costs nothing, and a slow reader keeps nobody waiting. Each hears of its own end, and why it came: nobody polls,
//! a timer waits for the end of its time, and whoever ends it wakes it.

mod delayed;
mod follow;
mod registry;

pub use follow::{Follower, Following, LiveEvent, Notification};
pub use registry::EndReason;
pub(crate) use registry::LiveSubscriptions;
