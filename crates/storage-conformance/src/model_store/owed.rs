//! What a queue or topic owes to its subscriptions: a line for each subscription and message.

use std::collections::BTreeMap;

use zaqar_model::{
    Attempt, AttemptEnd, AttemptNumber, ConfirmationKind, DeliveryOutcome, DeliveryStanding, Excerpt,
    KeptAttempt, LeaseHold, LeaseId, Marker, MessageId, StoredMessage, SubscriptionId, Timestamp,
};
use zaqar_storage::{ATTEMPTS_KEPT, ATTEMPTS_KEPT_FOR, FAILURES_KEPT};

#[derive(Debug, Default, PartialEq)]
pub(super) struct Ledger {
    /// What was posted and has not expired: copies, so that they stay when the message is deleted.
    pub(super) posted: BTreeMap<Marker, StoredMessage>,
    pub(super) owed: Vec<Owed>,
    pub(super) paused: BTreeMap<SubscriptionId, Timestamp>,
    /// The oldest first.
    pub(super) attempts: BTreeMap<SubscriptionId, Vec<KeptAttempt>>,
    last_attempt: u64,
}

/// A message that a subscription has not got yet.
#[derive(Debug, PartialEq)]
pub(super) struct Owed {
    pub(super) subscription: SubscriptionId,
    pub(super) position: Marker,
    pub(super) attempts: u32,
    /// When it is to be tried; while it is leased, when the lease ends.
    pub(super) due: Timestamp,
    /// Who had it last, unless that was recorded.
    pub(super) lease: Option<LeaseHold>,
    /// It was given up: then, and why.
    pub(super) failed: Option<(Timestamp, Excerpt)>,
}

impl Owed {
    /// `None`: nothing is owed.
    pub(super) fn new(
        subscription: SubscriptionId,
        position: Marker,
        standing: DeliveryStanding,
    ) -> Option<Self> {
        let open = Self {
            subscription,
            position,
            attempts: 0,
            due: Timestamp::default(),
            lease: None,
            failed: None,
        };
        match standing {
            DeliveryStanding::Done => None,
            DeliveryStanding::Open { attempts, due, lease } => Some(Self { attempts, due, lease, ..open }),
            DeliveryStanding::Failed { attempts, at, reason } => {
                Some(Self { attempts, failed: Some((at, reason)), ..open })
            }
        }
    }

    pub(super) fn standing(&self) -> DeliveryStanding {
        let Self { attempts, due, lease, .. } = *self;
        match self.failed.clone() {
            Some((at, reason)) => DeliveryStanding::Failed { attempts, at, reason },
            None => DeliveryStanding::Open { attempts, due, lease },
        }
    }

    pub(super) fn is_leased(&self, now: Timestamp) -> bool {
        self.lease.is_some() && now < self.due
    }
}

impl Ledger {
    /// Notes for each of these subscriptions that it has this message to get, and when.
    pub(super) fn owe(
        &mut self,
        subscriptions: &[(SubscriptionId, Timestamp)],
        position: Marker,
        stored: &StoredMessage,
    ) {
        self.posted.insert(position, stored.clone());
        self.owed.extend(subscriptions.iter().map(|(subscription, due)| Owed {
            subscription: *subscription,
            position,
            attempts: 0,
            due: *due,
            lease: None,
            failed: None,
        }));
    }

    /// A claim has made a message live longer.
    pub(super) fn outlive(&mut self, stored: &StoredMessage) {
        for copy in self.posted.values_mut().filter(|copy| copy.message.id == stored.message.id) {
            copy.message.ttl = stored.message.ttl;
            copy.expires = stored.expires;
        }
    }

    /// The message, if its time to live has not ended.
    pub(super) fn message(&self, position: Marker, now: Timestamp) -> Option<&StoredMessage> {
        self.posted.get(&position).filter(|stored| now < stored.expires)
    }

    pub(super) fn position_of(&self, id: MessageId) -> Option<Marker> {
        let found = self.posted.iter().rfind(|(_, stored)| stored.message.id == id);
        found.map(|(position, _)| *position)
    }

    /// What is still to be delivered to a subscription, in the order of posting.
    pub(super) fn open(&self, id: SubscriptionId, now: Timestamp) -> Vec<&Owed> {
        let mut open: Vec<_> = self
            .owed
            .iter()
            .filter(|owed| owed.subscription == id && owed.failed.is_none())
            .filter(|owed| self.message(owed.position, now).is_some())
            .collect();
        open.sort_by_key(|owed| owed.position);
        open
    }

    pub(super) fn find(&mut self, id: SubscriptionId, position: Marker) -> Option<&mut Owed> {
        self.owed.iter_mut().find(|owed| owed.subscription == id && owed.position == position)
    }

    /// When a lease with this limit takes something for the subscription.
    pub(super) fn next_due(&self, id: SubscriptionId, limit: usize, now: Timestamp) -> Option<Timestamp> {
        let first = self.open(id, now).iter().map(|owed| owed.due).min()?;
        let paused = self.paused.get(&id).copied().unwrap_or_default();
        Some(first.max(self.slot_free_at(id, limit, now)).max(paused))
    }

    /// When fewer than `limit` deliveries are under live leases.
    fn slot_free_at(&self, id: SubscriptionId, limit: usize, now: Timestamp) -> Timestamp {
        let own = self.owed.iter().filter(|owed| owed.subscription == id && owed.is_leased(now));
        let mut ends: Vec<_> = own.map(|owed| owed.due).collect();
        ends.sort_unstable();
        ends.len().checked_sub(limit).map_or(Timestamp::default(), |over| ends[over])
    }

