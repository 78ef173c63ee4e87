//! Lists the attempts to deliver to a subscription.

use std::borrow::Cow;

use zaqar_model::{
    AttemptNumber, Caller, DestinationName, KeptAttempt, PageRequest, Subscription, Timestamp,
};

use super::page_size;
use crate::error::OrUnavailable;
use crate::marker::number_in;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::{Failure, Result, Zaqar};

/// Which attempts are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttemptListing {
    /// Only those about this message. There are none about a text that is no id.
    pub message_id: Option<String>,
    /// From [`ListedAttempts::next`]. Behind any other text there is nothing.
    pub marker: Option<String>,
    pub limit: Option<i64>,
}

/// Some attempts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedAttempts {
    pub attempts: Vec<KeptAttempt>,
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
        let failure = Failure::ListAttempts;
        let now = self.now();
        let subscription = self.find_subscription(caller, name, id, now, failure).await?;
        let marker = match listing.marker.as_deref().map(number_in) {
            None => None,
            Some(Some(number)) => Some(AttemptNumber::new(number)),
            Some(None) => return Ok(ListedAttempts::default()),
        };
        let page = PageRequest { marker, limit };
        if let Some(message) = &listing.message_id {
            return self.attempts_about(&subscription, message, &page, now).await;
        }
        let store = &self.stores.messages;
        let page = store.attempts(&subscription.source, subscription.id, &page, now).await;
        let page = page.or_unavailable(failure)?;
        Ok(ListedAttempts { attempts: page.items, next: page.next })
    }

    /// A page of those about one message. The store answers all of them at once: it keeps few of a subscription.
    async fn attempts_about(
        &self,
        subscription: &Subscription,
        message: &str,
        page: &PageRequest<AttemptNumber>,
        now: Timestamp,
    ) -> Result<ListedAttempts> {
        let Ok(message) = message.parse() else { return Ok(ListedAttempts::default()) };
        let store = &self.stores.messages;
        let all = store.attempts_of_message(&subscription.source, subscription.id, message, now).await;
        let all = all.or_unavailable(Failure::ListAttempts)?.into_iter();
        let behind = all.filter(|attempt| page.marker.is_none_or(|marker| attempt.number < marker));
        let attempts: Vec<_> = behind.take(page.limit).collect();
        Ok(ListedAttempts { next: attempts.last().map(|attempt| attempt.number), attempts })
    }
}
