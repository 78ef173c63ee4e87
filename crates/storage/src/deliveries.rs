//! Deliveries: notifications that are owed.

use zaqar_model::{
    AttemptFilter, AttemptNumber, AttemptRecord, ConfirmationAttempt, Delivery, DeliveryReport, Destination,
    FailedDelivery, LeaseId, Marker, MessageId, Page, PageRequest, Paused, SubscriptionId, Timestamp,
};

use crate::StorageResult;

/// Maximum number of attempts retained per subscription; the oldest are dropped first.
pub const ATTEMPTS_KEPT: usize = 1000;
/// Attempts are retained for at most this many seconds: two weeks.
pub const ATTEMPTS_KEPT_FOR: u64 = 14 * 24 * 3600;
/// Maximum number of failed deliveries retained per subscription; those of the oldest messages are dropped first.
pub const FAILURES_KEPT: usize = 10_000;
/// A failed delivery is retained with its message for at least this many seconds: a day.
pub const FAILURES_KEPT_FOR: u64 = 24 * 3600;
/// An expired message stays owed for this many seconds, so that its expiry can be recorded: a day.
pub const EXPIRED_OWED_FOR: u64 = 24 * 3600;

/// Maximum number of deliveries of one subscription under live leases, those of earlier leases included: an endpoint that
/// hangs holds only its own. Retries have a limit of their own, so that they never take the turn of first attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SubscriptionShare {
    /// Deliveries that have no attempt behind them.
    pub first_attempts: usize,
    /// The others.
    pub retries: usize,
}

impl SubscriptionShare {
    /// The same limit for each kind.
    pub const fn each(limit: usize) -> Self {
        Self { first_attempts: limit, retries: limit }
    }
}

/// A subscription, named with its queue or topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionKey {
    pub source: Destination,
    pub id: SubscriptionId,
}

/// What is due, as far as the store knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// These subscriptions have something due, the one first that has waited longest.
    Now(Vec<SubscriptionKey>),
    /// Nothing is due before this moment.
    At(Timestamp),
    /// Nothing is owed.
    Nothing,
}

/// What a lease takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseRequest {
    /// Fresh, from the id source.
    pub id: LeaseId,
    /// When the lease ends.
    pub until: Timestamp,
    /// All callers pass the same.
    pub share: SubscriptionShare,
    /// Each subscription once, with the maximum number of deliveries to take for it.
    pub subscriptions: Vec<(SubscriptionKey, usize)>,
    /// The same request was made before, and its outcome is not known.
    pub is_repeated: bool,
}

/// What a lease has taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Leased {
    pub deliveries: Vec<Delivery>,
    /// Of these it is not known whether something was taken: the request is to be repeated with them. Empty for a store that
    /// keeps everything in one place, which answers [`OutcomeUnknown`](crate::StorageError::OutcomeUnknown) instead.
    pub unknown: Vec<(SubscriptionKey, usize)>,
}

impl From<Vec<Delivery>> for Leased {
    fn from(deliveries: Vec<Delivery>) -> Self {
        Self { deliveries, unknown: Vec::new() }
    }
}

/// Which deliveries of a subscription are owed once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redelivery {
    /// That of this message: it has failed, waits for another attempt, or was delivered.
    Message(MessageId),
    /// All that were given up at this moment or later. Costs in proportion to their number.
    FailedSince(Timestamp),
}

/// What is owed to the subscriptions of all queues and topics.
///
/// A subscription is a cursor over its source's messages, with the deliveries that are set aside for another try beside
/// it; so a post costs the same with a thousand subscriptions as with one. It is owed what is posted while it is
/// [`notified`](zaqar_model::Subscription::notified): its cursor begins at the end of the queue whenever that becomes
/// true, and what it was owed is forgotten when it becomes false. What arrives in a queue from another is owed like a
/// post, what returns to it is not: see [`Adoption`](crate::Adoption).
///
/// A delayed message is owed at once, unless the subscription
/// [respects delays](zaqar_model::Subscription::respects_delay): then it is due when its delay ends, or as expired when
/// it expires before, and holds up none of those behind it. A change of that option holds for what is posted from then
/// on; what is owed already may go by either.
///
/// A message stays for its subscribers until none is owed it any more, also when a consumer has deleted, popped or purged
/// it meanwhile.
///
/// # What expires
///
/// A message whose time to live has ended is gone for every other call, but its subscribers are owed it still, so that
/// nothing is lost without a word: the delivery is due at once, whatever holds the subscription back (a pause, a
/// suspension, the time of the next attempt), unless it is under a live lease. It is leased as any other, and can be told by
/// its message's `expires`; the engine records it as [`Expired`](zaqar_model::DeliveryOutcome::Expired). What has not been
/// taken up yet may wait until what was posted before it has been taken up. When nobody has recorded anything for
/// [`EXPIRED_OWED_FOR`], it is owed no more.
///
/// # Delivering
///
/// An engine asks what is [`due`](Self::due), [leases](Self::lease) as much of it as it has room for, tries it, and records
/// how it ended. Which subscriptions get their turn, and how much of the room, is for the engine to decide. When nothing is
/// due, `due` says how long to wait, and [`wait_for_due`](Self::wait_for_due) wakes it earlier. Several engines over one
/// store share the work. What is leased and not recorded, because an engine died, is due again when the lease ends; so
/// every delivery is made at least once.
///
/// # Every attempt is on record
///
/// Before [`lease`](Self::lease) answers, the store keeps that these deliveries are under way, as safely as a post. So an
/// attempt leaves a trace even if nobody lives to say how it ended. When the lease has ended and nothing was recorded, an
/// attempt comes on record with the time of the lease and an [unknown](zaqar_model::AttemptEnd::Unknown) end. It is not
/// counted among the attempts of the delivery. It is on record as soon as the delivery is leased or owed once more, or
/// it is owed no more. Until then the true end can still be recorded.
///
/// So that no attempt is on record that was not made, an engine gives back what it did not try:
/// [`Postponed`](zaqar_model::DeliveryOutcome::Postponed) leaves no trace.
///
/// Before an engine records a delivery as given up it puts the message into the subscription's dead-letter queue, if
/// there is one, with [`Messages::adopt`](crate::Messages::adopt). That passes over a message that is there already, by
/// its id: when an engine dies between the two, the next one just does both again.
#[async_trait::async_trait]
pub trait Deliveries: Send + Sync {
    /// Up to `limit` subscriptions of which a lease with this share would take something; if there is none, when there will
    /// be one. Advisory: it may be a little out of date, and name a subscription of which a lease then takes nothing. It
    /// never leaves one out for longer than a second. One that was leased from goes behind those that are waiting. The cost
    /// does not grow with the number of queues and subscriptions that are owed nothing.
    async fn due(&self, share: SubscriptionShare, limit: usize, now: Timestamp) -> StorageResult<Due>;

