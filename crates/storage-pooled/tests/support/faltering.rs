//! A store that fails to forget exhausted messages, for as long as it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use zaqar_model::{
    AttemptNumber, Claim, ClaimId, ClaimTerms, ClientId, ConfirmationAttempt, Delivery, DeliveryReport,
    Destination, FailedDelivery, KeptAttempt, LeaseId, Marker, Message, MessageId, MovingCursor,
    MovingDelivery, MovingMessage, NewMessage, Page, PageRequest, Pool, QueueStats, StoredMessage,
    Subscription, SubscriptionId, Timestamp,
};
use zaqar_storage::{
    Arrivals, Capabilities, ClaimRequest, Claimed, Claims, Deletion, Deliveries, Health, LeaseLimits,
    MessageQuery, MessageStore, Messages, Migration, PoolFault, StorageError, StorageResult,
    SubscriptionChange, Subscriptions,
};
use zaqar_storage_conformance::ModelStore;
use zaqar_storage_pooled::StoreOpener;

#[derive(Debug, Default)]
pub struct FalteringStore {
    store: ModelStore,
    pub falters: AtomicBool,
}

/// Opens the one store, at any URI that begins with `faltering:`.
#[derive(Debug)]
pub struct FalteringOpener(pub Arc<FalteringStore>);

#[async_trait::async_trait]
impl StoreOpener for FalteringOpener {
    fn scheme(&self) -> &'static str {
        "faltering"
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn open(&self, _: &Pool) -> Result<Arc<dyn MessageStore>, PoolFault> {
        Ok(Arc::<FalteringStore>::clone(&self.0))
    }
}

macro_rules! forwarded {
    ($($noun:ident { $($method:ident($($name:ident: $argument:ty),*) -> $answer:ty;)* } and { $($other:item)* })*) => {$(
        #[async_trait::async_trait]
        impl $noun for FalteringStore {
            $(async fn $method(&self, $($name: $argument),*) -> StorageResult<$answer> {
                self.store.$method($($name),*).await
            })*
            $($other)*
        }
    )*};
}

