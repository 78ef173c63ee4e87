//! The verbs of subscriptions and deliveries, made short.

use zaqar_model::{
    AttemptFilter, AttemptRecord, ConfirmationAttempt, Delivery, DeliveryOutcome, Excerpt, FailedDelivery,
    LeaseId, MessageId, Metadata, PageRequest, Paused, Subscription, SubscriptionId, SubscriptionTtl,
    Timestamp,
};
use zaqar_storage::{
    Deliveries, Due, LeaseRequest, MessageStore, Redelivery, StorageResult, SubscriptionChange,
    SubscriptionShare, Subscriptions,
};

use super::{MessageBench, TestQueue};
use crate::LeaseDue;
use crate::samples::{attempt, fresh_subscription_id};

/// More than a case has of anything.
const MANY: usize = 10_000;

impl TestQueue {
    /// A confirmed subscription to this queue for an hour from now, not yet kept anywhere.
    pub fn subscription(&self, subscriber: &str) -> Subscription {
        Subscription {
            id: fresh_subscription_id(),
            source: self.destination.clone(),
            subscriber: subscriber.to_owned(),
            ttl: SubscriptionTtl::new(3600),
            renewed: self.now(),
            options: Metadata::default(),
            confirmed: true,
            declined: false,
            notified: true,
            suspended: None,
        }
    }

    pub async fn subscribe_as(&self, subscription: Subscription) -> StorageResult<()> {
        subscriptions_of(&*self.store()).subscribe(subscription, self.now()).await
    }

    pub async fn subscribe(&self, subscriber: &str) -> SubscriptionId {
        let subscription = self.subscription(subscriber);
        let id = subscription.id;
        self.subscribe_as(subscription).await.unwrap();
        id
    }

    pub async fn get_subscription(&self, id: SubscriptionId) -> Option<Subscription> {
        subscriptions_of(&*self.store()).get_subscription(&self.destination, id, self.now()).await.unwrap()
    }

    pub async fn find_subscriber(&self, subscriber: &str) -> Option<SubscriptionId> {
        let found = subscriptions_of(&*self.store())
            .find_subscriber(&self.destination, subscriber, self.now())
            .await
            .unwrap();
        found.map(|subscription| subscription.id)
    }

    pub async fn subscriptions(&self) -> Vec<SubscriptionId> {
        let page = PageRequest { marker: None, limit: 10_000 };
        let page = subscriptions_of(&*self.store())
            .list_subscriptions(&self.destination, &page, self.now())
            .await
            .unwrap();
        page.items.iter().map(|subscription| subscription.id).collect()
    }

    pub async fn update_subscription(
        &self,
        id: SubscriptionId,
        change: SubscriptionChange,
    ) -> StorageResult<bool> {
        subscriptions_of(&*self.store()).update_subscription(&self.destination, id, change, self.now()).await
    }

    pub async fn unsubscribe(&self, id: SubscriptionId) {
        subscriptions_of(&*self.store()).unsubscribe(&self.destination, id).await.unwrap();
    }
}

impl MessageBench {
    /// Leases up to so many deliveries for a minute.
    pub async fn lease(&self, total: usize) -> (LeaseId, Vec<Delivery>) {
        self.lease_within(total, SubscriptionShare::each(MANY)).await
    }

    pub async fn lease_within(&self, total: usize, share: SubscriptionShare) -> (LeaseId, Vec<Delivery>) {
        let request = self.lease_request(total, share).await;
        (request.id, self.lease_as(&request).await)
    }

    pub async fn lease_as(&self, request: &LeaseRequest) -> Vec<Delivery> {
        deliveries_of(&*self.store()).lease(request, self.now()).await.unwrap().deliveries
    }

    /// A lease for a minute of what is due now.
    pub async fn lease_request(&self, total: usize, share: SubscriptionShare) -> LeaseRequest {
        deliveries_of(&*self.store()).lease_request(total, share, self.now()).await.unwrap()
    }

    /// Records the same outcome for all of these deliveries.
    pub async fn record(&self, lease: LeaseId, deliveries: &[Delivery], outcome: &DeliveryOutcome) {
        let reports: Vec<_> = deliveries.iter().map(|delivery| delivery.report(outcome.clone())).collect();
        deliveries_of(&*self.store()).record(lease, &reports, self.now()).await.unwrap();
    }

