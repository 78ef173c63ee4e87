//! Records that are copied forward, so that their old segment can be retired.

use std::sync::Arc;

use zaqar_model::SubscriptionId;

use super::Batch;
use crate::log::{Location, MessageRecord, Record};
use crate::queues::{Queue, Queues};

/// What was copied forward.
pub(super) struct Moved {
    pub(super) queue: Arc<Queue>,
    pub(super) what: Movable,
    pub(super) from: Location,
    pub(super) to: Location,
}

pub(super) enum Movable {
    /// By its sequence number.
    Message(u64),
    /// By its number among those of a subscription.
    Attempt(SubscriptionId, u64),
}

impl Batch {
    /// Copies a record forward: a message's with its state as it is now.
    pub(in crate::writer) fn relocate(
        &mut self,
        queues: &Queues,
        queue: &Arc<Queue>,
        from: Location,
        record: &[u8],
    ) {
        match Record::decode(record) {
            Ok((Record::Message(message), _)) => self.relocate_message(queues, queue, from, &message),
            Ok((Record::Attempt(attempt), _)) => {
                let what = Movable::Attempt(attempt.subscription, attempt.number);
                let to = self.encode(&Record::Attempt(attempt));
                self.moved.push(Moved { queue: Arc::clone(queue), what, from, to });
            }
            _ => {}
        }
    }

    fn relocate_message(
        &mut self,
        queues: &Queues,
        queue: &Arc<Queue>,
        from: Location,
        record: &MessageRecord<'_>,
    ) {
        let sequence = record.sequence;
        let locked = queues.lock(queue);
        let Some((entry, placement)) = locked.index.locate(sequence).map(|(entry, at)| (*entry, at)) else {
            return;
        };
        if entry.location != from {
            return;
        }
        drop(locked);
        let to = self.encode(&Record::Message(MessageRecord {
            expires: entry.expires,
            ttl: entry.ttl,
            claim_count: entry.claim_count,
            placement,
            ..record.clone()
        }));
        self.moved.push(Moved { queue: Arc::clone(queue), what: Movable::Message(sequence), from, to });
    }
}
