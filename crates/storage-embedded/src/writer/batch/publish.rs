//! Publishing a commit once it is durable.

use std::sync::Arc;

use super::Batch;
use super::arrivals::Arrival;
use super::relocation::{Moved, Unreadable};
use crate::index::{AttemptEntry, Entry};
use crate::log::{Location, Position};
use crate::queues::Queues;
use crate::writer::NewAttempt;

impl Batch {
    /// Applies a durable commit to the indexes.
    pub(in crate::writer) fn publish(&mut self, queues: &Queues, records_at: Position) {
        let place = |location: Location| Location {
            segment: records_at.segment,
            offset: location.offset.saturating_add(u32::try_from(records_at.offset).unwrap_or(u32::MAX)),
            ..location
        };
        let mut arrivals = self.arrivals.drain(..).peekable();
        while let Some(first) = arrivals.next() {
            let queue = Arc::clone(&first.queue);
            let mut locked = queues.lock(&queue);
            let mut next = Some(first);
            while let Some(arrival) = next {
                if !locked.is_dropped {
                    let entry = Entry { location: place(arrival.entry.location), ..arrival.entry };
                    queues.segments.mark_live(entry.location);
                    let Arrival { sequence, id, placement, .. } = arrival;
                    locked.index.replace(sequence, id, entry, placement);
                }
                next = arrivals.next_if(|arrival| Arc::ptr_eq(&arrival.queue, &queue));
            }
            drop(locked);
            self.arrived.push(queue);
        }
        for (queue, attempts) in self.attempts.drain(..) {
            let mut locked = queues.lock(&queue);
            for NewAttempt { subscription, number, entry } in attempts {
                let entry = AttemptEntry { location: place(entry.location), ..entry };
                queues.segments.mark_live(entry.location);
                locked.index.add_attempt(subscription, number, entry);
            }
        }
        for (queue, below) in self.skips.drain(..) {
            queues.lock(&queue).index.skip(below);
            self.arrived.push(queue);
        }
        for (queue, sequences) in self.departures.drain(..) {
            let mut locked = queues.lock(&queue);
            sequences.into_iter().for_each(|sequence| locked.index.remove(sequence));
        }
        for Moved { queue, key, from, to } in self.moved.drain(..) {
            let mut locked = queues.lock(&queue);
            let to = place(to);
            queues.segments.mark_live(to);
            if locked.is_dropped {
                queues.segments.mark_freed(&[to]);
            } else {
                locked.index.relocate(key, from, to);
            }
        }
        for Unreadable { queue, key, at } in self.unreadable.drain(..) {
            let mut locked = queues.lock(&queue);
            // Another record may have replaced it.
            if locked.index.location(key) == Some(at) {
                locked.index.discard_record(key);
            }
        }
    }
}
