//! Records that are copied forward, so that their segment can be retired.

use std::borrow::Cow;
use std::sync::Arc;

use super::Batch;
use crate::index::RecordKey;
use crate::log::{Location, MessageRecord, Record};
use crate::queues::{Queue, Queues};

/// A record with a copy at the end of the log.
pub(super) struct Moved {
    pub(super) queue: Arc<Queue>,
    pub(super) key: RecordKey,
    pub(super) from: Location,
    pub(super) to: Location,
}

/// An unreadable record.
pub(super) struct Unreadable {
    pub(super) queue: Arc<Queue>,
    pub(super) key: RecordKey,
    pub(super) at: Location,
}

impl Batch {
    /// Copies a record forward. A message is copied with its current state.
    pub(in crate::writer) fn relocate(
        &mut self,
        queues: &Queues,
        queue: &Arc<Queue>,
        key: RecordKey,
        from: Location,
        record: &[u8],
    ) {
        let to = match (Record::read(record), key) {
            (Ok(Record::Message(message)), RecordKey::Message(sequence))
                if (message.destination, message.sequence) == (queue.number, sequence) =>
            {
                self.copy_message(queues, queue, from, &message)
            }
            (Ok(Record::Attempt(attempt)), RecordKey::Attempt(subscription, number))
                if (attempt.destination, attempt.subscription, attempt.number)
                    == (queue.number, subscription, number) =>
            {
                Some(self.encode(&Record::Attempt(attempt)))
            }
            _ => return self.discard(queues, queue, key, from),
        };
        if let Some(to) = to {
            self.moved.push(Moved { queue: Arc::clone(queue), key, from, to });
        }
    }

    /// Returns `None` if the message is gone or its record is elsewhere.
    fn copy_message(
        &mut self,
        queues: &Queues,
        queue: &Arc<Queue>,
        from: Location,
        record: &MessageRecord<'_>,
    ) -> Option<Location> {
        let (entry, placement) = {
            let locked = queues.lock(queue);
            let (entry, placement) = locked.index.locate(record.sequence)?;
            (*entry, placement)
        };
        (entry.location == from).then(|| {
            self.encode(&Record::Message(MessageRecord {
                expires: entry.expires,
                ttl: entry.ttl,
                claim_count: entry.claim_count,
                placement,
                ..record.clone()
            }))
        })
    }

    /// Discards a damaged record, which would pin its segment.
    fn discard(&mut self, queues: &Queues, queue: &Arc<Queue>, key: RecordKey, at: Location) {
        if queues.lock(queue).index.location(key) != Some(at) {
            return;
        }
        let Location { segment, offset, length } = at;
        tracing::error!(segment, offset, length, record = %key, "a record is damaged on disk and was discarded");
        if let RecordKey::Message(sequence) = key {
            let sequences = Cow::Owned(vec![sequence]);
            self.encode(&Record::Discard { destination: queue.number, sequences });
        }
        self.unreadable.push(Unreadable { queue: Arc::clone(queue), key, at });
    }
}
