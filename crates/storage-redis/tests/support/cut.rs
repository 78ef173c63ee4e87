//! A store behind a line that is cut at every operation, and used as the domain does: a call of which it is not known whether
//! it was done is made once more.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use zaqar_model::{
    AttemptFilter, AttemptNumber, AttemptRecord, Claim, ClaimId, ClaimTerms, ConfirmationAttempt,
    DeliveryReport, Destination, DestinationNumber, FailedDelivery, LeaseId, Marker, Message, MessageId,
    Page, PageRequest, Paused, QueueStats, StoredMessage, Subscription, SubscriptionId, Timestamp,
};
use zaqar_storage::{
    Adoption, Capabilities, ClaimRequest, Claimed, Claims, DeadLetterPolicy, DeadLetters, Deletion,
    Deliveries, Due, Guard, Health, LeaseRequest, Leased, MessagePage, MessageQuery, MessageStore, Messages,
    Migration, PopRequest, Post, Redelivery, StorageError, StorageResult, SubscriptionChange,
    SubscriptionShare, Subscriptions,
};
use zaqar_storage_redis::RedisMessageStore;
use zaqar_test_servers::{Cut, Proxy};

/// Where a line is cut, in turn.
const CUTS: [Cut; 3] = [Cut::BeforeAnswer, Cut::BehindRequest, Cut::BeforeRequest];

#[derive(Debug)]
pub(crate) struct CutStore {
    pub(crate) inner: RedisMessageStore,
    pub(crate) proxy: Arc<Proxy>,
    pub(crate) turn: AtomicUsize,
}

impl CutStore {
    /// Cuts the next script.
    pub(crate) fn cut(&self) {
        let turn = self.turn.fetch_add(1, Ordering::SeqCst);
        self.proxy.cut_next(CUTS[turn % CUTS.len()], b"EVALSHA");
    }

    /// Cuts nothing: the operation says more the first time than when it is repeated.
    fn spare(&self) {
        self.proxy.cut_next(Cut::BeforeRequest, b"no request has this in it");
    }
}

/// Makes a call, and once more if it is not known whether it was done.
macro_rules! twice {
    ($self:ident, $is_repeated:ident => $call:expr) => {{
        $self.cut();
        let $is_repeated = false;
        match $call.await {
            Err(StorageError::OutcomeUnknown(_)) => {
                let $is_repeated = true;
                $call.await
            }
            answer => answer,
        }
    }};
}

pub(crate) use twice;

#[async_trait::async_trait]
impl Messages for CutStore {
    async fn post(&self, to: &Destination, post: &Post<'_>, now: Timestamp) -> StorageResult<Vec<MessageId>> {
        twice!(self, _again => self.inner.post(to, post, now))
    }

    async fn list(
        &self,
        from: &Destination,
        query: &MessageQuery,
        now: Timestamp,
    ) -> StorageResult<MessagePage> {
        self.cut();
        self.inner.list(from, query, now).await
    }

    async fn get(
        &self,
        from: &Destination,
        ids: &[MessageId],
        now: Timestamp,
    ) -> StorageResult<Vec<Message>> {
        self.cut();
        self.inner.get(from, ids, now).await
    }

    async fn delete(
        &self,
        from: &Destination,
        ids: &[MessageId],
        guard: Guard<'_>,
        now: Timestamp,
    ) -> StorageResult<Deletion> {
        twice!(self, _again => self.inner.delete(from, ids, guard, now))
    }

    async fn purge(&self, destination: &Destination, now: Timestamp) -> StorageResult<()> {
        twice!(self, _again => self.inner.purge(destination, now))
    }

    async fn stats(&self, destination: &Destination, now: Timestamp) -> StorageResult<QueueStats> {
        self.cut();
        self.inner.stats(destination, now).await
    }

    async fn drop_destination(&self, destination: &Destination, now: Timestamp) -> StorageResult<()> {
        twice!(self, _again => self.inner.drop_destination(destination, now))
    }

    async fn adopt(
        &self,
        to: &Destination,
        messages: &[StoredMessage],
        adoption: Adoption,
        now: Timestamp,
    ) -> StorageResult<()> {
        twice!(self, _again => self.inner.adopt(to, messages, adoption, now))
    }

    async fn wait_for_messages(&self, at: &Destination, behind: Marker) -> StorageResult<()> {
        self.inner.wait_for_messages(at, behind).await
    }
}

#[async_trait::async_trait]
impl Claims for CutStore {
    async fn claim(
        &self,
        from: &Destination,
        request: &ClaimRequest,
        now: Timestamp,
    ) -> StorageResult<Claimed> {
        if request.dead_letters.is_some() {
            self.spare();
            return self.inner.claim(from, request, now).await;
        }
        twice!(self, is_repeated => self.inner.claim(from, &ClaimRequest { is_repeated, ..*request }, now))
    }

    async fn get_claim(
        &self,
        from: &Destination,
        id: ClaimId,
        now: Timestamp,
    ) -> StorageResult<Option<Claim>> {
        self.cut();
        self.inner.get_claim(from, id, now).await
    }

    async fn renew(
        &self,
        from: &Destination,
        id: ClaimId,
        terms: ClaimTerms,
        now: Timestamp,
    ) -> StorageResult<bool> {
        twice!(self, _again => self.inner.renew(from, id, terms, now))
    }

    async fn release(&self, from: &Destination, id: ClaimId, now: Timestamp) -> StorageResult<()> {
        twice!(self, _again => self.inner.release(from, id, now))
    }

    async fn with_ended_claims(&self, limit: usize, now: Timestamp) -> StorageResult<Vec<Destination>> {
        twice!(self, _again => self.inner.with_ended_claims(limit, now))
    }

