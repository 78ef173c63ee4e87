//! Subscriptions to queues and topics: made, shown, changed, confirmed, listed, ended. Nothing is delivered here.

mod ask;
mod check;
mod confirm;
mod confirmation_limiter;
mod create;
mod delete;
mod document;
mod get;
mod ids;
mod list;
mod live;
mod signing_secrets;
mod trust;
mod update;
mod waiting;
mod wish;

pub use check::SubscriberCheck;
pub(crate) use confirmation_limiter::ConfirmationLimiter;
pub use document::subscription_document;
pub use get::ShownSubscription;
pub(crate) use ids::SubscriptionIds;
pub use list::{ListedSubscriptions, SubscriptionListing};
pub(crate) use live::LiveSubscriptions;
pub use live::{EndReason, Follower, Following, LiveEvent, Notification};
pub use signing_secrets::{BadSecrets, signing_secrets};
pub use trust::{TrustMaker, TrustNotMade};
pub use waiting::WaitingConfirmation;
pub use wish::{MAX_SUBSCRIPTION_BYTES, SubscriptionParams};

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
