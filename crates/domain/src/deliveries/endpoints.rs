//! How the endpoints of subscribers are: known to the engine, shown with the subscriptions.

use zaqar_model::{Destination, Subscription, Timestamp};

use crate::Zaqar;

/// How an endpoint takes what one queue sends to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EndpointState {
    /// Nothing speaks against sending to it.
    Healthy,
    /// It takes no more than this in a second.
    Slowed { per_second: f64, reason: &'static str },
    /// It is left alone until then.
    Open { until: Timestamp, reason: &'static str },
}

/// Whoever sends to endpoints knows how they are.
pub trait EndpointHealth: Send + Sync + std::fmt::Debug {
    /// One that is not known is healthy.
    fn state(&self, source: &Destination, subscriber: &str, now: Timestamp) -> EndpointState;
}

impl Zaqar {
    /// How the endpoint of a subscription is. `None` where no engine of this process sends to it, as where it has asked for
    /// messages by a connection of its own.
    pub(crate) fn endpoint_of(&self, subscription: &Subscription, now: Timestamp) -> Option<EndpointState> {
        let health = self.endpoint_health.get()?;
        let is_live = self.live.get(&subscription.source, subscription.id, now).is_some();
        (!is_live).then(|| health.state(&subscription.source, &subscription.subscriber, now))
    }
}