    /// How a leased delivery ended; passed over unless `lease` has it still.
    pub(super) fn record(
        &mut self,
        lease: LeaseId,
        id: SubscriptionId,
        position: Marker,
        outcome: DeliveryOutcome,
        now: Timestamp,
    ) {
        self.end_left_behind(now);
        let found = self.find(id, position);
        let Some(owed) = found.filter(|owed| owed.lease.is_some_and(|own| own.id == lease)) else { return };
        owed.lease = None;
        let (attempt, end) = match outcome {
            DeliveryOutcome::Postponed(due) => {
                owed.due = due;
                return;
            }
            DeliveryOutcome::Delivered(attempt) => {
                self.owed.retain(|owed| (owed.subscription, owed.position) != (id, position));
                (attempt, AttemptEnd::Delivered)
            }
            DeliveryOutcome::RetryAt(due, attempt) => {
                owed.attempts += 1;
                owed.due = due;
                (attempt, AttemptEnd::RetryAt(due))
            }
            DeliveryOutcome::Exhausted(reason, attempt) => {
                owed.attempts += 1;
                owed.failed = Some((now, reason));
                self.forget_failures(id);
                (attempt, AttemptEnd::Exhausted)
            }
        };
        self.note_attempt(id, position, attempt, end);
    }

    /// Lets go of the first failures of a subscription where there are too many.
    fn forget_failures(&mut self, id: SubscriptionId) {
        let failed = self.owed.iter().filter(|owed| owed.subscription == id && owed.failed.is_some());
        let mut positions: Vec<Marker> = failed.map(|owed| owed.position).collect();
        positions.sort_unstable();
        positions.truncate(positions.len().saturating_sub(FAILURES_KEPT));
        self.owed.retain(|owed| owed.subscription != id || !positions.contains(&owed.position));
    }

    /// Nobody takes over what is under a lease that has ended and whose message has expired.
    pub(super) fn end_left_behind(&mut self, now: Timestamp) {
        let ended = self.owed.iter().filter(|owed| !owed.is_leased(now));
        let mut left: Vec<_> = ended
            .filter(|owed| self.message(owed.position, now).is_none())
            .map(|owed| (owed.subscription, owed.position))
            .collect();
        left.sort_unstable();
        left.into_iter().for_each(|(id, position)| self.end_unknown(id, position));
    }

    /// Where a delivery is under a lease that has ended, nobody says any more how that attempt did.
    pub(super) fn end_unknown(&mut self, id: SubscriptionId, position: Marker) {
        if let Some(lease) = self.find(id, position).and_then(|owed| owed.lease.take()) {
            self.note_attempt(id, position, Attempt::without_end(lease.since), AttemptEnd::Unknown);
        }
    }

    /// Keeps an attempt to notify of a message.
    fn note_attempt(&mut self, id: SubscriptionId, position: Marker, attempt: Attempt, end: AttemptEnd) {
        if let Some(message) = self.posted.get(&position).map(|stored| stored.message.id) {
            self.keep_attempt(id, (message, None), attempt, end);
        }
    }

    pub(super) fn keep_attempt(
        &mut self,
        id: SubscriptionId,
        (message, confirmation): (MessageId, Option<ConfirmationKind>),
        attempt: Attempt,
        end: AttemptEnd,
    ) {
        self.last_attempt += 1;
        let number = AttemptNumber::new(self.last_attempt);
        let kept = self.attempts.entry(id).or_default();
        kept.push(KeptAttempt { number, message, confirmation, attempt, end });
        if kept.len() > ATTEMPTS_KEPT {
            kept.remove(0);
        }
    }

    /// Puts attempts on record that were made elsewhere.
    pub(super) fn put_attempts(&mut self, id: SubscriptionId, attempts: Vec<KeptAttempt>) {
        let kept = self.attempts.entry(id).or_default();
        for attempt in attempts {
            self.last_attempt = self.last_attempt.max(attempt.number.get());
            kept.retain(|other| other.number != attempt.number);
            kept.push(attempt);
        }
        kept.sort_by_key(|attempt| attempt.number);
        kept.drain(..kept.len().saturating_sub(ATTEMPTS_KEPT));
    }

    /// The newest first.
    pub(super) fn attempts(&self, id: SubscriptionId, now: Timestamp) -> Vec<KeptAttempt> {
        let kept = self.attempts.get(&id).into_iter().flatten().rev();
        kept.filter(|kept| now < kept.attempt.at.plus_secs(ATTEMPTS_KEPT_FOR)).cloned().collect()
    }

    /// Forgets everything about other subscriptions than these.
    pub(super) fn retain(&mut self, keep: impl Fn(SubscriptionId) -> bool) {
        self.owed.retain(|owed| keep(owed.subscription));
        self.paused.retain(|id, _| keep(*id));
        self.attempts.retain(|id, _| keep(*id));
    }

    /// What is under a live lease keeps its place, also when the message has expired.
    pub(super) fn expire(&mut self, now: Timestamp) {
        self.end_left_behind(now);
        self.owed.retain(|owed| {
            owed.is_leased(now) || self.posted.get(&owed.position).is_some_and(|stored| now < stored.expires)
        });
        let owed = &self.owed;
        self.posted.retain(|position, stored| {
            now < stored.expires || owed.iter().any(|owed| owed.position == *position)
        });
        self.paused.retain(|_, until| now < *until);
    }
}
