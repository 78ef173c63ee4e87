//! One commit in the making: what it says, and what it will show when it is durable.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use zaqar_model::{
    ClaimId, ClientId, Marker, MessageId, MovingMessage, NewMessage, StoredMessage, SubscriptionId, Timestamp,
};
use zaqar_storage::{Adoption, StorageError};

use super::{NewAttempt, Reply};
use crate::index::{AttemptEntry, Entry, native_id};
use crate::log::{Client, ENVELOPE_HEADER, ForeignId, Hold, Location, MessageRecord, Position, Record};
use crate::queues::{Queue, Queues};

/// What one commit will show.
#[derive(Default)]
pub(super) struct Batch {
    /// The commit's bytes; the header's room comes first.
    pub(super) buffer: Vec<u8>,
    /// Whether it says what an index knows already.
    pub(super) has_changes: bool,
    arrivals: Vec<Arrival>,
    /// Attempts that come on record, by queue. Their locations count from the start of the batch's records.
    attempts: Vec<(Arc<Queue>, Vec<NewAttempt>)>,
    moved: Vec<Moved>,
    /// The sequence numbers from which queues that came from another store go on.
    skips: Vec<(Arc<Queue>, u64)>,
    answers: Vec<Answer>,
    /// The queues that have more than before, once it is shown.
    arrived: Vec<Arc<Queue>>,
    /// Exhausted messages that the batch has moved elsewhere.
    departures: Vec<(Arc<Queue>, Vec<u64>)>,
    /// The ids that the batch brings with it, not in an index yet.
    adopted: HashSet<(u64, MessageId)>,
    /// The sequence numbers in `departures`, still in an index.
    left: HashSet<(u64, u64)>,
    /// Above all sequence numbers that were given out, by it or before.
    pub(super) sequence_floor: u64,
}

/// A message that comes into a queue. Its location counts from the start of the records.
struct Arrival {
    queue: Arc<Queue>,
    sequence: u64,
    id: Option<ForeignId>,
    entry: Entry,
    claim: Option<(ClaimId, Hold)>,
    exhausted: bool,
    kept: bool,
}

/// What was copied forward.
struct Moved {
    queue: Arc<Queue>,
    what: Movable,
    from: Location,
    to: Location,
}

enum Movable {
    /// By its sequence number.
    Message(u64),
    /// By its number among those of a subscription.
    Attempt(SubscriptionId, u64),
}

enum Answer {
    Ids(Reply<Vec<MessageId>>, Vec<MessageId>),
    Done(Reply<()>),
}

impl Batch {
    pub(super) fn begin(&mut self, sequence_floor: u64) {
        self.buffer.clear();
        self.buffer.resize(ENVELOPE_HEADER, 0);
        self.adopted.clear();
        self.left.clear();
        self.has_changes = false;
        self.sequence_floor = self.sequence_floor.max(sequence_floor);
    }

    pub(super) fn post(
        &mut self,
        queues: &Queues,
        queue: &Arc<Queue>,
        client: &ClientId,
        messages: Vec<NewMessage>,
        now: Timestamp,
        reply: Reply<Vec<MessageId>>,
    ) {
        if queues.lock(queue).is_dropped {
            let _ = reply.send(Err(StorageError::NotFound("queue")));
            return;
        }
        self.identify(queue);
        let client = Client::new(client.as_str());
        let ids = messages
            .into_iter()
            .map(|message| {
                let record = MessageRecord {
                    destination: queue.number,
                    sequence: 0,
                    id: None,
                    created: now,
                    expires: message.ttl.after(now),
                    delayed_until: message.delay.after(now),
                    ttl: message.ttl,
                    claim_count: 0,
                    claim: None,
                    exhausted: false,
                    kept: false,
                    is_letter: false,
                    client,
                    checksum: message.checksum.as_deref().unwrap_or_default(),
                    body: message.body.as_bytes(),
                };
                native_id(queue.id_prefix, self.arrive(queue, record))
            })
            .collect();
        self.answers.push(Answer::Ids(reply, ids));
    }

