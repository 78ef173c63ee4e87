//! Leasing deliveries: they are selected under the queue's lock, logged, and only then leased in the index. The call
//! returns once the log has them durably as under way.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use zaqar_model::{
    Delivery, DeliveryOutcome, DeliveryReport, Lease, Marker, MessageId, StoredMessage, Subscription,
    SubscriptionId, Timestamp,
};
use zaqar_storage::{Deliveries, Due, LeaseRequest, StorageResult, SubscriptionKey, SubscriptionShare};

use crate::EmbeddedMessageStore;
use crate::deliveries::recording::{Acknowledgement, RECORDED_AT_ONCE, Recording};
use crate::log::DeliveryState;
use crate::queues::{Locked, Queue};
use crate::read::{LocatedMessage, stored_messages};
use crate::subscriptions::to_subscription;
use crate::writer::answer;

/// A lease in the making.
struct Leasing<'a> {
    request: &'a LeaseRequest,
    lease: Lease,
    taken: Vec<Taken>,
    messages: OwedMessages,
    changes: Vec<Acknowledgement>,
}

/// A leased delivery, without its message.
struct Taken {
    subscription: Arc<Subscription>,
    message: MessageId,
    position: Marker,
    attempts: u32,
}

impl EmbeddedMessageStore {
    /// The first subscriptions in the order of their turns that have something due.
    pub(crate) fn due_now(&self, share: SubscriptionShare, limit: usize, now: Timestamp) -> Due {
        let schedule = &self.queues.schedule;
        while let Some(number) = schedule.next_posted(share, now) {
            if let Some(queue) = self.queues.find(number) {
                let mut locked = self.queues.lock(&queue);
                schedule.make_ready(number, locked.index.take_caught_up());
            }
        }
        let (mut due, mut behind) = (Vec::new(), 0);
        while due.len() < limit {
            let turns = schedule.ready_behind(behind, limit - due.len());
            let Some((last, _)) = turns.last() else { break };
            behind = *last;
            for (_, (number, id)) in turns {
                match self.queues.find(number) {
                    Some(queue) => due.extend(self.due_of(&queue, id, share, now)),
                    None => schedule.place((number, id), None, false, now),
                }
            }
        }
        if due.is_empty() { self.due_later(share, now) } else { Due::Now(due) }
    }

    fn due_of(
        &self,
        queue: &Queue,
        id: SubscriptionId,
        share: SubscriptionShare,
        now: Timestamp,
    ) -> Option<SubscriptionKey> {
        let Some(source) = queue.identity.get() else {
            // What the queue is called is lost with a damaged checkpoint: the next post says it again.
            self.queues.lock(queue).index.wait_for_post(id);
            self.queues.schedule.place((queue.number, id), None, false, now);
            return None;
        };
        let is_due = self.look(queue, id, share, now).is_some_and(|due| due <= now);
        is_due.then(|| SubscriptionKey { source: source.clone(), id })
    }

    fn due_later(&self, share: SubscriptionShare, now: Timestamp) -> Due {
        // What a timer was set for may have expired since.
        while let Some((at, (number, id))) = self.queues.schedule.first_timer() {
            match self.queues.find(number) {
                Some(queue) if self.look(&queue, id, share, now) == Some(at) => return Due::At(at),
                Some(_) => {}
                None => self.queues.schedule.place((number, id), None, false, now),
            }
        }
        Due::Nothing
    }

    /// Puts a subscription into its place in the schedule. Returns when it is due.
    fn look(
        &self,
        queue: &Queue,
        id: SubscriptionId,
        share: SubscriptionShare,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let mut locked = self.queues.lock_at(queue, now);
        // Where a queue lives in another store, nothing is due until it is in use here.
        let is_here = !locked.transit.is_elsewhere();
        let due = if is_here { locked.index.next_due(id, share, now) } else { None };
        self.queues.schedule.place((queue.number, id), due, false, now);
        due
    }

    pub(crate) async fn lease_due(
        &self,
        request: &LeaseRequest,
        now: Timestamp,
    ) -> StorageResult<Vec<Delivery>> {
        self.writer.check_open()?;
        let lease = Lease { id: request.id, since: now };
        let messages = OwedMessages::default();
        let mut leasing = Leasing { request, lease, taken: Vec::new(), messages, changes: Vec::new() };
        for (key, limit) in request.subscriptions.iter().filter(|_| now < request.until) {
            match self.lease_from(&mut leasing, key, *limit) {
                Ok(()) => {}
                Err(error) if leasing.taken.is_empty() => return Err(error),
                // The deliveries leased before can be made.
                Err(_) => break,
            }
        }
        self.finish(leasing).await
    }

