//! What a queue or topic owes to its subscriptions: a line for each subscription and message.

use std::collections::BTreeMap;

use zaqar_model::{
    Attempt, AttemptEnd, AttemptNumber, AttemptRecord, ConfirmationKind, DeliveryOutcome, DeliveryStanding,
    Excerpt, HeldBack, Lease, LeaseId, Marker, MessageId, StoredMessage, SubscriptionId, Timestamp,
};
use zaqar_storage::{
    ATTEMPTS_KEPT, ATTEMPTS_KEPT_FOR, EXPIRED_OWED_FOR, FAILURES_KEPT, FAILURES_KEPT_FOR, SubscriptionShare,
};

#[derive(Debug, Default, PartialEq)]
pub(super) struct Ledger {
    /// What was posted and has not expired: copies, so that they stay when the message is deleted.
    pub(super) posted: BTreeMap<Marker, StoredMessage>,
    pub(super) owed: Vec<Owed>,
    pub(super) held_back: BTreeMap<SubscriptionId, HeldBack>,
    /// The oldest first.
    pub(super) attempts: BTreeMap<SubscriptionId, Vec<AttemptRecord>>,
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
    pub(super) lease: Option<Lease>,
    /// It was given up: then, and why.
    pub(super) failed: Option<(Timestamp, Excerpt)>,
    /// It was never taken up.
    pub(super) is_new: bool,
    /// Its message had expired when it was said when it is due.
    pub(super) is_late: bool,
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
            is_new: false,
            is_late: false,
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
            is_new: true,
            is_late: false,
        }));
    }

    /// A claim has made a message live longer.
    pub(super) fn outlive(&mut self, stored: &StoredMessage) {
        for copy in self.posted.values_mut().filter(|copy| copy.message.id == stored.message.id) {
            copy.message.ttl = stored.message.ttl;
            copy.expires = stored.expires;
        }
    }

    /// The message, if it is owed still, expired or not.
    pub(super) fn deliverable(&self, position: Marker, now: Timestamp) -> Option<&StoredMessage> {
        self.posted.get(&position).filter(|stored| now < stored.expires.plus_secs(EXPIRED_OWED_FOR))
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
            .filter(|owed| self.deliverable(owed.position, now).is_some())
            .collect();
        open.sort_by_key(|owed| owed.position);
        open
    }

    pub(super) fn find(&mut self, id: SubscriptionId, position: Marker) -> Option<&mut Owed> {
        self.owed.iter_mut().find(|owed| owed.subscription == id && owed.position == position)
    }

    /// When each delivery of a subscription can be leased: first attempts before what is tried again, both in the order of
    /// posting. Only what has expired is leased before `held_back`.
    pub(super) fn moments(
        &self,
        id: SubscriptionId,
        share: SubscriptionShare,
        held_back: HeldBack,
        respects_delay: bool,
        now: Timestamp,
    ) -> Vec<(Marker, Timestamp)> {
        // While nobody looks for them, no expired message is found behind one that has not expired. Where delays are
        // respected, somebody does.
        let mut is_hidden = false;
        let mut moments = Vec::new();
        let mut open = self.open(id, now);
        open.sort_by_key(|owed| (owed.attempts > 0, owed.position));
        for owed in open {
            let Some(expires) = self.posted.get(&owed.position).map(|stored| stored.expires) else {
                continue;
            };
            if owed.is_new && is_hidden {
                continue;
            }
            is_hidden |= owed.is_new && held_back.first_attempts > now && expires > now && !respects_delay;
            let held_back = if owed.attempts == 0 { held_back.first_attempts } else { held_back.retries };
            let moment = match owed.lease {
                Some(_) => owed.due.max(held_back).min(expires.max(owed.due)),
                None if owed.is_late => owed.due,
                None => owed.due.max(held_back).min(expires),
            };
            moments.push((owed.position, moment.max(self.slot_free_at(owed, share, now))));
        }
        moments
    }

    /// When one more of the kind of this delivery may be under a live lease.
    fn slot_free_at(&self, owed: &Owed, share: SubscriptionShare, now: Timestamp) -> Timestamp {
        let is_retry = owed.attempts > 0;
        let limit = if is_retry { share.retries } else { share.first_attempts };
        let own = self.owed.iter().filter(|own| own.subscription == owed.subscription && own.is_leased(now));
        let mut ends: Vec<_> =
            own.filter(|own| (own.attempts > 0) == is_retry).map(|owed| owed.due).collect();
        ends.sort_unstable();
        ends.len().checked_sub(limit).map_or(Timestamp::default(), |over| ends[over])
    }

    /// Lets nothing of a subscription wait any more but for delays, if it respects them.
    pub(super) fn hasten(&mut self, id: SubscriptionId, respects_delay: bool) {
        self.held_back.remove(&id);
        for owed in self.owed.iter_mut().filter(|owed| owed.subscription == id && owed.lease.is_none()) {
            let message = self.posted.get(&owed.position).filter(|_| respects_delay);
            let until = message.map_or(Timestamp::default(), |own| own.delayed_until.min(own.expires));
            if !owed.is_late {
                owed.due = owed.due.min(until);
            }
        }
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
        let has_expired = self.message(position, now).is_none();
        let found = self.find(id, position);
        let Some(owed) = found.filter(|owed| owed.lease.is_some_and(|own| own.id == lease)) else { return };
        owed.lease = None;
        let (attempt, end) = match outcome {
            DeliveryOutcome::Postponed(due) => {
                (owed.due, owed.is_late) = (due, has_expired);
                return;
            }
            DeliveryOutcome::Expired(reason) => {
                owed.failed = Some((now, reason));
                self.forget_failures(id);
                return;
            }
            DeliveryOutcome::Delivered(attempt) => {
                self.owed.retain(|owed| (owed.subscription, owed.position) != (id, position));
                (attempt, AttemptEnd::Delivered)
            }
            DeliveryOutcome::RetryAt(due, attempt) => {
                owed.attempts += 1;
                owed.due = if has_expired { due.min(now) } else { due };
                owed.is_late = has_expired;
                (attempt, AttemptEnd::RetryAt(due))
            }
            DeliveryOutcome::GivenUp(reason, attempt) => {
                owed.attempts += 1;
                owed.failed = Some((now, reason));
                self.forget_failures(id);
                (attempt, AttemptEnd::GivenUp)
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

    /// Nobody takes over what is under a lease that has ended and is owed no more.
    pub(super) fn end_left_behind(&mut self, now: Timestamp) {
        let ended = self.owed.iter().filter(|owed| !owed.is_leased(now));
        let mut left: Vec<_> = ended
            .filter(|owed| self.deliverable(owed.position, now).is_none())
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
        kept.push(AttemptRecord { number, message, confirmation, attempt, end });
        if kept.len() > ATTEMPTS_KEPT {
            kept.remove(0);
        }
    }

    /// Puts attempts on record that were made elsewhere.
    pub(super) fn put_attempts(&mut self, id: SubscriptionId, attempts: Vec<AttemptRecord>) {
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
    pub(super) fn attempts(&self, id: SubscriptionId, now: Timestamp) -> Vec<AttemptRecord> {
        let kept = self.attempts.get(&id).into_iter().flatten().rev();
        kept.filter(|kept| now < kept.attempt.at.plus_secs(ATTEMPTS_KEPT_FOR)).cloned().collect()
    }

    /// Forgets everything about other subscriptions than these.
    pub(super) fn retain(&mut self, keep: impl Fn(SubscriptionId) -> bool) {
        self.owed.retain(|owed| keep(owed.subscription));
        self.held_back.retain(|id, _| keep(*id));
        self.attempts.retain(|id, _| keep(*id));
    }

    /// Until when what failed is kept.
    pub(super) fn kept_until(&self, owed: &Owed) -> Option<Timestamp> {
        let (failed, _) = owed.failed.as_ref()?;
        let expires = self.posted.get(&owed.position)?.expires;
        Some(expires.max(failed.plus_secs(FAILURES_KEPT_FOR)))
    }

    /// What is under a live lease keeps its place, also when the message is owed no more.
    pub(super) fn expire(&mut self, now: Timestamp) {
        self.end_left_behind(now);
        let mut owed = std::mem::take(&mut self.owed);
        owed.retain(|owed| match self.kept_until(owed) {
            Some(until) => now < until,
            None => owed.is_leased(now) || self.deliverable(owed.position, now).is_some(),
        });
        self.owed = owed;
        let owed = &self.owed;
        self.posted.retain(|position, stored| {
            now < stored.expires || owed.iter().any(|owed| owed.position == *position)
        });
        self.held_back.retain(|_, until| now < until.first_attempts.max(until.retries));
    }
}
