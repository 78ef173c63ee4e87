//! One listing of messages. It examines a queue in slices.

use zaqar_model::{Marker, Timestamp};
use zaqar_storage::{ListStart, MessageQuery};

use crate::index::{Entry, QueueIndex};
use crate::log::{Client, Segments};
use crate::read::LocatedMessage;

/// Maximum number of index entries examined under one lock of the queue.
const LIST_SLICE: usize = 4096;

/// How far a listing has come.
pub(crate) struct Listing<'a> {
    segments: &'a Segments,
    query: &'a MessageQuery,
    /// Tag of the client whose messages are skipped.
    unwanted: Option<u64>,
    now: Timestamp,
    /// The position up to which the queue was looked at; not known before the first look.
    reached: Option<u64>,
    is_end: bool,
    /// The length of the records that were found.
    bytes: usize,
    pub(crate) found: Vec<LocatedMessage>,
}

impl<'a> Listing<'a> {
    pub(crate) fn new(segments: &'a Segments, query: &'a MessageQuery, now: Timestamp) -> Self {
        let unwanted = query.without_client.as_ref().map(|client| Client::new(client.as_str()).tag());
        let found = Vec::new();
        Self { segments, query, unwanted, now, reached: None, is_end: false, bytes: 0, found }
    }

    /// Looks at some more messages. Returns whether the listing is complete.
    pub(crate) fn go_on(&mut self, index: &QueueIndex) -> bool {
        let end = index.next_sequence.saturating_sub(1);
        let last = self.reached.unwrap_or_else(|| match self.query.start {
            ListStart::Start => 0,
            ListStart::Behind(marker) => marker.get().min(end),
            ListStart::BehindMessage(id) => index.sequence_of(id).unwrap_or_default().min(end),
            ListStart::End => end,
        });
        self.reached = Some(last);
        if self.query.limit == 0 {
            self.is_end = last == end;
            return true;
        }
        let mut looked_at = 0;
        let mut pause = |this: &mut Self, sequence, entry| {
            this.look(index, sequence, entry);
            looked_at += 1;
            this.is_full() || looked_at >= LIST_SLICE
        };
        let paused = if self.query.include_claimed || self.query.include_delayed {
            index.iter_from(last + 1).any(|(sequence, entry, _)| pause(self, sequence, entry))
        } else {
            index.available_from(last + 1).any(|(sequence, entry)| pause(self, sequence, entry))
        };
        if !paused {
            (self.reached, self.is_end) = (Some(end), true);
        }
        !paused || self.is_full()
    }

    fn look(&mut self, index: &QueueIndex, sequence: u64, entry: &Entry) {
        self.reached = Some(sequence);
        let wanted = self.unwanted != Some(entry.client)
            && (self.query.include_claimed || entry.claim.is_none())
            && (self.query.include_delayed || entry.delayed_until <= self.now);
        if wanted {
            self.bytes = self.bytes.saturating_add(entry.location.length as usize);
            self.found.push(LocatedMessage::new(self.segments, index, sequence, entry));
        }
    }

    fn is_full(&self) -> bool {
        self.found.len() >= self.query.limit || self.bytes >= self.query.max_bytes
    }

    pub(crate) fn reached(&self) -> Marker {
        Marker::new(self.reached.unwrap_or_default())
    }

    pub(crate) const fn is_end(&self) -> bool {
        self.is_end
    }
}
