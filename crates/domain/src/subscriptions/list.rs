//! Lists the subscriptions to a queue or topic.

use std::borrow::Cow;

use zaqar_model::{Caller, DestinationName, PageRequest, Subscription, SubscriptionId, Timestamp};

use crate::error::OrUnavailable;
use crate::limits::{DEFAULT_PAGE, count_within};
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::{Error, Failure, Result, Zaqar};

/// Which subscriptions are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubscriptionListing {
    /// The id that the page before ended with. Behind any other text there is nothing.
    pub marker: Option<String>,
    pub limit: Option<i64>,
}

/// Some subscriptions, and the moment at which their ages are taken.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedSubscriptions {
    pub subscriptions: Vec<Subscription>,
    pub now: Timestamp,
    /// Absent when there are none.
    pub next: Option<SubscriptionId>,
}

impl Zaqar {
    /// In the order of their creation. A queue that does not exist has none.
    pub async fn list_subscriptions(
        &self,
        caller: &Caller,
        name: &DestinationName,
        listing: &SubscriptionListing,
    ) -> Result<ListedSubscriptions> {
        self.permit(caller, Rule::SubscriptionGetAll)?;
        let mut listing = Cow::Borrowed(listing);
        let answer = pass!(self.pipelines.subscriptions, stage => stage.list_subscriptions(caller, name, listing.to_mut()));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let max = self.limits.max_subscriptions_per_page;
        let limit = count_within(listing.limit, max, DEFAULT_PAGE).ok_or_else(|| {
            Error::invalid(format!("Limit must be at least 1 and may not be greater than {max}."))
        })?;
        let failure = Failure::ListSubscriptions;
        let now = self.now();
        let found = self.find(&caller.project, name).await.or_unavailable(failure)?;
        let marker = listing.marker.as_deref().map(str::parse).transpose();
        let (Some(source), Ok(marker)) = (found, marker) else {
            return Ok(ListedSubscriptions { subscriptions: Vec::new(), now, next: None });
        };
        let page = PageRequest { marker, limit };
        let store = self.stores.messages.subscriptions_or_unsupported().or_unavailable(failure)?;
        let stored =
            store.list_subscriptions(&source.destination, &page, now).await.or_unavailable(failure)?;
        let mut subscriptions = stored.items;
        subscriptions.extend(self.live.list(&source.destination, &page, now));
        subscriptions.sort_unstable_by_key(|subscription| subscription.id);
        subscriptions.truncate(limit);
        let next = subscriptions.last().map(|subscription| subscription.id);
        Ok(ListedSubscriptions { subscriptions, now, next })
    }
}
