//! Sixty-four neighbouring places of a queue, holding only the messages that still live there.

use std::num::NonZeroU32;

use zaqar_model::{Timestamp, TtlSeconds};

use crate::log::{Location, MessageRecord};

/// How many sequence numbers one chunk covers.
pub(crate) const CHUNK: u64 = 64;

/// What the index knows of a live message; the rest is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) location: Location,
    pub(crate) ttl: TtlSeconds,
    pub(crate) claim_count: u32,
    /// The live claim that holds it.
    pub(crate) claim: Option<ClaimKey>,
    /// Stands for the client that posted it.
    pub(crate) client: u64,
    pub(crate) created: Timestamp,
    pub(crate) expires: Timestamp,
    /// Not later than `created`: not delayed.
    pub(crate) delayed_until: Timestamp,
}

impl Entry {
    /// What the index keeps of a record, under no claim.
    pub(crate) fn new(location: Location, record: &MessageRecord<'_>) -> Self {
        Self {
            location,
            ttl: record.ttl,
            claim_count: record.claim_count,
            claim: None,
            client: record.client.tag(),
            created: record.created,
            expires: record.expires,
            delayed_until: record.delayed_until,
        }
    }
}

/// Names a claim within its queue's index, in four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClaimKey(pub(crate) NonZeroU32);

/// Memory in proportion to what lives: dead places take a bit, not an entry.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// Which places hold a message.
    live: u64,
    /// Which of them can be claimed: not held by a claim, not delayed.
    available: u64,
    /// The live messages in the order of their places.
    entries: Vec<Entry>,
    /// No message here expires or comes within reach before this moment.
    pub(crate) next_event: Timestamp,
}

impl Chunk {
    pub(crate) const fn new() -> Self {
        Self { live: 0, available: 0, entries: Vec::new(), next_event: Timestamp::NEVER }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.live == 0
    }

    pub(crate) const fn has_available(&self) -> bool {
        self.available != 0
    }

    pub(crate) fn get(&self, place: u32) -> Option<&Entry> {
        self.rank(place).map(|rank| &self.entries[rank])
    }

    pub(crate) fn get_mut(&mut self, place: u32) -> Option<&mut Entry> {
        self.rank(place).map(|rank| &mut self.entries[rank])
    }

    /// Puts a message at a place; answers the one that was there.
    pub(crate) fn insert(&mut self, place: u32, entry: Entry, available: bool) -> Option<Entry> {
        let before = self.remove(place);
        let rank = self.live_before(place);
        self.entries.insert(rank, entry);
        self.live |= 1 << place;
        self.set_available(place, available);
        before
    }

    pub(crate) fn remove(&mut self, place: u32) -> Option<Entry> {
        let rank = self.rank(place)?;
        self.live &= !(1 << place);
        self.available &= !(1 << place);
        let entry = self.entries.remove(rank);
        if self.entries.len() * 4 <= self.entries.capacity() {
            self.entries.shrink_to(self.entries.len() * 2);
        }
        Some(entry)
    }

    pub(crate) const fn set_available(&mut self, place: u32, available: bool) {
        if available {
            self.available |= 1 << place;
        } else {
            self.available &= !(1 << place);
        }
    }

    /// The live messages from a place on, with whether each can be claimed.
    pub(crate) fn iter_from(&self, place: u32) -> impl DoubleEndedIterator<Item = (u32, &Entry, bool)> {
        Bits::from(self.live, place).map(move |place| {
            (place, &self.entries[self.live_before(place)], self.available & (1 << place) != 0)
        })
    }

    /// Those from a place on that can be claimed.
    pub(crate) fn available_from(&self, place: u32) -> impl Iterator<Item = (u32, &Entry)> {
        Bits::from(self.available, place).map(|place| (place, &self.entries[self.live_before(place)]))
    }

    const fn rank(&self, place: u32) -> Option<usize> {
        if self.live & (1 << place) == 0 { None } else { Some(self.live_before(place)) }
    }

    const fn live_before(&self, place: u32) -> usize {
        (self.live & ((1 << place) - 1)).count_ones() as usize
    }
}

/// The positions of the bits that are set, from either end.
struct Bits(u64);

impl Bits {
    const fn from(bits: u64, place: u32) -> Self {
        Self(bits & (u64::MAX << place))
    }
}

impl Iterator for Bits {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        (self.0 != 0).then(|| {
            let place = self.0.trailing_zeros();
            self.0 &= self.0 - 1;
            place
        })
    }
}

impl DoubleEndedIterator for Bits {
    fn next_back(&mut self) -> Option<u32> {
        (self.0 != 0).then(|| {
            let place = 63 - self.0.leading_zeros();
            self.0 &= !(1 << place);
            place
        })
    }
}
