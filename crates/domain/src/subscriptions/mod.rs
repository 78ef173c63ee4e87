//! Subscriptions to queues and topics: made, shown, changed, confirmed, listed, ended. Nothing is delivered here.

mod confirm;
mod create;
mod delete;
mod get;
mod list;
mod signing_secrets;
mod update;
mod wish;

pub use get::ShownSubscription;
pub use list::{ListedSubscriptions, SubscriptionListing};
pub use signing_secrets::{BadSecrets, signing_secrets};
pub use wish::SubscriptionWish;

use crate::{Absent, Error};

fn absent(id: &str) -> Error {
    Error::NotFound(Absent::Subscription { id: id.to_owned() })
}
