//! Queues that go to another store. Here the store stands for both: what was exported is dropped and imported again.

use zaqar_model::{
    KeptAttempt, Marker, MovingCursor, MovingDelivery, MovingMessage, PageRequest, Subscription,
};
use zaqar_storage::{MessageStore, Migration};

use super::{TestQueue, subscriptions_of};

/// More than a case has of anything.
const MANY: usize = 10_000;

/// A subscription with all that goes along with it.
#[derive(Clone, Debug)]
pub struct MovingSubscription {
    pub subscription: Subscription,
    pub deliveries: Vec<MovingDelivery>,
    pub attempts: Vec<KeptAttempt>,
}

impl TestQueue {
    pub async fn export(&self) -> Vec<MovingMessage> {
        migration_of(&*self.store())
            .export(&self.destination, Marker::default(), MANY, self.now())
            .await
            .unwrap()
    }

    pub async fn import(&self, messages: Vec<MovingMessage>, last: Marker) {
        migration_of(&*self.store()).import(&self.destination, messages, last, self.now()).await.unwrap();
    }

    pub async fn export_subscriptions(&self) -> Vec<MovingSubscription> {
        let (store, from, now) = (self.store(), &self.destination, self.now());
        let page = PageRequest { marker: None, limit: MANY };
        let mut moving = Vec::new();
        for subscription in
            subscriptions_of(&*store).list_subscriptions(from, &page, now).await.unwrap().items
        {
            let id = subscription.id;
            let deliveries = migration_of(&*store)
                .export_deliveries(from, id, Marker::default(), MANY, now)
                .await
                .unwrap();
            let attempts = self.attempts(id).await;
            moving.push(MovingSubscription { subscription, deliveries, attempts });
        }
        moving
    }

    pub async fn import_subscriptions(&self, subscriptions: Vec<Subscription>) {
        migration_of(&*self.store())
            .import_subscriptions(&self.destination, subscriptions, self.now())
            .await
            .unwrap();
    }

    pub async fn import_deliveries(&self, moving: MovingSubscription) {
        let MovingSubscription { subscription, deliveries, attempts } = moving;
        let (store, to, now) = (self.store(), &self.destination, self.now());
        migration_of(&*store)
            .import_deliveries(to, subscription.id, deliveries, attempts, now)
            .await
            .unwrap();
    }

    pub async fn export_cursors(&self) -> Vec<MovingCursor> {
        let page = PageRequest { marker: None, limit: MANY };
        migration_of(&*self.store()).export_cursors(&self.destination, &page, self.now()).await.unwrap().items
    }

    pub async fn import_cursors(&self, cursors: Vec<MovingCursor>) {
        migration_of(&*self.store()).import_cursors(&self.destination, cursors, self.now()).await.unwrap();
    }

    /// Leaves the store and comes back, with everything; answers the messages that went along.
    pub async fn leave_and_return(&self) -> Vec<MovingMessage> {
        let (moving, last) = (self.export().await, self.end().await);
        let subscriptions = self.export_subscriptions().await;
        let cursors = self.export_cursors().await;
        self.drop_it().await;
        assert_eq!(self.all().await, vec![]);
        self.import(Vec::new(), Marker::default()).await;
        self.import_subscriptions(subscriptions.iter().map(|own| own.subscription.clone()).collect()).await;
        self.import(moving.clone(), last).await;
        for subscription in subscriptions {
            self.import_deliveries(subscription).await;
        }
        self.import_cursors(cursors).await;
        moving
    }
}

pub(crate) fn migration_of(store: &dyn MessageStore) -> &dyn Migration {
    store.migration().expect("the store can give queues away")
}