    pub async fn delivered(&self, lease: LeaseId, deliveries: &[Delivery]) {
        self.record(lease, deliveries, &DeliveryOutcome::Delivered(attempt(self.now(), Some(200)))).await;
    }

    pub async fn retry(&self, lease: LeaseId, deliveries: &[Delivery], at: Timestamp) {
        self.record(lease, deliveries, &DeliveryOutcome::RetryAt(at, attempt(self.now(), Some(503)))).await;
    }

    pub async fn give_up(&self, lease: LeaseId, deliveries: &[Delivery]) {
        let reason = Excerpt::new("410 Gone");
        self.record(lease, deliveries, &DeliveryOutcome::GivenUp(reason, attempt(self.now(), None))).await;
    }

    pub async fn expired(&self, lease: LeaseId, deliveries: &[Delivery]) {
        self.record(lease, deliveries, &DeliveryOutcome::Expired(Excerpt::new("expired"))).await;
    }

    pub async fn postpone(&self, lease: LeaseId, deliveries: &[Delivery], at: Timestamp) {
        self.record(lease, deliveries, &DeliveryOutcome::Postponed(at)).await;
    }

    pub async fn next_due(&self) -> Option<Timestamp> {
        self.next_due_within(SubscriptionShare::each(MANY)).await
    }

    pub async fn next_due_within(&self, share: SubscriptionShare) -> Option<Timestamp> {
        match deliveries_of(&*self.store()).due(share, 1, self.now()).await.unwrap() {
            Due::Now(_) => Some(self.now()),
            Due::At(at) => Some(at),
            Due::Nothing => None,
        }
    }
}

pub(crate) fn subscriptions_of(store: &dyn MessageStore) -> &dyn Subscriptions {
    store.subscriptions().expect("the store has subscriptions")
}

pub(crate) fn deliveries_of(store: &dyn MessageStore) -> &dyn Deliveries {
    store.deliveries().expect("the store has deliveries")
}

impl TestQueue {
    pub async fn record_confirmation(&self, id: SubscriptionId, attempt: ConfirmationAttempt) {
        let of = &self.destination;
        deliveries_of(&*self.store()).record_confirmation(of, id, attempt, self.now()).await.unwrap();
    }

    pub async fn pause(&self, id: SubscriptionId, until: Timestamp) {
        deliveries_of(&*self.store()).pause(&self.destination, id, Paused::All, until).await.unwrap();
    }

    pub async fn pause_retries(&self, id: SubscriptionId, until: Timestamp) {
        deliveries_of(&*self.store()).pause(&self.destination, id, Paused::Retries, until).await.unwrap();
    }

    pub async fn redeliver(&self, id: SubscriptionId, message: MessageId) -> bool {
        self.redeliver_that(id, Redelivery::Message(message)).await > 0
    }

    pub async fn redeliver_failed(&self, id: SubscriptionId, since: Timestamp) -> u64 {
        self.redeliver_that(id, Redelivery::FailedSince(since)).await
    }

    async fn redeliver_that(&self, id: SubscriptionId, which: Redelivery) -> u64 {
        deliveries_of(&*self.store()).redeliver(&self.destination, id, which, self.now()).await.unwrap()
    }

    pub async fn failed(&self, id: SubscriptionId) -> Vec<FailedDelivery> {
        let page = PageRequest { marker: None, limit: MANY };
        deliveries_of(&*self.store()).failed(&self.destination, id, &page, self.now()).await.unwrap().items
    }

    pub async fn attempts(&self, id: SubscriptionId) -> Vec<AttemptRecord> {
        self.attempts_that(id, AttemptFilter::default()).await
    }

    pub async fn attempts_of_message(&self, id: SubscriptionId, message: MessageId) -> Vec<AttemptRecord> {
        self.attempts_that(id, AttemptFilter { message: Some(message), ..AttemptFilter::default() }).await
    }

    pub async fn attempts_that(&self, id: SubscriptionId, filter: AttemptFilter) -> Vec<AttemptRecord> {
        let page = PageRequest { marker: None, limit: MANY };
        deliveries_of(&*self.store())
            .attempts(&self.destination, id, &filter, &page, self.now())
            .await
            .unwrap()
            .items
    }
}
