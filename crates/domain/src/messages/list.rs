//! Lists a queue's messages, a page at a time.

use std::borrow::Cow;

use zaqar_model::{Caller, Destination, DestinationName, Marker, Message, MessageId, PageRequest, Timestamp};
use zaqar_storage::{MessageQuery, StorageResult};

use crate::error::OrUnavailable;
use crate::limits::{DEFAULT_PAGE, count_within};
use crate::marker::number_in;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::queues::Attributes;
use crate::{Error, Failure, Result, Zaqar};

/// Which messages are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageListing {
    /// From [`NextPage::marker`], or the id of a message, as openstacksdk has it. A message of which nothing is known is
    /// taken for one before the first, as upstream's Redis driver does. Behind any other text there is nothing.
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

/// At the end of a marker: delayed messages stay hidden, whatever the link says. Upstream's links say
/// `include_delayed=true` for every queue without a default delay, where it knows no delayed messages; here there may be
/// some, and a client that follows the links must not come to see them.
const DELAYED_STAY_HIDDEN: char = 'd';

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
        let place = match marker {
            None => Some(Marker::default()),
            Some(marker) => {
                self.place_of(&queue.destination, marker).await.or_unavailable(Failure::ListMessages)?
            }
        };
        let Some(place) = place else { return Ok(empty) };
        let stay_hidden = marker.and_then(read_marker).is_some_and(|(_, stay_hidden)| stay_hidden);
        let query = MessageQuery {
            page: PageRequest { marker: Some(place), limit },
            without_client: if listing.echo { None } else { caller.client.clone() },
            include_claimed: listing.include_claimed,
            include_delayed: listing.include_delayed == Some(true) && !stay_hidden,
        };
        let mut page =
            store.list(&queue.destination, &query, now).await.or_unavailable(Failure::ListMessages)?;
        self.open(&queue.destination, &mut page.items, Failure::ListMessages)?;
        let delays = Attributes::of(&queue.metadata).default_delay.is_some_and(|delay| delay > 0);
        let link_says = if delays { listing.include_delayed } else { Some(true) };
        let next = page.next.map(|marker| NextPage {
            marker: write_marker(marker, link_says == Some(true) && !query.include_delayed),
            include_delayed: link_says,
        });
        Ok(Listed { messages: page.items, now, next })
    }
}

impl Zaqar {
    /// Where a marker stands: one from [`NextPage::marker`], or the id of a message. One of which nothing is known stands
    /// before the first. `None`: it is neither.
    pub(crate) async fn place_of(&self, from: &Destination, marker: &str) -> StorageResult<Option<Marker>> {
        match (read_marker(marker), marker.parse()) {
            (Some((marker, _)), _) => Ok(Some(marker)),
            (None, Ok(id)) => {
                let place = self.stores.messages.marker_of(from, id).await?;
                Ok(Some(place.unwrap_or_default()))
            }
            (None, Err(_)) => Ok(None),
        }
    }
}

/// Whether a text may be a marker.
pub(crate) fn is_marker(text: &str) -> bool {
    read_marker(text).is_some() || text.parse::<MessageId>().is_ok()
}

pub(super) fn out_of_bounds(max: usize) -> Error {
    Error::invalid(format!("Limit must be at least 1 and may not be greater than {max}."))
}

fn read_marker(text: &str) -> Option<(Marker, bool)> {
    let digits = text.strip_suffix(DELAYED_STAY_HIDDEN).unwrap_or(text);
    Some((Marker::new(number_in(digits)?), digits.len() < text.len()))
}

fn write_marker(marker: Marker, stay_hidden: bool) -> String {
    let mut text = marker.get().to_string();
    if stay_hidden {
        text.push(DELAYED_STAY_HIDDEN);
    }
    text
}

#[cfg(test)]
mod tests {
    use zaqar_model::Marker;

    use super::{read_marker, write_marker};

    #[test]
    fn a_marker_is_read_back() {
        for hidden in [true, false] {
            let marker = Marker::new(u64::MAX);
            assert_eq!(read_marker(&write_marker(marker, hidden)), Some((marker, hidden)));
        }
    }

    #[test]
    fn anything_else_is_no_marker() {
        for text in ["", "d", "x", "-1", "+1", " 1", "1_0", "1dd", "18446744073709551616", "١"] {
            assert_eq!(read_marker(text), None, "{text}");
        }
    }
}
