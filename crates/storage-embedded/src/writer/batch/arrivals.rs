//! Messages that come into a queue: posted, adopted, or imported with the queue.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use zaqar_model::{ClientId, ExportedMessage, Marker, MessageId, NewMessage, StoredMessage, Timestamp};
use zaqar_storage::{Adoption, StorageError};

use super::{Batch, PendingReply};
use crate::index::{Entry, native_id};
use crate::log::{Client, ForeignId, MessageRecord, Placement, Record};
use crate::queues::{Queue, Queues};
use crate::writer::Reply;

/// A message that comes into a queue. Its location is relative to the start of the records.
pub(super) struct Arrival {
    pub(super) queue: Arc<Queue>,
    pub(super) sequence: u64,
    pub(super) id: Option<ForeignId>,
    pub(super) entry: Entry,
    pub(super) placement: Placement,
}

impl Batch {
    pub(in crate::writer) fn post(
        &mut self,
        queues: &Queues,
        queue: &Arc<Queue>,
        client: &ClientId,
        messages: &[NewMessage],
        now: Timestamp,
        reply: Reply<Vec<MessageId>>,
    ) {
        if let Some(refusal) = queues.lock(queue).refusal() {
            let _ = reply.send(Err(refusal));
            return;
        }
        self.identify(queue);
        let client = Client::new(client.as_str());
        let mut ids = Vec::with_capacity(messages.len());
        for message in messages {
            let sequence = queue.tail.load(Ordering::Relaxed);
            self.place(
                queue,
                &MessageRecord {
                    destination: queue.number,
                    sequence,
                    id: None,
                    created: now,
                    expires: message.ttl.after(now),
                    delayed_until: message.delay.after(now),
                    ttl: message.ttl,
                    claim_count: 0,
                    placement: Placement::Queued,
                    is_letter: false,
                    client,
                    checksum: message.checksum.as_deref().unwrap_or_default(),
                    body: message.body.as_bytes(),
                },
            );
            ids.push(native_id(queue.id_prefix, sequence));
        }
        self.replies.push(PendingReply::Ids(reply, ids));
    }

    pub(in crate::writer) fn adopt(
        &mut self,
        queues: &Queues,
        queue: &Arc<Queue>,
        mut messages: Vec<StoredMessage>,
        (adoption, leaving): (Adoption, Option<Arc<Queue>>),
        reply: Reply<()>,
    ) {
        let is_leaving = |source: &Arc<Queue>| queues.lock(source).transit.is_elsewhere();
        let refusal = queues.lock(queue).refusal();
        let moved = || leaving.as_ref().is_some_and(is_leaving).then_some(StorageError::Moved);
        if let Some(refusal) = refusal.or_else(moved) {
            let _ = reply.send(Err(refusal));
            return;
        }
        if let Some(source) = leaving {
            self.leave(queues, source, &mut messages);
        }
        let locked = queues.lock(queue);
        messages.retain(|stored| {
            locked.index.find(stored.message.id).is_none()
                && self.adopted.insert((queue.number, stored.message.id))
        });
        drop(locked);
        self.identify(queue);
        for stored in &messages {
            let message = &stored.message;
            let sequence = queue.tail.load(Ordering::Relaxed);
            self.place(
                queue,
                &MessageRecord {
                    destination: queue.number,
                    sequence,
                    id: Some(ForeignId { id: message.id, posted: adoption == Adoption::Arrival }),
                    created: message.created,
                    expires: stored.expires,
                    delayed_until: stored.delayed_until,
                    ttl: message.ttl,
                    claim_count: message.claim_count,
                    placement: Placement::Queued,
                    is_letter: stored.is_letter,
                    client: Client::new(stored.client.as_str()),
                    checksum: message.checksum.as_deref().unwrap_or_default(),
                    body: message.body.as_bytes(),
                },
            );
        }
        self.replies.push(PendingReply::Done(reply));
    }

    /// Adds the messages of a queue that migrates here, each with its own sequence number.
    pub(in crate::writer) fn import(
        &mut self,
        queues: &Queues,
        queue: &Arc<Queue>,
        messages: &[ExportedMessage],
        last: Marker,
        reply: Reply<()>,
    ) {
        if queues.lock(queue).is_dropped {
            let _ = reply.send(Err(StorageError::Conflict("another mover has taken over")));
            return;
        }
        self.identify(queue);
        for moving @ ExportedMessage { position, stored, posted, .. } in messages {
            let (message, sequence) = (&stored.message, position.get());
            let is_native = *posted && message.id == native_id(queue.id_prefix, sequence);
            let foreign = ForeignId { id: message.id, posted: *posted };
            self.place(
                queue,
                &MessageRecord {
                    destination: queue.number,
                    sequence,
                    id: (!is_native).then_some(foreign),
                    created: message.created,
                    expires: stored.expires,
                    delayed_until: stored.delayed_until,
                    ttl: message.ttl,
                    claim_count: message.claim_count,
                    placement: placement(moving),
                    is_letter: stored.is_letter,
                    client: Client::new(stored.client.as_str()),
                    checksum: message.checksum.as_deref().unwrap_or_default(),
                    body: message.body.as_bytes(),
                },
            );
        }
        let below = last.get().saturating_add(1);
        if queue.tail.fetch_max(below, Ordering::Relaxed) < below {
            self.encode(&Record::Skip { destination: queue.number, below });
            self.sequence_floor = self.sequence_floor.max(below);
            self.skips.push((Arc::clone(queue), below));
        }
        self.replies.push(PendingReply::Done(reply));
    }

    /// Logs that dead letters leave their queue, and removes those from the list that are no longer there.
    fn leave(&mut self, queues: &Queues, source: Arc<Queue>, messages: &mut Vec<StoredMessage>) {
        let locked = queues.lock(&source);
        let mut sequences = Vec::new();
        messages.retain(|stored| {
            let waiting = locked.index.dead_letters.find(stored.message.id);
            let leaving = waiting.filter(|sequence| self.left.insert((source.number, *sequence)));
            sequences.extend(leaving);
            leaving.is_some()
        });
        drop(locked);
        if !sequences.is_empty() {
            self.encode(&Record::Delete { destination: source.number, sequences: Cow::Borrowed(&sequences) });
            self.departures.push((source, sequences));
        }
    }

    /// Logs a message that has its sequence number.
    fn place(&mut self, queue: &Arc<Queue>, record: &MessageRecord<'_>) {
        let next = record.sequence.saturating_add(1);
        queue.tail.fetch_max(next, Ordering::Relaxed);
        self.sequence_floor = self.sequence_floor.max(next);
        let location = self.encode(&Record::Message(record.clone()));
        self.arrivals.push(Arrival {
            queue: Arc::clone(queue),
            sequence: record.sequence,
            id: record.id,
            entry: Entry::new(location, record),
            placement: record.placement,
        });
    }
}

/// The placement of a message in the queue that it comes with.
fn placement(moving: &ExportedMessage) -> Placement {
    match moving.hold {
        _ if moving.kept => Placement::Retained,
        _ if moving.exhausted => Placement::DeadLettered,
        Some(lease) => Placement::Claimed(lease),
        None => Placement::Queued,
    }
}
