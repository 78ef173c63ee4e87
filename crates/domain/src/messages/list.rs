//! Lists a queue's messages, a page at a time.

use std::borrow::Cow;

use zaqar_model::{Caller, DestinationName, Message, Timestamp};
use zaqar_storage::{ListStart, MessageQuery};

use super::marker::{read_marker, start_of, write_marker};
use crate::error::OrUnavailable;
use crate::limits::{DEFAULT_PAGE, count_within};
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::queues::Attributes;
use crate::{Error, Failure, Result, Zaqar};

/// Which messages are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageListing {
    /// From [`NextPage::marker`], or the id of a message, as openstacksdk has it. A message of which nothing is known is
    /// taken for one before the first, as upstream's Redis driver does, and so is a marker from a queue of the same name that
    /// was deleted since. Behind any other text there is nothing.
    pub marker: Option<String>,
    pub limit: Option<i64>,
    /// Also what the caller's client posted itself.
    pub echo: bool,
    pub include_claimed: bool,
    pub include_delayed: Option<bool>,
}

/// Some messages, and the moment at which their ages are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub messages: Vec<Message>,
    pub now: Timestamp,
    /// Absent when there are no messages.
    pub next: Option<NextPage>,
}

/// How the listing goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextPage {
    pub marker: String,
    /// What upstream's link to the next page says of delayed messages.
    pub include_delayed: Option<bool>,
}

impl Zaqar {
    /// Messages in the order of posting. A queue that does not exist has none.
    pub async fn list_messages(
        &self,
        caller: &Caller,
        name: &DestinationName,
        listing: &MessageListing,
    ) -> Result<Listed> {
        self.permit(caller, Rule::MessagesGetAll)?;
        let mut listing = Cow::Borrowed(listing);
        let answer =
            pass!(self.pipelines.messages, stage => stage.list_messages(caller, name, listing.to_mut()));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let max = self.limits.max_messages_per_page;
        let limit = count_within(listing.limit, max, DEFAULT_PAGE).ok_or_else(|| out_of_bounds(max))?;
        let now = self.now();
        let empty = Listed { messages: Vec::new(), now, next: None };
        let found = self.find(&caller.project, name).await.or_unavailable(Failure::ListMessages)?;
        let Some(queue) = found else { return Ok(empty) };
        let store = &self.stores.messages;
        let marker = listing.marker.as_deref();
        let start = marker.map_or(Some(ListStart::Start), |marker| start_of(&queue.destination, marker));
        let Some(start) = start else { return Ok(empty) };
        let stay_hidden = marker.and_then(read_marker).is_some_and(|place| place.delayed_stay_hidden);
        let query = MessageQuery {
            start,
            limit,
            max_bytes: usize::MAX,
            without_client: if listing.echo { None } else { caller.client.clone() },
            include_claimed: listing.include_claimed,
            include_delayed: listing.include_delayed == Some(true) && !stay_hidden,
        };
        let listed = store
            .list_full_page(&queue.destination, &query, now)
            .await
            .or_unavailable(Failure::ListMessages)?;
        let last = listed.last().map(|listed| listed.position);
        let mut messages: Vec<_> = listed.into_iter().map(|listed| listed.message).collect();
        self.open(&queue.destination, &mut messages, Failure::ListMessages)?;
        let delays = Attributes::of(&queue.metadata).default_delay.is_some_and(|delay| delay > 0);
        let link_says = if delays { listing.include_delayed } else { Some(true) };
        let next = last.map(|marker| NextPage {
            marker: write_marker(
                marker,
                queue.destination.number,
                link_says == Some(true) && !query.include_delayed,
            ),
            include_delayed: link_says,
        });
        Ok(Listed { messages, now, next })
    }
}

pub(super) fn out_of_bounds(max: usize) -> Error {
    Error::invalid(format!("Limit must be at least 1 and may not be greater than {max}."))
}