forwarded! {
    Messages {
        post(to: &Destination, client: &ClientId, messages: Vec<NewMessage>, now: Timestamp) -> Vec<MessageId>;
        list(from: &Destination, query: &MessageQuery, now: Timestamp) -> Page<Message, Marker>;
        marker_of(from: &Destination, id: MessageId) -> Option<Marker>;
        get(from: &Destination, ids: &[MessageId], now: Timestamp) -> Vec<Message>;
        delete(from: &Destination, id: MessageId, claim: Option<ClaimId>, now: Timestamp) -> Deletion;
        delete_many(from: &Destination, ids: &[MessageId], claims: Option<&[ClaimId]>, now: Timestamp) -> Deletion;
        pop(from: &Destination, limit: usize, now: Timestamp) -> Vec<Message>;
        purge(destination: &Destination, now: Timestamp) -> ();
        stats(destination: &Destination, now: Timestamp) -> QueueStats;
        drop_destination(destination: &Destination) -> ();
        adopt(to: &Destination, messages: Vec<StoredMessage>, now: Timestamp) -> ();
        with_exhausted() -> Vec<Destination>;
        exhausted(from: &Destination, limit: usize, now: Timestamp) -> Vec<StoredMessage>;
        move_exhausted(from: &Destination, to: &Destination, messages: Vec<StoredMessage>, now: Timestamp) -> ();
    } and {
        async fn discard_exhausted(&self, from: &Destination, ids: &[MessageId]) -> StorageResult<()> {
            if self.falters.load(Ordering::SeqCst) {
                return Err(StorageError::unavailable("it falters"));
            }
            self.store.discard_exhausted(from, ids).await
        }
    }
    Arrivals {
        wait_for_arrival(from: &Destination, behind: Marker) -> ();
    } and {}
    Subscriptions {
        subscribe(subscription: Subscription, now: Timestamp) -> ();
        get_subscription(source: &Destination, id: SubscriptionId, now: Timestamp) -> Option<Subscription>;
        find_subscriber(source: &Destination, subscriber: &str, now: Timestamp) -> Option<Subscription>;
        list_subscriptions(source: &Destination, page: &PageRequest<SubscriptionId>, now: Timestamp)
            -> Page<Subscription, SubscriptionId>;
        update_subscription(source: &Destination, id: SubscriptionId, change: SubscriptionChange, now: Timestamp)
            -> bool;
        unsubscribe(source: &Destination, id: SubscriptionId) -> ();
    } and {}
    Claims {
        claim(from: &Destination, request: &ClaimRequest, now: Timestamp) -> Claimed;
        get_claim(from: &Destination, id: ClaimId, now: Timestamp) -> Option<Claim>;
        renew(from: &Destination, id: ClaimId, terms: ClaimTerms, now: Timestamp) -> bool;
        release(from: &Destination, id: ClaimId, now: Timestamp) -> ();
    } and {}
    Migration {
        export(from: &Destination, behind: Marker, limit: usize, now: Timestamp) -> Vec<MovingMessage>;
        export_some(from: &Destination, ids: &[MessageId], now: Timestamp) -> Vec<MovingMessage>;
        last_position(from: &Destination) -> Marker;
        import(to: &Destination, messages: Vec<MovingMessage>, last: Marker, now: Timestamp) -> ();
        import_subscriptions(to: &Destination, subscriptions: Vec<Subscription>, now: Timestamp) -> ();
        export_deliveries(from: &Destination, id: SubscriptionId, behind: Marker, limit: usize, now: Timestamp)
            -> Vec<MovingDelivery>;
        export_some_deliveries(from: &Destination, id: SubscriptionId, positions: &[Marker], now: Timestamp)
            -> Vec<MovingDelivery>;
        import_deliveries(
            to: &Destination, id: SubscriptionId, deliveries: Vec<MovingDelivery>, attempts: Vec<KeptAttempt>, now: Timestamp
        ) -> ();
        export_cursors(from: &Destination, page: &PageRequest<SubscriptionId>, now: Timestamp)
            -> Page<MovingCursor, SubscriptionId>;
        import_cursors(to: &Destination, cursors: Vec<MovingCursor>, now: Timestamp) -> ();
    } and {}
    Deliveries {
        lease(lease: LeaseId, until: Timestamp, limits: LeaseLimits, now: Timestamp) -> Vec<Delivery>;
        record(lease: LeaseId, reports: Vec<DeliveryReport>, now: Timestamp) -> ();
        record_confirmation(source: &Destination, id: SubscriptionId, attempt: ConfirmationAttempt, now: Timestamp) -> ();
        pause(source: &Destination, id: SubscriptionId, until: Timestamp) -> ();
        next_due(per_subscription: usize, now: Timestamp) -> Option<Timestamp>;
        wait_for_owed() -> ();
        redeliver(source: &Destination, id: SubscriptionId, message: MessageId, now: Timestamp) -> bool;
        redeliver_failed(source: &Destination, id: SubscriptionId, since: Timestamp, now: Timestamp) -> u64;
        failed(source: &Destination, id: SubscriptionId, page: &PageRequest<Marker>, now: Timestamp)
            -> Page<FailedDelivery, Marker>;
        attempts(source: &Destination, id: SubscriptionId, page: &PageRequest<AttemptNumber>, now: Timestamp)
            -> Page<KeptAttempt, AttemptNumber>;
        attempts_of_message(source: &Destination, id: SubscriptionId, message: MessageId, now: Timestamp)
            -> Vec<KeptAttempt>;
    } and {}
}

#[async_trait::async_trait]
impl MessageStore for FalteringStore {
    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    async fn is_alive(&self) -> bool {
        self.store.is_alive().await
    }

    async fn health(&self, now: Timestamp) -> StorageResult<Health> {
        self.store.health(now).await
    }

    async fn expire(&self, now: Timestamp) -> StorageResult<()> {
        self.store.expire(now).await
    }

    async fn close(&self) -> StorageResult<()> {
        MessageStore::close(&self.store).await
    }
}
