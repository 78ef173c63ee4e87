//! How messages come into a queue, change their placement, and leave.

use super::chunk::{CHUNK, Entry};
use super::messages::slot_of;
use super::{QueueIndex, RecordKey};
use crate::log::{ForeignId, Location, MessageRecord, Placement};

impl QueueIndex {
    /// Returns a message and its placement.
    pub(crate) fn locate(&self, sequence: u64) -> Option<(&Entry, Placement)> {
        if let Some(entry) = self.get(sequence) {
            let held = entry.claim.and_then(|key| self.claims.get(key)).map(|claim| claim.lease);
            // The expired claim that held it last goes with it, and expires again when this is read.
            let last = held.or_else(|| self.released.last(sequence));
            let placement = last.map_or(Placement::Queued, Placement::Claimed);
            return Some((entry, placement));
        }
        let dead_lettered = self.dead_letters.get(sequence).map(|entry| (entry, Placement::DeadLettered));
        dead_lettered.or_else(|| self.retained.get(sequence).map(|entry| (entry, Placement::Retained)))
    }

    /// Fills an empty index with the messages of a checkpoint.
    pub(crate) fn restore(
        &mut self,
        next_sequence: u64,
        messages: Vec<(u64, Entry)>,
        foreign: Vec<(u64, ForeignId)>,
    ) {
        for (sequence, entry) in messages {
            self.insert(sequence, None, entry);
        }
        for (sequence, id) in foreign {
            self.ids.insert(sequence, id);
        }
        self.next_sequence = self.next_sequence.max(next_sequence);
    }

    /// Applies the record of a message; for recovery.
    pub(crate) fn recover(&mut self, location: Location, record: &MessageRecord<'_>) {
        self.replace(record.sequence, record.id, Entry::new(location, record), record.placement);
    }

    /// Puts a message into its placement, whatever was known of it before.
    pub(crate) fn replace(
        &mut self,
        sequence: u64,
        id: Option<ForeignId>,
        entry: Entry,
        placement: Placement,
    ) {
        if let Some(older) = self.dead_letters.remove(sequence) {
            self.freed.push(older.location);
        }
        if let Some(older) = self.retained.remove(sequence) {
            self.freed.push(older.location);
        }
        self.insert(sequence, id, entry);
        match placement {
            Placement::Queued => {}
            Placement::Claimed(lease) => self.attach(sequence, lease),
            Placement::DeadLettered => self.dead_letter(sequence),
            Placement::Retained => self.remove(sequence),
        }
    }

    /// Raises the next sequence number to at least this one.
    pub(crate) fn skip(&mut self, below: u64) {
        self.next_sequence = self.next_sequence.max(below);
    }

    /// Discards entries whose records are in segments before this one, which are gone. Only messages that had expired
    /// can be there: the clock was ahead when the segments were retired.
    pub(crate) fn remove_before(&mut self, segment: u32) {
        let live = self.iter_from(0).map(|(sequence, entry, _)| (sequence, entry));
        let lost: Vec<u64> = live
            .chain(self.dead_letters.iter().map(|(sequence, _, entry)| (sequence, entry)))
            .chain(self.retained.iter_from(0))
            .filter(|(_, entry)| entry.location.segment < segment)
            .map(|(sequence, _)| sequence)
            .collect();
        lost.into_iter().for_each(|sequence| self.discard(sequence));
        let lost: Vec<_> = self
            .attempts
            .iter()
            .filter(|(_, _, entry)| entry.location.segment < segment)
            .map(|(id, number, _)| (id, number))
            .collect();
        lost.into_iter().for_each(|(id, number)| self.discard_attempt(id, number));
    }

    /// Removes a message from the queue or the dead letters, and from its claim. It is retained if subscribers are
    /// owed it.
    pub(crate) fn remove(&mut self, sequence: u64) {
        let Some(entry) = self.take(sequence).or_else(|| self.dead_letters.remove(sequence)) else { return };
        self.note_message(sequence);
        let before = if self.is_needed(sequence) {
            self.retained.insert(sequence, entry)
        } else {
            self.forget_id(sequence);
            Some(entry)
        };
        self.freed.extend(before.map(|entry| entry.location));
    }

    /// Moves a message that was claimed too often to the dead letters.
    pub(crate) fn dead_letter(&mut self, sequence: u64) {
        let id = self.id_of(sequence);
        if let Some(entry) = self.take(sequence) {
            self.dead_letters.insert(sequence, id, entry);
        }
    }

    /// Removes a message for subscribers, too: none needs it, or it is unreadable.
    pub(crate) fn discard(&mut self, sequence: u64) {
        self.note_message(sequence);
        let removed =
            [self.take(sequence), self.dead_letters.remove(sequence), self.retained.remove(sequence)];
        self.freed.extend(removed.into_iter().flatten().map(|entry| entry.location));
        if !self.is_held(sequence) {
            self.forget_id(sequence);
        }
    }

    /// The location of a record.
    pub(crate) fn location(&self, key: RecordKey) -> Option<Location> {
        match key {
            RecordKey::Message(sequence) => self.locate(sequence).map(|(entry, _)| entry.location),
            RecordKey::Attempt(id, number) => {
                self.attempts.get(id)?.entries.get(&number).map(|entry| entry.location)
            }
        }
    }

    /// Notes the new location of a record.
    pub(crate) fn relocate(&mut self, key: RecordKey, from: Location, to: Location) {
        let location = match key {
            RecordKey::Message(sequence) => self.message_location_mut(sequence),
            RecordKey::Attempt(id, number) => {
                self.attempts.get_mut(id, number).map(|entry| &mut entry.location)
            }
        };
        match location.filter(|location| **location == from) {
            Some(location) => {
                *location = to;
                self.freed.push(from);
            }
            // It was removed meanwhile: the copy is free at once.
            None => self.freed.push(to),
        }
    }

    fn message_location_mut(&mut self, sequence: u64) -> Option<&mut Location> {
        let aside = match self.dead_letters.get_mut(sequence) {
            Some(entry) => Some(entry),
            None => self.retained.get_mut(sequence),
        };
        let entry = match aside {
            Some(entry) => Some(entry),
            None => {
                self.chunks.get_mut(&(sequence / CHUNK)).and_then(|chunk| chunk.get_mut(slot_of(sequence)))
            }
        };
        entry.map(|entry| &mut entry.location)
    }

    /// Discards an unreadable record.
    pub(crate) fn discard_record(&mut self, key: RecordKey) {
        match key {
            RecordKey::Message(sequence) => self.discard(sequence),
            RecordKey::Attempt(id, number) => self.discard_attempt(id, number),
        }
    }

    /// Removes all messages below a sequence number, except dead letters.
    pub(crate) fn purge(&mut self, below: u64) {
        let doomed: Vec<u64> = self
            .iter_from(0)
            .map(|(sequence, _, _)| sequence)
            .take_while(|sequence| *sequence < below)
            .collect();
        doomed.into_iter().for_each(|sequence| self.remove(sequence));
    }
}
