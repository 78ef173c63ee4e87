//! The verbs of subscriptions and deliveries, made short.

use zaqar_model::{
    Delivery, DeliveryOutcome, LeaseId, Metadata, PageRequest, Subscription, SubscriptionId, SubscriptionTtl,
    Timestamp,
};
use zaqar_storage::{StorageResult, SubscriptionChange};

use super::{MessageBench, TestQueue};
use crate::minting::{fresh_lease_id, fresh_subscription_id};

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
        }
    }

    pub async fn subscribe_as(&self, subscription: Subscription) -> StorageResult<()> {
        self.store().subscribe(subscription, self.now()).await
    }

    pub async fn subscribe(&self, subscriber: &str) -> SubscriptionId {
        let subscription = self.subscription(subscriber);
        let id = subscription.id;
        self.subscribe_as(subscription).await.unwrap();
        id
    }

    pub async fn get_subscription(&self, id: SubscriptionId) -> Option<Subscription> {
        self.store().get_subscription(&self.destination, id, self.now()).await.unwrap()
    }

    pub async fn find_subscriber(&self, subscriber: &str) -> Option<SubscriptionId> {
        let found = self.store().find_subscriber(&self.destination, subscriber, self.now()).await.unwrap();
        found.map(|subscription| subscription.id)
    }

    pub async fn subscriptions(&self) -> Vec<SubscriptionId> {
        let page = PageRequest { marker: None, limit: 10_000 };
        let page = self.store().list_subscriptions(&self.destination, &page, self.now()).await.unwrap();
        page.items.iter().map(|subscription| subscription.id).collect()
    }

    pub async fn update_subscription(
        &self,
        id: SubscriptionId,
        change: SubscriptionChange,
    ) -> StorageResult<bool> {
        self.store().update_subscription(&self.destination, id, change, self.now()).await
    }

    pub async fn unsubscribe(&self, id: SubscriptionId) {
        self.store().unsubscribe(&self.destination, id).await.unwrap();
    }
}

impl MessageBench {
    /// Leases up to so many deliveries for a minute.
    pub async fn lease(&self, limit: usize) -> (LeaseId, Vec<Delivery>) {
        let lease = fresh_lease_id();
        let until = self.now().plus_secs(60);
        (lease, self.store().lease(lease, until, limit, self.now()).await.unwrap())
    }

    /// Records the same outcome for all of these deliveries.
    pub async fn record(&self, lease: LeaseId, deliveries: &[Delivery], outcome: &DeliveryOutcome) {
        let outcomes = deliveries
            .iter()
            .map(|delivery| (delivery.subscription.id, delivery.position, outcome.clone()))
            .collect();
        self.store().record(lease, outcomes, self.now()).await.unwrap();
    }

    pub async fn next_due(&self) -> Option<Timestamp> {
        self.store().next_due(self.now()).await.unwrap()
    }
}
