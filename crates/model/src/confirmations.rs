//! Requests to confirm, as the service keeps them until they are sent.

use serde_json::{Value, json};

use crate::{
    Attempt, AttemptEnd, Body, Destination, DestinationKind, DestinationNumber, MessageId, ProjectId,
    QueueName, SubscriptionId, Timestamp,
};

/// What a subscriber is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmationKind {
    /// Somebody has subscribed them: they are asked whether they agree.
    Subscription,
    /// They are no longer notified, and may subscribe again.
    Unsubscription,
}

impl ConfirmationKind {
    /// `Message_Type`, by upstream's name.
    pub const fn message_type(self) -> &'static str {
        match self {
            Self::Subscription => "SubscriptionConfirmation",
            Self::Unsubscription => "UnsubscribeConfirmation",
        }
    }
}

/// The account of one attempt to send a request, and what followed from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmationAttempt {
    pub kind: ConfirmationKind,
    /// The id of the request.
    pub request: MessageId,
    pub attempt: Attempt,
    pub end: AttemptEnd,
}

/// A request to the subscriber of one subscription. It is a message in the
/// [`Confirmations`](DestinationKind::Confirmations) of the project, so it is kept and delivered as any other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmationRequest {
    pub kind: ConfirmationKind,
    /// What is subscribed to.
    pub source: Destination,
    pub subscription: SubscriptionId,
    /// Until when the subscriber may answer.
    pub expires: Timestamp,
}

impl ConfirmationRequest {
    /// The subscriber of the one subscription that a project's confirmations have. It stands for the service itself.
    pub const SUBSCRIBER: &'static str = "confirmation:";

    pub fn body(&self) -> Body {
        let document = json!({
            "kind": match self.kind {
                ConfirmationKind::Subscription => "subscription",
                ConfirmationKind::Unsubscription => "unsubscription",
            },
            "source": {
                "kind": if self.source.kind.is_topic() { "topic" } else { "queue" },
                "name": self.source.name.as_str(),
                "number": self.source.number.get(),
            },
            "subscription": self.subscription.to_string(),
            "expires": self.expires.as_millis(),
        });
        Body::from_bytes(document.to_string().into())
    }

    /// Reads a body of a project's confirmations. `None`: it is none of ours.
    pub fn read(project: &ProjectId, body: &Body) -> Option<Self> {
        let document: Value = serde_json::from_slice(body.as_bytes()).ok()?;
        let kind = match document["kind"].as_str()? {
            "subscription" => ConfirmationKind::Subscription,
            "unsubscription" => ConfirmationKind::Unsubscription,
            _ => return None,
        };
        let source = &document["source"];
        let source = Destination {
            kind: match source["kind"].as_str()? {
                "queue" => DestinationKind::Queue,
                "topic" => DestinationKind::Topic,
                _ => return None,
            },
            project: project.clone(),
            name: QueueName::new(source["name"].as_str()?).ok()?,
            number: DestinationNumber::new(source["number"].as_u64()?),
        };
        Some(Self {
            kind,
            source,
            subscription: document["subscription"].as_str()?.parse().ok()?,
            expires: Timestamp::from_millis(document["expires"].as_u64()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{ConfirmationKind, ConfirmationRequest};
    use crate::{
        Body, Destination, DestinationKind, DestinationNumber, ProjectId, QueueName, SubscriptionId,
        Timestamp,
    };

    #[test]
    fn a_request_is_read_back() {
        let project = ProjectId::new("p").unwrap();
        for (kind, source) in [
            (ConfirmationKind::Subscription, DestinationKind::Topic),
            (ConfirmationKind::Unsubscription, DestinationKind::Queue),
        ] {
            let request = ConfirmationRequest {
                kind,
                source: Destination {
                    kind: source,
                    project: project.clone(),
                    name: QueueName::new("q").unwrap(),
                    number: DestinationNumber::new(u64::MAX),
                },
                subscription: SubscriptionId::from_u128(7),
                expires: Timestamp::from_millis(1_780_000_000_001),
            };
            assert_eq!(ConfirmationRequest::read(&project, &request.body()), Some(request));
        }
        for other in ["", "1", "{}", r#"{"kind": "subscription", "source": 1}"#] {
            assert_eq!(ConfirmationRequest::read(&project, &Body::from_bytes(other.into())), None);
        }
    }
}
