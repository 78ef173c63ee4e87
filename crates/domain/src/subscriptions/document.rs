//! A subscription as its owner sees it, by whichever interface.

use serde_json::{Value, json};
use zaqar_model::{Subscription, Suspension, Timestamp};

use crate::EndpointState;

/// `endpoint`: how that of its subscriber is, if it is to be shown. The age is taken at `now`.
pub fn subscription_document(
    subscription: Subscription,
    endpoint: Option<EndpointState>,
    now: Timestamp,
) -> Value {
    let mut document = json!({
        "id": subscription.id.to_string(),
        "source": subscription.source.name.as_str(),
        "subscriber": subscription.subscriber,
        "ttl": subscription.ttl.get(),
        "age": now.secs_since(subscription.renewed),
        "options": subscription.options.into_value(),
        "confirmed": subscription.confirmed,
    });
    if let Some(Suspension { since, reason }) = subscription.suspended {
        document["suspended"] = json!({ "since": since.to_iso8601(), "reason": reason.as_str() });
    }
    if let Some(state) = endpoint {
        document["endpoint"] = endpoint_document(state);
    }
    document
}

fn endpoint_document(state: EndpointState) -> Value {
    match state {
        EndpointState::Healthy => json!({ "state": "healthy" }),
        EndpointState::Slowed { per_second, reason } => {
            // To a tenth.
            let per_second = (per_second * 10.0).round() / 10.0;
            json!({ "state": "slowed", "deliveries_per_second": per_second, "reason": reason })
        }
        EndpointState::Open { until, reason } => {
            json!({ "state": "open", "until": until.to_iso8601(), "reason": reason })
        }
    }
}
