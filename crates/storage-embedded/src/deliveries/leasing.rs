//! Leasing deliveries: they are selected under the queue's lock, logged, and only then leased in the index. The call
//! returns once the log has them durably as under way.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use zaqar_model::{
    Delivery, DeliveryOutcome, DeliveryReport, Lease, Marker, MessageId, StoredMessage, Subscription,
    SubscriptionId, Timestamp,
};
use zaqar_storage::{Deliveries, LeaseLimits, StorageResult, SubscriptionShare};

use crate::EmbeddedMessageStore;
use crate::deliveries::recording::{Acknowledgement, RECORDED_AT_ONCE, Recording};
use crate::log::DeliveryState;
use crate::queues::{Locked, Queue};
use crate::read::{LocatedMessage, stored_messages};
use crate::schedule::Turn;
use crate::subscriptions::to_subscription;
use crate::writer::answer;

/// A subscription at its turn.
pub(crate) struct SubscriptionTurn {
    pub(crate) queue: Arc<Queue>,
    pub(crate) id: SubscriptionId,
    /// The number of ready subscriptions, including this one.
    ready: usize,
}

/// A lease in preparation.
struct Leasing {
    lease: Lease,
    until: Timestamp,
    limits: LeaseLimits,
    taken: Vec<Taken>,
    messages: OwedMessages,
    changes: Vec<Acknowledgement>,
}

/// A leased delivery, without its message.
struct Taken {
    subscription: Subscription,
    message: MessageId,
    position: Marker,
    attempts: u32,
}

impl EmbeddedMessageStore {
    pub(crate) async fn lease_due(
        &self,
        lease: Lease,
        until: Timestamp,
        limits: LeaseLimits,
    ) -> StorageResult<Vec<Delivery>> {
        self.writer.check_open()?;
        let messages = OwedMessages::default();
        let mut leasing = Leasing { lease, until, limits, taken: Vec::new(), messages, changes: Vec::new() };
        while leasing.taken.len() < limits.total && lease.since < until {
            let Some(turn) = self.next_turn(limits.per_subscription, lease.since) else { break };
            match self.lease_in_turn(&mut leasing, &turn) {
                Ok(()) => {}
                Err(error) if leasing.taken.is_empty() => return Err(error),
                // The deliveries leased before can be made.
                Err(_) => break,
            }
        }
        self.finish(leasing).await
    }

    pub(crate) fn next_turn(&self, share: SubscriptionShare, now: Timestamp) -> Option<SubscriptionTurn> {
        let schedule = &self.queues.schedule;
        loop {
            match schedule.next_turn(share, now)? {
                Turn::Posted(number) => {
                    if let Some(queue) = self.queues.find(number) {
                        let mut locked = self.queues.lock(&queue);
                        schedule.make_ready(number, locked.index.take_caught_up());
                    }
                }
                Turn::Ready((number, id), ready) => match self.queues.find(number) {
                    Some(queue) => return Some(SubscriptionTurn { queue, id, ready }),
                    None => schedule.place((number, id), None, true, now),
                },
            }
        }
    }

    fn lease_in_turn(&self, leasing: &mut Leasing, turn: &SubscriptionTurn) -> StorageResult<()> {
        let SubscriptionTurn { queue, id, ready } = turn;
        let Leasing { lease, limits, .. } = *leasing;
        let (key, now) = ((queue.number, *id), lease.since);
        let turn_share = ((limits.total - leasing.taken.len()) / ready).max(1);
        let mut locked = self.queues.lock_at(queue, now);
        let subscription = locked.index.subscriptions.get(*id).cloned();
        let Some((stored, source)) = subscription.zip(queue.identity.get()) else {
            // The identity of the queue was lost with a damaged checkpoint. The next post brings it again.
            locked.index.wait_for_post(*id);
            self.queues.schedule.place(key, None, true, now);
            return Ok(());
        };
        let subscription = to_subscription(source, &stored)?;
        let mut recording = Recording::default();
        recording.end_orphaned_leases(queue, &mut locked.index, *id, now);
        leasing.changes.extend(recording.make(&self.writer, queue, &mut locked)?);
        let due = locked.index.next_to_lease(*id, turn_share, limits.per_subscription, now);
        for sequences in due.chunks(RECORDED_AT_ONCE) {
            self.take(leasing, queue, &mut locked, &subscription, sequences)?;
        }
        let due = locked.index.next_due(*id, limits.per_subscription, now);
        self.queues.schedule.place(key, due, true, now);
        Ok(())
    }

    fn take(
        &self,
        leasing: &mut Leasing,
        queue: &Arc<Queue>,
        locked: &mut Locked<'_>,
        subscription: &Subscription,
        sequences: &[u64],
    ) -> StorageResult<()> {
        let (id, lease) = (subscription.id, leasing.lease);
        let mut recording = Recording::default();
        let mut taken = Vec::with_capacity(sequences.len());
        for sequence in sequences {
            recording.end_unknown(queue, &mut locked.index, id, *sequence);
            let open = locked.index.cursor(id).and_then(|cursor| cursor.get(*sequence));
            let attempts = open.map_or(0, |open| open.attempts);
            let message = leasing.messages.find(self, locked, *sequence);
            recording.set_state(id, *sequence, DeliveryState::UnderWay { message, lease, attempts });
            let (subscription, position) = (subscription.clone(), Marker::new(*sequence));
            taken.push(Taken { subscription, message, position, attempts });
        }
        leasing.changes.push(recording.log(&self.writer, queue, locked)?);
        leasing.taken.extend(taken);
        locked.index.lease(id, lease, leasing.until, sequences);
        Ok(())
    }

    /// The messages are read while the log is written.
    async fn finish(&self, leasing: Leasing) -> StorageResult<Vec<Delivery>> {
        let Leasing { lease, until, taken, messages, changes, .. } = leasing;
        let messages = messages.read().await?;
        for change in changes {
            answer(change).await?;
        }
        let (mut deliveries, mut unreadable) = (Vec::with_capacity(taken.len()), Vec::new());
        for Taken { subscription, message, position, attempts } in taken {
            match messages.get(&message).cloned() {
                Some(message) => deliveries.push(Delivery { subscription, message, position, attempts }),
                None => unreadable.push(DeliveryReport {
                    source: subscription.source,
                    subscription: subscription.id,
                    position,
                    outcome: DeliveryOutcome::Postponed(until),
                }),
            }
        }
        if !unreadable.is_empty() {
            self.record(lease.id, unreadable, lease.since).await?;
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
