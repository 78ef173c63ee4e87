//! Subscriptions to queues and topics: made, shown, changed, confirmed, listed, ended. Nothing is delivered here.

mod confirm;
mod create;
mod delete;
mod get;
mod list;
mod live;
mod update;
mod wish;

pub use get::ShownSubscription;
pub use list::{ListedSubscriptions, SubscriptionListing};
pub(crate) use live::LiveSubscriptions;
pub use live::{Follower, Notification};
pub use wish::SubscriptionWish;

use crate::{Absent, Error};

fn exists() -> Error {
    Error::Conflict(
        "Such subscription already exists. Subscriptions are unique by project + queue + subscriber URI."
            .into(),
    )
}

fn absent(id: &str) -> Error {
    Error::NotFound(Absent::Subscription { id: id.to_owned() })
}
