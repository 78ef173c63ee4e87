//! Lists the deliveries to a subscription that failed for good.

use std::borrow::Cow;

use zaqar_model::{Caller, DestinationName, FailedDelivery, Marker, PageRequest, Timestamp};

use super::page_size;
use crate::error::OrUnavailable;
use crate::marker::number_in;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::{Failure, Result, Zaqar};

/// Which failures are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailureListing {
    /// From [`ListedFailures::next`]. Behind any other text there is nothing.
    pub marker: Option<String>,
    pub limit: Option<i64>,
}

/// Some failures, and the moment at which the ages of their messages are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFailures {
    pub failures: Vec<FailedDelivery>,
    pub now: Timestamp,
    /// Absent when there are none.
    pub next: Option<Marker>,
}

impl Zaqar {
    /// In the order in which the messages were posted.
    pub async fn list_failures(
        &self,
        caller: &Caller,
        name: &DestinationName,
        id: &str,
        listing: &FailureListing,
    ) -> Result<ListedFailures> {
        self.permit(caller, Rule::SubscriptionFailures)?;
        let mut listing = Cow::Borrowed(listing);
        let answer = pass!(self.pipelines.subscriptions, stage => stage.list_failures(caller, name, id, listing.to_mut()));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let limit = page_size(listing.limit, &self.limits)?;
        let failure = Failure::ListFailures;
        let now = self.now();
        let subscription = self.find_subscription(caller, name, id, now, failure).await?;
        let marker = match listing.marker.as_deref().map(number_in) {
            None => None,
            Some(Some(number)) => Some(Marker::new(number)),
            Some(None) => return Ok(ListedFailures { failures: Vec::new(), now, next: None }),
        };
        let page = PageRequest { marker, limit };
        let deliveries = self.stores.messages.deliveries_or_unsupported().or_unavailable(failure)?;
        let page = deliveries.failed(&subscription.source, subscription.id, &page, now).await;
        let page = page.or_unavailable(failure)?;
        Ok(ListedFailures { failures: page.items, now, next: page.next })
    }
}
