//! What is sent to a subscriber, and what comes of it.

use std::time::Duration;

use bytes::Bytes;
use zaqar_model::{ConfirmationKind, MessageId, Metadata, ProjectId, QueueName};

use crate::retry::Verdict;

/// One message for one subscriber, whatever carries it.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub kind: NoticeKind,
    pub project: ProjectId,
    /// What is subscribed to.
    pub queue: QueueName,
    /// The URI that the subscription names.
    pub subscriber: String,
    /// The options of the subscription.
    pub options: Metadata,
    /// The same at each attempt, so that a receiver can tell a second delivery from a second message.
    pub id: MessageId,
    /// What the subscriber reads: the text of a JSON object with upstream's members, `Message_Type` and `queue_name` among
    /// them. Already written down, since the body of a message is such a text and is not parsed on its way.
    pub document: Bytes,
}

/// `Message_Type`, in upstream's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    Notification,
    SubscriptionConfirmation,
    UnsubscribeConfirmation,
}

impl NoticeKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Notification => "Notification",
            Self::SubscriptionConfirmation => ConfirmationKind::Subscription.message_type(),
            Self::UnsubscribeConfirmation => ConfirmationKind::Unsubscription.message_type(),
        }
    }
}

/// How an attempt to send a notice ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub verdict: Verdict,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// The first bytes of the answer (no more than are kept of it), or the error. Shown to the tenant: no secret, nothing of the inside of the server.
    pub excerpt: String,
    /// The endpoint asked not to be tried earlier.
    pub retry_after: Option<Duration>,
}

/// Carries notices to subscribers of some schemes. One for each way: webhook, email, trust.
#[async_trait::async_trait]
pub trait Sender: Send + Sync {
    /// Tries once. Bounded in time. A failure is an answer, too.
    async fn send(&self, notice: &Notice) -> Answer;

    /// Whether something can be sent to this subscriber with these options of its subscription. The reason is for the
    /// tenant: what is refused here would fail at every first attempt.
    fn check(&self, _subscriber: &str, _options: &Metadata) -> Result<(), String> {
        Ok(())
    }
}