    fn lease_from(
        &self,
        leasing: &mut Leasing<'_>,
        key: &SubscriptionKey,
        limit: usize,
    ) -> StorageResult<()> {
        let SubscriptionKey { source, id } = key;
        let Some(queue) = &self.queues.find(source.number.get()) else { return Ok(()) };
        let (lease, share, now) = (leasing.lease, leasing.request.share, leasing.lease.since);
        let Ok(mut locked) = self.queues.lock_at(queue, now).here() else { return Ok(()) };
        let Some(kept) = locked.index.subscriptions.get(*id).cloned() else { return Ok(()) };
        let subscription = Arc::new(to_subscription(source, &kept)?);
        let cursor = locked.index.cursor(*id).filter(|_| leasing.request.is_repeated);
        let held = cursor.map(|cursor| cursor.held_by(lease.id)).unwrap_or_default();
        if !held.is_empty() {
            self.find_taken(leasing, &locked, &subscription, &held);
            return Ok(());
        }
        let mut recording = Recording::default();
        recording.end_orphaned_leases(queue, &mut locked.index, *id, now);
        leasing.changes.extend(recording.make(&self.writer, queue, &mut locked)?);
        let due = locked.index.next_to_lease(*id, limit, share, now);
        for sequences in due.chunks(RECORDED_AT_ONCE) {
            self.take(leasing, queue, &mut locked, &subscription, sequences)?;
        }
        let due = locked.index.next_due(*id, share, now);
        self.queues.schedule.place((queue.number, *id), due, true, now);
        Ok(())
    }

    fn find_taken(
        &self,
        leasing: &mut Leasing<'_>,
        locked: &Locked<'_>,
        subscription: &Arc<Subscription>,
        sequences: &[u64],
    ) {
        for sequence in sequences {
            let open = locked.index.cursor(subscription.id).and_then(|cursor| cursor.get(*sequence));
            let attempts = open.map_or(0, |open| open.attempts);
            let message = leasing.messages.find(self, locked, *sequence);
            let (subscription, position) = (Arc::clone(subscription), Marker::new(*sequence));
            leasing.taken.push(Taken { subscription, message, position, attempts });
        }
    }

    fn take(
        &self,
        leasing: &mut Leasing<'_>,
        queue: &Arc<Queue>,
        locked: &mut Locked<'_>,
        subscription: &Arc<Subscription>,
        sequences: &[u64],
    ) -> StorageResult<()> {
        let (id, lease) = (subscription.id, leasing.lease);
        let mut recording = Recording::default();
        let first = leasing.taken.len();
        self.find_taken(leasing, locked, subscription, sequences);
        for (Taken { message, attempts, .. }, sequence) in leasing.taken[first..].iter().zip(sequences) {
            recording.end_unknown(queue, &mut locked.index, id, *sequence);
            let (message, attempts) = (*message, *attempts);
            recording.set_state(id, *sequence, DeliveryState::UnderWay { message, lease, attempts });
        }
        match recording.log(&self.writer, queue, locked) {
            Ok(change) => leasing.changes.push(change),
            Err(error) => {
                leasing.taken.truncate(first);
                return Err(error);
            }
        }
        locked.index.lease(id, lease, leasing.request.until, sequences);
        Ok(())
    }

    /// The messages are read while the log is written.
    async fn finish(&self, leasing: Leasing<'_>) -> StorageResult<Vec<Delivery>> {
        let Leasing { request, lease, taken, messages, changes } = leasing;
        let messages = messages.read().await?;
        for change in changes {
            answer(change).await?;
        }
        let (mut deliveries, mut unreadable) = (Vec::with_capacity(taken.len()), Vec::new());
        for Taken { subscription, message, position, attempts } in taken {
            match messages.get(&message).cloned() {
                Some(message) => deliveries.push(Delivery { subscription, message, position, attempts }),
                None => unreadable.push(DeliveryReport {
                    source: subscription.source.clone(),
                    subscription: subscription.id,
                    position,
                    outcome: DeliveryOutcome::Postponed(request.until),
                }),
            }
        }
        if !unreadable.is_empty() {
            self.record(lease.id, &unreadable, lease.since).await?;
        }
        Ok(deliveries)
    }
}

/// The distinct messages of some deliveries.
#[derive(Default)]
pub(crate) struct OwedMessages {
    found: Vec<LocatedMessage>,
    ids: HashSet<MessageId>,
}

impl OwedMessages {
    /// Locates a message. Returns its id.
    pub(crate) fn find(
        &mut self,
        store: &EmbeddedMessageStore,
        locked: &Locked<'_>,
        sequence: u64,
    ) -> MessageId {
        let id = locked.index.id_of(sequence);
        if let Some(entry) = locked.index.owed_message(sequence)
            && self.ids.insert(id)
        {
            self.found.push(LocatedMessage::owed(&store.queues.segments, id, entry));
        }
        id
    }

    /// Reads the messages. Unreadable ones are missing in the result.
    pub(crate) async fn read(self) -> StorageResult<HashMap<MessageId, StoredMessage>> {
        let read = stored_messages(self.found).await?;
        Ok(read.into_iter().map(|stored| (stored.message.id, stored)).collect())
    }
}