    /// Takes deliveries of these subscriptions that are due, for this lease alone: until its end, then, unless recorded,
    /// they are due again. Of one subscription first attempts come before retries, and both in the order of posting. The
    /// step is atomic for each subscription. A suspended or paused subscription gets nothing but what has expired. A lease
    /// that would have ended by `now` takes nothing.
    ///
    /// May be repeated, if the request says so: what the lease took the first time is returned. An engine that does not know
    /// what a lease took repeats it until it knows, since nobody else gets that before the lease ends.
    async fn lease(&self, request: &LeaseRequest, now: Timestamp) -> StorageResult<Leased>;

    /// Records how deliveries ended, with the attempts. Deliveries that another lease has taken over meanwhile are passed
    /// over, and so are those that have been recorded already: each is recorded for itself, and the same call may be
    /// repeated. A delivery that is to be tried again although its message has expired is due at once.
    async fn record(&self, lease: LeaseId, reports: &[DeliveryReport], now: Timestamp) -> StorageResult<()>;

    /// Records an attempt to send a request to confirm among the attempts of the subscription that the request is about,
    /// which need not be notified. Nothing is recorded for one that is gone. Each call is another attempt: one that is
    /// repeated may be recorded twice.
    async fn record_confirmation(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        attempt: ConfirmationAttempt,
        now: Timestamp,
    ) -> StorageResult<()>;

    /// Holds back all deliveries of a subscription until then except those that have expired, or only its retries: its
    /// endpoint is not well, or takes less than there is. A moment in the past lifts that. What is leased stays leased, and
    /// no attempt is counted. May be repeated. May be forgotten when the store is opened again.
    async fn pause(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        paused: Paused,
        until: Timestamp,
    ) -> StorageResult<()>;

    /// Waits until [`due`](Self::due) may return something else for another reason than that time has passed: a post, a
    /// record, a redelivery. A hint: of several callers, here and on other servers, at least one is woken, a second later
    /// at most; it may return for no reason, so look again. What happens between two calls is not missed. `Unavailable`
    /// when the store is closed.
    async fn wait_for_due(&self) -> StorageResult<()>;

    /// Owes deliveries once more, at once and as if they had never been tried. Returns how many it could: the message must
    /// not have expired and still be there, in its queue or for a subscriber. One that has
    /// [returned](crate::Adoption::Return) is owed to nobody. One that is under a live lease stays as it is. May be repeated. A
    /// store that says `Moved` has done nothing; one that works in parts, with more than a few hundred, may have done some,
    /// and the call in the new store then counts the others.
    async fn redeliver(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        which: Redelivery,
        now: Timestamp,
    ) -> StorageResult<u64>;

    /// The deliveries that were given up, in the order of posting: retained with their messages until those would expire, for
    /// [`FAILURES_KEPT_FOR`] at least, and [`FAILURES_KEPT`] of them. When one more is given up, the one whose message was
    /// posted first is forgotten.
    async fn failed(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        page: &PageRequest<Marker>,
        now: Timestamp,
    ) -> StorageResult<Page<FailedDelivery, Marker>>;

    /// The attempts of a subscription that the filter admits, at notifications and at requests to confirm, the newest
    /// first: by when they began, or by when they were recorded. Of all attempts of a subscription [`ATTEMPTS_KEPT`] are
    /// retained, begun less than [`ATTEMPTS_KEPT_FOR`] ago; so a page never looks at more.
    async fn attempts(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        filter: &AttemptFilter,
        page: &PageRequest<AttemptNumber>,
        now: Timestamp,
    ) -> StorageResult<Page<AttemptRecord, AttemptNumber>>;
}
