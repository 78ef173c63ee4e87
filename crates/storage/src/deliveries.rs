//! Deliveries: notifications that are owed.

use zaqar_model::{
    AttemptFilter, AttemptNumber, ConfirmationAttempt, Delivery, DeliveryReport, Destination, FailedDelivery,
    KeptAttempt, LeaseId, Marker, MessageId, Page, PageRequest, Paused, SubscriptionId, Timestamp,
};

use crate::StorageResult;

/// Of each subscription, so many attempts stay on record: the newest.
pub const ATTEMPTS_KEPT: usize = 1000;
/// For so many seconds at most: two weeks.
pub const ATTEMPTS_KEPT_FOR: u64 = 14 * 24 * 3600;
/// Of each subscription, so many deliveries stay that failed for good: those of the messages that were posted last.
pub const FAILURES_KEPT: usize = 10_000;
/// What failed is kept for so many seconds at least, with its message: a day.
pub const FAILURES_KEPT_FOR: u64 = 24 * 3600;
/// What has expired is owed for so many seconds more, so that somebody can say that it did: a day.
pub const EXPIRED_OWED_FOR: u64 = 24 * 3600;

/// How much one lease takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseLimits {
    /// At most so many deliveries.
    pub total: usize,
    /// At most so many of one subscription. All callers pass the same.
    pub per_subscription: SubscriptionShare,
}

/// So many deliveries of one subscription are under live leases at most, those of earlier leases included: an endpoint
/// that hangs holds only its own. What is tried again has a limit for itself, so that it never takes the turn of what has
/// not been tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SubscriptionShare {
    /// Deliveries that have no attempt behind them.
    pub first_attempts: usize,
    /// The others.
    pub retries: usize,
}

impl SubscriptionShare {
    /// So many of each kind.
    pub const fn each(limit: usize) -> Self {
        Self { first_attempts: limit, retries: limit }
    }
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
/// suspension, the moment of the next try), unless it is under a live lease. It is leased as any other, and can be told by
/// its message's `expires`; the engine records it as [`Expired`](zaqar_model::DeliveryOutcome::Expired). What has not been
/// taken up yet may wait until what was posted before it has been taken up. When nobody has recorded anything for
/// [`EXPIRED_OWED_FOR`], it is owed no more.
///
/// # Delivering
///
/// An engine leases what is due, tries it, and records how it ended. When [`lease`](Self::lease) has nothing, it asks
/// [`next_due`](Self::next_due) how long to wait, and [`wait_for_owed`](Self::wait_for_owed) wakes it earlier. Several
/// engines over one store share the work. What is leased and not recorded, because an engine died, is due again when the
/// lease ends; so every delivery is made at least once.
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
/// Before an engine records a delivery as exhausted it puts the message into the subscription's dead-letter queue, if
/// there is one, with [`Messages::adopt`](crate::Messages::adopt). That passes over a message that is there already, by
/// its id: when an engine dies between the two, the next one just does both again.
#[async_trait::async_trait]
pub trait Deliveries: Send + Sync {
    /// Takes deliveries that are due, for this lease alone until `until`: then, unless recorded, they are due again.
    /// Subscriptions that have something due take turns, so many dead ones do not delay a healthy one. Of one subscription
    /// first attempts come before what is tried again, and both in the order of posting. A suspended subscription gets
    /// nothing but what has expired. The cost does not grow with the number of queues and
    /// subscriptions that are owed nothing. A lease that would have ended by `now` takes nothing.
    async fn lease(
        &self,
        lease: LeaseId,
        until: Timestamp,
        limits: LeaseLimits,
        now: Timestamp,
    ) -> StorageResult<Vec<Delivery>>;

    /// Records how deliveries ended, with the attempts. What another lease has taken over meanwhile is passed over, and
    /// so is what has been recorded already: the same call can be made again, and is when it failed, since each delivery is
    /// recorded for itself. What is to be tried again although its message has expired is due at once.
    async fn record(&self, lease: LeaseId, reports: Vec<DeliveryReport>, now: Timestamp)
    -> StorageResult<()>;

    /// Puts an attempt to send a request to confirm on record: among the attempts of the subscription that the request is
    /// about, which need not be notified. Of one that is gone nothing is kept. Each call is another attempt.
    async fn record_confirmation(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        attempt: ConfirmationAttempt,
        now: Timestamp,
    ) -> StorageResult<()>;

    /// Lets nothing of a subscription be leased before `until` but what expires, or no retries: its endpoint is not well,
    /// or takes less than there is. A moment in the past lifts that. What is leased stays so, and no attempt is counted.
    /// May be forgotten when the store is opened again.
    async fn pause(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        paused: Paused,
        until: Timestamp,
    ) -> StorageResult<()>;

    /// When a lease with this share will take something: now or in the past, at once. `None` while nothing is owed.
    async fn next_due(&self, share: SubscriptionShare, now: Timestamp) -> StorageResult<Option<Timestamp>>;

    /// Waits until [`next_due`](Self::next_due) may answer something else for another reason than that time has passed:
    /// a post, a record, a redelivery. What happens between two calls is not missed; of several callers one is woken.
    /// May answer for nothing, so look again. `Unavailable` when the store is closed.
    async fn wait_for_owed(&self) -> StorageResult<()>;

    /// Owes a message to a subscription once more, at once and as if it had never been tried: one that failed, waits for
    /// another try, or was delivered. Answers whether it could be: the message must not have expired and still be there,
    /// in its queue or for a subscriber. One that is under a live lease stays as it is.
    async fn redeliver(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        message: MessageId,
        now: Timestamp,
    ) -> StorageResult<bool>;

    /// Owes all once more that failed for good at `since` or later and whose messages have not expired. Answers how many.
    async fn redeliver_failed(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        since: Timestamp,
        now: Timestamp,
    ) -> StorageResult<u64>;

    /// What failed for good, in the order of posting: kept with its message until that would expire, for
    /// [`FAILURES_KEPT_FOR`] at least, and [`FAILURES_KEPT`] of them. When one more fails, the one whose message was posted first is forgotten: it is owed no
    /// more, and its message stays for others only.
    async fn failed(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        page: &PageRequest<Marker>,
        now: Timestamp,
    ) -> StorageResult<Page<FailedDelivery, Marker>>;

    /// The attempts of a subscription that the filter admits, at notifications and at requests to confirm, the newest
    /// first. Of all attempts of a subscription [`ATTEMPTS_KEPT`] are kept, begun less than [`ATTEMPTS_KEPT_FOR`] ago. So a
    /// page never looks at more.
    async fn attempts(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        filter: &AttemptFilter,
        page: &PageRequest<AttemptNumber>,
        now: Timestamp,
    ) -> StorageResult<Page<KeptAttempt, AttemptNumber>>;
}
