//! Sends messages to a subscriber again.

use std::borrow::Cow;

use zaqar_model::{Caller, DestinationName, Timestamp};
use zaqar_storage::Redelivery;

use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::repeat::repeat;
use crate::{Absent, Error, Failure, Result, Zaqar};

/// What is to be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resend {
    /// The message of this id, whatever became of it before.
    Message(String),
    /// All that failed for good at this moment or later.
    FailedSince(Timestamp),
}

impl Zaqar {
    /// Owes messages to a subscription once more, as if they had never been tried. Answers how many.
    pub async fn resend(
        &self,
        caller: &Caller,
        name: &DestinationName,
        id: &str,
        wish: &Resend,
    ) -> Result<u64> {
        self.permit(caller, Rule::SubscriptionResend)?;
        let mut wish = Cow::Borrowed(wish);
        let answer =
            pass!(self.pipelines.subscriptions, stage => stage.resend(caller, name, id, wish.to_mut()));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let failure = Failure::Resend;
        let now = self.now();
        let subscription = self.find_subscription(caller, name, id, now, failure).await?;
        if !subscription.notified {
            let text = format!("Subscription {id} is not confirmed: nothing is sent to its subscriber.");
            return Err(Error::Conflict(text));
        }
        let (id, source) = (subscription.id, &subscription.source);
        let deliveries = self.stores.messages.deliveries_or_unsupported().or_unavailable(failure)?;
        let redeliver = async |which| {
            repeat(|_| deliveries.redeliver(source, id, which, now)).await.or_unavailable(failure)
        };
        match &*wish {
            Resend::FailedSince(since) => redeliver(Redelivery::FailedSince(*since)).await,
            Resend::Message(message_id) => {
                let owed = match message_id.parse() {
                    Ok(message) => redeliver(Redelivery::Message(message)).await?,
                    Err(_) => 0,
                };
                if owed > 0 { Ok(owed) } else { Err(gone(caller, name, message_id)) }
            }
        }
    }
}

fn gone(caller: &Caller, name: &DestinationName, message_id: &str) -> Error {
    Error::NotFound(Absent::Message {
        id: message_id.to_owned(),
        queue: name.clone(),
        project: caller.project.clone(),
    })
}
