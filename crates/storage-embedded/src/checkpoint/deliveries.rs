//! One subscription's deliveries in a checkpoint: its cursor and the locations of its attempts.

use zaqar_model::{MessageId, SubscriptionId, Timestamp};

use super::{decode_location, encode_location};
use crate::index::{AttemptEntry, QueueIndex, SavedCursor};
use crate::log::{DeliveryState, FieldWriter, Fields, Malformed, Segments, decode_states};

/// The deliveries of a subscription, as read.
pub(super) struct Deliveries {
    front: u64,
    states: Vec<(u64, DeliveryState)>,
    next_attempt: u64,
    attempts: Vec<(u64, AttemptEntry)>,
}

pub(super) fn encode(index: &QueueIndex, id: SubscriptionId, out: &mut FieldWriter<'_>) {
    let cursor = index.cursor(id);
    out.u64(cursor.map_or(0, |cursor| cursor.front()));
    out.count(cursor.map_or(0, |cursor| cursor.open_len() + cursor.failed().len()));
    if let Some(cursor) = cursor {
        for (sequence, open) in cursor.open() {
            out.u64(sequence);
            open.logged(index.id_of(sequence)).encode(out);
        }
        for (sequence, failure) in cursor.failed() {
            out.u64(*sequence);
            DeliveryState::Failed(failure.clone()).encode(out);
        }
    }
    let attempts = index.attempts.get(id);
    out.u64(attempts.map_or(0, |attempts| attempts.next));
    out.count(attempts.map_or(0, |attempts| attempts.entries.len()));
    for (number, entry) in attempts.into_iter().flat_map(|attempts| &attempts.entries) {
        out.u64(*number);
        encode_location(entry.location, out);
        out.u128(entry.message.as_u128());
        out.u64(entry.at.as_millis());
    }
}

impl Deliveries {
    pub(super) fn decode(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            front: fields.u64()?,
            states: decode_states(fields)?,
            next_attempt: fields.u64()?,
            attempts: fields.list(44, |fields| {
                let number = fields.u64()?;
                let location = decode_location(fields)?;
                let message = MessageId::from_u128(fields.u128()?);
                let at = Timestamp::from_millis(fields.u64()?);
                Ok((number, AttemptEntry { location, message, at }))
            })?,
        })
    }

    /// Restores them in an index that has the subscriptions and the messages already.
    pub(super) fn restore(all: Vec<(SubscriptionId, Self)>, index: &mut QueueIndex, segments: &Segments) {
        let mut cursors = Vec::new();
        for (id, Self { front, states, next_attempt, attempts }) in all {
            cursors.push(SavedCursor { id, front, states });
            for (number, entry) in attempts {
                segments.mark_live(entry.location);
                index.add_attempt(id, number, entry);
            }
            index.attempts.raise(id, next_attempt);
        }
        index.restore_cursors(cursors);
    }
}
