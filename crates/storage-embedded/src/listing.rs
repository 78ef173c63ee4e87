//! One listing of messages. It examines a queue in slices.

use zaqar_model::{Marker, Timestamp};
use zaqar_storage::MessageQuery;

use crate::index::{Entry, QueueIndex};
use crate::log::{Client, Segments};
use crate::read::LocatedMessage;

/// Maximum number of index entries examined under one lock of the queue.
const LIST_SLICE: usize = 4096;
/// The progress of a listing.
pub(crate) struct Listing<'a> {
    segments: &'a Segments,
    query: &'a MessageQuery,
    /// Tag of the client whose messages are skipped.
    unwanted: Option<u64>,
    now: Timestamp,
    /// The last message that was examined.
    last: u64,
    pub(crate) found: Vec<LocatedMessage>,
    /// The last message that was found.
    pub(crate) next: Option<Marker>,
}

impl<'a> Listing<'a> {
    pub(crate) fn new(segments: &'a Segments, query: &'a MessageQuery, now: Timestamp) -> Self {
        let unwanted = query.without_client.as_ref().map(|client| Client::new(client.as_str()).tag());
        let last = query.page.marker.unwrap_or_default().get();
        Self { segments, query, unwanted, now, last, found: Vec::new(), next: None }
    }

    /// Examines the next messages. Returns whether the listing is complete.
    pub(crate) fn go_on(&mut self, index: &QueueIndex) -> bool {
        let Some(from) = self.last.checked_add(1).filter(|_| self.query.page.limit > 0) else { return true };
        let mut looked_at = 0;
        let mut pause = |this: &mut Self, sequence, entry| {
            this.look(index, sequence, entry);
            looked_at += 1;
            this.is_full() || looked_at >= LIST_SLICE
        };
        let paused = if self.query.include_claimed || self.query.include_delayed {
            index.iter_from(from).any(|(sequence, entry, _)| pause(self, sequence, entry))
        } else {
            index.available_from(from).any(|(sequence, entry)| pause(self, sequence, entry))
        };
        !paused || self.is_full()
    }

    fn look(&mut self, index: &QueueIndex, sequence: u64, entry: &Entry) {
        self.last = sequence;
        let wanted = self.unwanted != Some(entry.client)
            && (self.query.include_claimed || entry.claim.is_none())
            && (self.query.include_delayed || entry.delayed_until <= self.now);
        if wanted {
            self.found.push(LocatedMessage::new(self.segments, index, sequence, entry));
            self.next = Some(Marker::new(sequence));
        }
    }

    fn is_full(&self) -> bool {
        self.found.len() >= self.query.page.limit
    }
}