    async fn set_aside(
        &self,
        from: &Destination,
        policy: Option<DeadLetterPolicy>,
        now: Timestamp,
    ) -> StorageResult<Vec<MessageId>> {
        self.spare();
        self.inner.set_aside(from, policy, now).await
    }

    async fn pop(&self, from: &Destination, pop: &PopRequest, now: Timestamp) -> StorageResult<Vec<Message>> {
        twice!(self, is_repeated => self.inner.pop(from, &PopRequest { is_repeated, ..*pop }, now))
    }
}

#[async_trait::async_trait]
impl DeadLetters for CutStore {
    async fn with_dead_letters(
        &self,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<Destination, DestinationNumber>> {
        self.inner.with_dead_letters(page).await
    }

    async fn dead_letters(
        &self,
        from: &Destination,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<StoredMessage>> {
        self.cut();
        self.inner.dead_letters(from, limit, now).await
    }

    async fn discard_dead_letters(&self, from: &Destination, ids: &[MessageId]) -> StorageResult<()> {
        twice!(self, _again => self.inner.discard_dead_letters(from, ids))
    }

    async fn move_dead_letters(
        &self,
        from: &Destination,
        to: &Destination,
        messages: &[StoredMessage],
        now: Timestamp,
    ) -> StorageResult<()> {
        twice!(self, _again => self.inner.move_dead_letters(from, to, messages, now))
    }
}

#[async_trait::async_trait]
impl Subscriptions for CutStore {
    async fn subscribe(&self, subscription: Subscription, now: Timestamp) -> StorageResult<()> {
        twice!(self, _again => self.inner.subscribe(subscription.clone(), now))
    }

    async fn get_subscription(
        &self,
        source: &Destination,
        id: SubscriptionId,
        now: Timestamp,
    ) -> StorageResult<Option<Subscription>> {
        self.inner.get_subscription(source, id, now).await
    }

    async fn find_subscriber(
        &self,
        source: &Destination,
        subscriber: &str,
        now: Timestamp,
    ) -> StorageResult<Option<Subscription>> {
        self.inner.find_subscriber(source, subscriber, now).await
    }

    async fn list_subscriptions(
        &self,
        source: &Destination,
        page: &PageRequest<SubscriptionId>,
        now: Timestamp,
    ) -> StorageResult<Page<Subscription, SubscriptionId>> {
        self.inner.list_subscriptions(source, page, now).await
    }

    async fn update_subscription(
        &self,
        source: &Destination,
        id: SubscriptionId,
        change: SubscriptionChange,
        now: Timestamp,
    ) -> StorageResult<bool> {
        twice!(self, _again => self.inner.update_subscription(source, id, change.clone(), now))
    }

    async fn unsubscribe(&self, source: &Destination, id: SubscriptionId) -> StorageResult<()> {
        twice!(self, _again => self.inner.unsubscribe(source, id))
    }
}

#[async_trait::async_trait]
impl Deliveries for CutStore {
    async fn due(&self, share: SubscriptionShare, limit: usize, now: Timestamp) -> StorageResult<Due> {
        self.cut();
        self.inner.due(share, limit, now).await
    }

    async fn lease(&self, request: &LeaseRequest, now: Timestamp) -> StorageResult<Leased> {
        twice!(self, is_repeated => self.inner.lease(&LeaseRequest { is_repeated, ..request.clone() }, now))
    }

    async fn record(&self, lease: LeaseId, reports: &[DeliveryReport], now: Timestamp) -> StorageResult<()> {
        twice!(self, _again => self.inner.record(lease, reports, now))
    }

    async fn record_confirmation(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        attempt: ConfirmationAttempt,
        now: Timestamp,
    ) -> StorageResult<()> {
        self.spare();
        self.inner.record_confirmation(source, subscription, attempt, now).await
    }

    async fn pause(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        paused: Paused,
        until: Timestamp,
    ) -> StorageResult<()> {
        twice!(self, _again => self.inner.pause(source, subscription, paused, until))
    }

    async fn wait_for_due(&self) -> StorageResult<()> {
        self.inner.wait_for_due().await
    }

    async fn redeliver(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        which: Redelivery,
        now: Timestamp,
    ) -> StorageResult<u64> {
        if let Redelivery::FailedSince(_) = which {
            self.spare();
            return self.inner.redeliver(source, subscription, which, now).await;
        }
        twice!(self, _again => self.inner.redeliver(source, subscription, which, now))
    }

    async fn failed(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        page: &PageRequest<Marker>,
        now: Timestamp,
    ) -> StorageResult<Page<FailedDelivery, Marker>> {
        self.cut();
        self.inner.failed(source, subscription, page, now).await
    }

    async fn attempts(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        filter: &AttemptFilter,
        page: &PageRequest<AttemptNumber>,
        now: Timestamp,
    ) -> StorageResult<Page<AttemptRecord, AttemptNumber>> {
        self.cut();
        self.inner.attempts(source, subscription, filter, page, now).await
    }
}

#[async_trait::async_trait]
impl MessageStore for CutStore {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn subscriptions(&self) -> Option<&dyn Subscriptions> {
        Some(self)
    }

    fn deliveries(&self) -> Option<&dyn Deliveries> {
        Some(self)
    }

    fn migration(&self) -> Option<&dyn Migration> {
        Some(self)
    }

    async fn is_alive(&self) -> bool {
        self.inner.is_alive().await
    }

    async fn health(&self, now: Timestamp) -> StorageResult<Health> {
        self.inner.health(now).await
    }

    async fn expire(&self, now: Timestamp) -> StorageResult<()> {
        twice!(self, _again => self.inner.expire(now))
    }

    async fn close(&self) -> StorageResult<()> {
        self.spare();
        self.inner.close().await
    }
}
