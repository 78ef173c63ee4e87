//! Lists the attempts to deliver to a subscription.

use std::borrow::Cow;

use zaqar_model::{
    AttemptFilter, AttemptNumber, AttemptOutcome, AttemptRecord, Caller, DestinationName, PageRequest,
    Timestamp,
};

use super::page_size;
use crate::error::OrUnavailable;
use crate::marker::number_in;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::{Error, Failure, Result, Zaqar};

/// Which attempts are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttemptListing {
    /// Only those about this message or request.
    pub message_id: Option<String>,
    /// Only those with this outcome, by its name.
    pub outcome: Option<String>,
    /// Only those that began at this moment or later.
    pub since: Option<Timestamp>,
    /// From [`ListedAttempts::next`]. Behind any other text there is nothing.
    pub marker: Option<String>,
    pub limit: Option<i64>,
}

/// Some attempts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedAttempts {
    pub attempts: Vec<AttemptRecord>,
    /// Absent when there are none.
    pub next: Option<AttemptNumber>,
}

impl Zaqar {
    /// The newest first.
    pub async fn list_attempts(
        &self,
        caller: &Caller,
        name: &DestinationName,
        id: &str,
        listing: &AttemptListing,
    ) -> Result<ListedAttempts> {
        self.permit(caller, Rule::SubscriptionAttempts)?;
        let mut listing = Cow::Borrowed(listing);
        let answer = pass!(self.pipelines.subscriptions, stage => stage.list_attempts(caller, name, id, listing.to_mut()));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let limit = page_size(listing.limit, &self.limits)?;
        let filter = listing.filter()?;
        let failure = Failure::ListAttempts;
        let now = self.now();
        let subscription = self.find_subscription(caller, name, id, now, failure).await?;
        let marker = match listing.marker.as_deref().map(number_in) {
            None => None,
            Some(Some(number)) => Some(AttemptNumber::new(number)),
            Some(None) => return Ok(ListedAttempts::default()),
        };
        let page = PageRequest { marker, limit };
        let deliveries = self.stores.messages.deliveries_or_unsupported().or_unavailable(failure)?;
        let page = deliveries.attempts(&subscription.source, subscription.id, &filter, &page, now).await;
        let page = page.or_unavailable(failure)?;
        Ok(ListedAttempts { attempts: page.items, next: page.next })
    }
}

impl AttemptListing {
    fn filter(&self) -> Result<AttemptFilter> {
        let message = self.message_id.as_deref().map(str::parse).transpose();
        let message = message.map_err(|_| Error::invalid("message_id must be the id of a message."))?;
        let outcome = self.outcome.as_deref().map(|name| AttemptOutcome::named(name).ok_or_else(no_outcome));
        Ok(AttemptFilter { message, outcome: outcome.transpose()?, since: self.since })
    }
}

fn no_outcome() -> Error {
    let names = AttemptOutcome::ALL.map(AttemptOutcome::name).join(", ");
    Error::invalid(format!("outcome must be one of: {names}."))
}
