//! Sixty-four neighbouring slots of a queue. Only live messages take memory.

use std::num::NonZeroU32;

use zaqar_model::{Timestamp, TtlSeconds};

use crate::log::{Location, MessageRecord};

/// Number of sequence numbers in one chunk.
pub(crate) const CHUNK: u64 = 64;

/// A live message in the index. The rest is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) location: Location,
    pub(crate) ttl: TtlSeconds,
    pub(crate) claim_count: u32,
    /// The live claim that holds it.
    pub(crate) claim: Option<ClaimKey>,
    /// Tag of the client that posted it.
    pub(crate) client: u64,
    pub(crate) created: Timestamp,
    pub(crate) expires: Timestamp,
    /// Not later than `created` if it is not delayed.
    pub(crate) delayed_until: Timestamp,
}

impl Entry {
    /// The entry of a record, under no claim.
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

/// Key of a claim within its queue's index, in four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClaimKey(pub(crate) NonZeroU32);

/// Takes memory for live messages: an empty slot takes a bit, not an entry.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// Bit mask of the slots with a message.
    live: u64,
    /// Bit mask of the messages that can be claimed: under no claim and not delayed.
    available: u64,
    /// The live messages in the order of their slots.
    entries: Vec<Entry>,
    /// No message here expires or becomes available before this moment.
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

    pub(crate) fn get(&self, slot: u32) -> Option<&Entry> {
        self.rank(slot).map(|rank| &self.entries[rank])
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut Entry> {
        self.rank(slot).map(|rank| &mut self.entries[rank])
    }

    /// Puts a message into a slot. Returns the one that was there.
    pub(crate) fn insert(&mut self, slot: u32, entry: Entry, available: bool) -> Option<Entry> {
        let before = self.remove(slot);
        let rank = self.live_before(slot);
        self.entries.insert(rank, entry);
        self.live |= 1 << slot;
        self.set_available(slot, available);
        before
    }

    pub(crate) fn remove(&mut self, slot: u32) -> Option<Entry> {
        let rank = self.rank(slot)?;
        self.live &= !(1 << slot);
        self.available &= !(1 << slot);
        let entry = self.entries.remove(rank);
        if self.entries.len() * 4 <= self.entries.capacity() {
            self.entries.shrink_to(self.entries.len() * 2);
        }
        Some(entry)
    }

    pub(crate) const fn set_available(&mut self, slot: u32, available: bool) {
        if available {
            self.available |= 1 << slot;
        } else {
            self.available &= !(1 << slot);
        }
    }

    /// Iterates over the messages from a slot on, with whether each can be claimed.
    pub(crate) fn iter_from(&self, slot: u32) -> impl DoubleEndedIterator<Item = (u32, &Entry, bool)> {
        Bits::from(self.live, slot)
            .map(move |slot| (slot, &self.entries[self.live_before(slot)], self.available & (1 << slot) != 0))
    }

    /// Iterates over the messages from a slot on that can be claimed.
    pub(crate) fn available_from(&self, slot: u32) -> impl Iterator<Item = (u32, &Entry)> {
        Bits::from(self.available, slot).map(|slot| (slot, &self.entries[self.live_before(slot)]))
    }

    const fn rank(&self, slot: u32) -> Option<usize> {
        if self.live & (1 << slot) == 0 { None } else { Some(self.live_before(slot)) }
    }

    const fn live_before(&self, slot: u32) -> usize {
        (self.live & ((1 << slot) - 1)).count_ones() as usize
    }
}

/// The positions of the bits that are set, from either end.
struct Bits(u64);

impl Bits {
    const fn from(bits: u64, slot: u32) -> Self {
        Self(bits & (u64::MAX << slot))
    }
}

impl Iterator for Bits {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        (self.0 != 0).then(|| {
            let slot = self.0.trailing_zeros();
            self.0 &= self.0 - 1;
            slot
        })
    }
}

impl DoubleEndedIterator for Bits {
    fn next_back(&mut self) -> Option<u32> {
        (self.0 != 0).then(|| {
            let slot = 63 - self.0.leading_zeros();
            self.0 &= !(1 << slot);
            slot
        })
    }
}
