//! The queued messages in chunks: found by sequence number, and the first available one through the chunks that have
//! any.

use super::QueueIndex;
use super::chunk::{CHUNK, Chunk, Entry};
use crate::log::ForeignId;

impl QueueIndex {
    pub(crate) fn get(&self, sequence: u64) -> Option<&Entry> {
        self.chunks.get(&(sequence / CHUNK))?.get(slot_of(sequence))
    }

    /// Iterates over queued messages from a sequence number on, with whether each can be claimed.
    pub(crate) fn iter_from(&self, from: u64) -> impl Iterator<Item = (u64, &Entry, bool)> {
        self.chunks.range(from / CHUNK..).flat_map(move |(number, chunk)| {
            let first = if *number == from / CHUNK { slot_of(from) } else { 0 };
            chunk
                .iter_from(first)
                .map(move |(slot, entry, available)| (number * CHUNK + u64::from(slot), entry, available))
        })
    }

    /// Iterates over the messages from a sequence number on that can be claimed.
    pub(crate) fn available_from(&self, from: u64) -> impl Iterator<Item = (u64, &Entry)> {
        self.available.range(from / CHUNK..).flat_map(move |number| {
            let first = if *number == from / CHUNK { slot_of(from) } else { 0 };
            self.chunks.get(number).into_iter().flat_map(move |chunk| {
                chunk
                    .available_from(first)
                    .map(move |(slot, entry)| (number * CHUNK + u64::from(slot), entry))
            })
        })
    }

    pub(crate) fn first(&self) -> Option<(u64, &Entry)> {
        self.iter_from(0).next().map(|(sequence, entry, _)| (sequence, entry))
    }

    pub(crate) fn last(&self) -> Option<(u64, &Entry)> {
        let (number, chunk) = self.chunks.last_key_value()?;
        let (slot, entry, _) = chunk.iter_from(0).next_back()?;
        Some((number * CHUNK + u64::from(slot), entry))
    }

    /// Puts a message into its slot, under no claim. It is not available while it is delayed.
    pub(crate) fn insert(&mut self, sequence: u64, id: Option<ForeignId>, entry: Entry) {
        self.note_message(sequence);
        let (number, slot) = (sequence / CHUNK, slot_of(sequence));
        let delayed = entry.delayed_until > entry.created;
        let chunk = self.chunks.entry(number).or_insert_with(Chunk::new);
        let before = chunk.insert(slot, entry, !delayed);
        self.released.forget(sequence);
        if entry.claim_count > 0 {
            self.released.note(sequence);
        }
        let event = if delayed { entry.delayed_until.min(entry.expires) } else { entry.expires };
        self.expect_event(number, event);
        self.note_availability(number);
        self.next_sequence = self.next_sequence.max(sequence.saturating_add(1));
        match before {
            None => self.live += 1,
            Some(before) => {
                self.freed.push(before.location);
                if let Some(key) = before.claim {
                    self.claimed -= 1;
                    self.claims.remove_member(key, sequence);
                }
            }
        }
        if let Some(foreign) = id {
            self.ids.insert(sequence, foreign);
        }
        if self.is_posted(sequence) {
            self.note_posted();
        }
    }

    /// Removes a queued message from its slot and its claim.
    pub(super) fn take(&mut self, sequence: u64) -> Option<Entry> {
        self.get(sequence)?;
        self.note_message(sequence);
        self.detach(sequence);
        self.released.forget(sequence);
        let number = sequence / CHUNK;
        let chunk = self.chunks.get_mut(&number)?;
        let entry = chunk.remove(slot_of(sequence))?;
        if chunk.is_empty() {
            self.chunk_events.remove(&(chunk.next_event, number));
            self.chunks.remove(&number);
        }
        self.note_availability(number);
        self.live -= 1;
        Some(entry)
    }

    pub(super) fn entry_mut(&mut self, sequence: u64) -> Option<&mut Entry> {
        self.chunks.get_mut(&(sequence / CHUNK))?.get_mut(slot_of(sequence))
    }

    pub(super) fn set_available(&mut self, sequence: u64, available: bool) {
        let number = sequence / CHUNK;
        if let Some(chunk) = self.chunks.get_mut(&number) {
            chunk.set_available(slot_of(sequence), available);
        }
        self.note_availability(number);
    }

    pub(super) fn note_availability(&mut self, number: u64) {
        if self.chunks.get(&number).is_some_and(Chunk::has_available) {
            self.available.insert(number);
        } else {
            self.available.remove(&number);
        }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "less than 64")]
pub(super) const fn slot_of(sequence: u64) -> u32 {
    (sequence % CHUNK) as u32
}