    pub(super) fn adopt(
        &mut self,
        queues: &Queues,
        queue: &Arc<Queue>,
        mut messages: Vec<StoredMessage>,
        (adoption, leaving): (Adoption, Option<Arc<Queue>>),
        reply: Reply<()>,
    ) {
        let locked = queues.lock(queue);
        if locked.is_dropped {
            let _ = reply.send(Err(StorageError::NotFound("queue")));
            return;
        }
        drop(locked);
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
            self.arrive(
                queue,
                MessageRecord {
                    destination: queue.number,
                    sequence: 0,
                    id: Some(ForeignId { id: message.id, posted: adoption == Adoption::Arrival }),
                    created: message.created,
                    expires: stored.expires,
                    delayed_until: stored.delayed_until,
                    ttl: message.ttl,
                    claim_count: message.claim_count,
                    claim: None,
                    exhausted: false,
                    kept: false,
                    is_letter: stored.is_letter,
                    client: Client::new(stored.client.as_str()),
                    checksum: message.checksum.as_deref().unwrap_or_default(),
                    body: message.body.as_bytes(),
                },
            );
        }
        self.answers.push(Answer::Done(reply));
    }

    /// Takes in messages of a queue that moves here, each in its own place.
    pub(super) fn import(
        &mut self,
        queues: &Queues,
        queue: &Arc<Queue>,
        messages: &[MovingMessage],
        last: Marker,
        reply: Reply<()>,
    ) {
        if queues.lock(queue).is_dropped {
            let _ = reply.send(Err(StorageError::NotFound("queue")));
            return;
        }
        self.identify(queue);
        for MovingMessage { position, stored, hold, exhausted, posted, kept } in messages {
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
                    claim: hold.map(|hold| (hold.id, Hold { renewed: hold.renewed, ttl: hold.ttl })),
                    exhausted: *exhausted,
                    kept: *kept,
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
        self.answers.push(Answer::Done(reply));
    }

    /// Writes down that messages leave the place where they wait as exhausted; those that do not wait there are taken
    /// off the list.
    fn leave(&mut self, queues: &Queues, source: Arc<Queue>, messages: &mut Vec<StoredMessage>) {
        let locked = queues.lock(&source);
        let mut sequences = Vec::new();
        messages.retain(|stored| {
            let waiting = locked.index.exhausted.find(stored.message.id);
            let leaving = waiting.filter(|sequence| self.left.insert((source.number, *sequence)));
            sequences.extend(leaving);
            leaving.is_some()
        });
        drop(locked);
        if !sequences.is_empty() {
            self.encode(&Record::Delete { destination: source.number, sequences: sequences.clone() });
            self.departures.push((source, sequences));
        }
    }

    pub(super) fn log(&mut self, records: &[u8], reply: Reply<()>) {
        self.has_changes |= !records.is_empty();
        self.buffer.extend_from_slice(records);
        self.answers.push(Answer::Done(reply));
    }

    pub(super) fn record(
        &mut self,
        queue: &Arc<Queue>,
        records: &[u8],
        attempts: &[NewAttempt],
        reply: Reply<()>,
    ) {
        let start = number(self.buffer.len() - ENVELOPE_HEADER);
        let attempts = attempts.iter().map(|new| {
            let location = Location { offset: start + new.entry.location.offset, ..new.entry.location };
            NewAttempt { entry: AttemptEntry { location, ..new.entry }, ..*new }
        });
        self.attempts.push((Arc::clone(queue), attempts.collect()));
        self.log(records, reply);
    }

    /// Gives a message its sequence number and writes it down.
    fn arrive(&mut self, queue: &Arc<Queue>, mut record: MessageRecord<'_>) -> u64 {
        record.sequence = queue.tail.load(Ordering::Relaxed);
        self.place(queue, &record)
    }

    /// Writes a message down that has its sequence number.
    fn place(&mut self, queue: &Arc<Queue>, record: &MessageRecord<'_>) -> u64 {
        let next = record.sequence.saturating_add(1);
        queue.tail.fetch_max(next, Ordering::Relaxed);
        self.sequence_floor = self.sequence_floor.max(next);
        let location = self.encode(&Record::Message(record.clone()));
        self.arrivals.push(Arrival {
            queue: Arc::clone(queue),
            sequence: record.sequence,
            id: record.id,
            entry: Entry::new(location, record),
            claim: record.claim,
            exhausted: record.exhausted,
            kept: record.kept,
        });
        record.sequence
    }

    /// Says once in the log which queue a number stands for.
    fn identify(&mut self, queue: &Queue) {
        if let Some(identity) = queue.identity.get()
            && !queue.identity_is_logged.swap(true, Ordering::Relaxed)
        {
            self.encode(&Record::destination(identity));
        }
    }

    /// Copies a record forward: a message's with its state as it is now.
    pub(super) fn relocate(&mut self, queues: &Queues, queue: &Arc<Queue>, from: Location, record: &[u8]) {
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
        let index = &locked.index;
        let live = index.get(sequence).map(|entry| (*entry, false, false));
        let exhausted = || index.exhausted.get(sequence).map(|entry| (*entry, true, false));
        let kept = || index.kept.get(sequence).map(|entry| (*entry, false, true));
        let Some((entry, exhausted, kept)) = live.or_else(exhausted).or_else(kept) else { return };
        if entry.location != from {
            return;
        }
        let held = entry.claim.and_then(|key| index.claims.get(key)).map(|claim| (claim.id, claim.hold));
        let claim = held.or_else(|| index.released.last(sequence));
        drop(locked);
        let to = self.encode(&Record::Message(MessageRecord {
            expires: entry.expires,
            ttl: entry.ttl,
            claim_count: entry.claim_count,
            claim,
            exhausted,
            kept,
            ..record.clone()
        }));
        self.moved.push(Moved { queue: Arc::clone(queue), what: Movable::Message(sequence), from, to });
    }

    /// Appends a record; answers where it lies, counted from the start of the records.
    fn encode(&mut self, record: &Record<'_>) -> Location {
        let start = self.buffer.len();
        record.encode(&mut self.buffer);
        Location {
            segment: 0,
            offset: number(start - ENVELOPE_HEADER),
            length: number(self.buffer.len() - start),
        }
    }

    /// Brings what is durable into the indexes.
    pub(super) fn show(&mut self, queues: &Queues, records_at: Position) {
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
                    queues.segments.note_live(entry.location);
                    let Arrival { sequence, id, claim, exhausted, kept, .. } = arrival;
                    locked.index.replace(sequence, id, entry, claim, exhausted, kept);
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
                queues.segments.note_live(entry.location);
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
        for moved in self.moved.drain(..) {
            let mut locked = queues.lock(&moved.queue);
            let to = place(moved.to);
            queues.segments.note_live(to);
            if locked.is_dropped {
                queues.segments.note_freed(&[to]);
            } else {
                match moved.what {
                    Movable::Message(sequence) => locked.index.relocate(sequence, moved.from, to),
                    Movable::Attempt(id, number) => {
                        locked.index.relocate_attempt(id, number, moved.from, to);
                    }
                }
            }
        }
    }

    pub(super) fn succeed(&mut self) {
        for answer in self.answers.drain(..) {
            match answer {
                Answer::Ids(reply, ids) => drop(reply.send(Ok(ids))),
                Answer::Done(reply) => drop(reply.send(Ok(()))),
            }
        }
        // Behind the answers: there may be many who wait.
        self.arrived.drain(..).for_each(|queue| queue.arrivals.notify_waiters());
    }

    pub(super) fn fail(&mut self, reason: &str) {
        for arrival in self.arrivals.drain(..) {
            arrival.queue.identity_is_logged.store(false, Ordering::Relaxed);
        }
        self.attempts.clear();
        self.moved.clear();
        self.skips.clear();
        self.departures.clear();
        for answer in self.answers.drain(..) {
            match answer {
                Answer::Ids(reply, _) => drop(reply.send(Err(StorageError::unavailable(reason.to_owned())))),
                Answer::Done(reply) => drop(reply.send(Err(StorageError::unavailable(reason.to_owned())))),
            }
        }
    }
}

/// A number of bytes within a commit, which is far smaller than 4 GiB.
fn number(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
