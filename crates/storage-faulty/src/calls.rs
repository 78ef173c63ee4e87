//! The calls of the contract, each listed once: what every store of this crate does at all of them is written down beside.

use std::sync::Arc;

use zaqar_model::{
    AttemptFilter, AttemptNumber, Claim, ClaimId, ClaimTerms, ClientId, ConfirmationAttempt, Delivery,
    DeliveryReport, Destination, DestinationKind, DestinationNumber, FailedDelivery, Flavor, FlavorName,
    KeptAttempt, LeaseId, Marker, Message, MessageId, Metadata, MovingCursor, MovingDelivery, MovingMessage,
    NewMessage, Page, PageRequest, Paused, Pool, PoolName, ProjectId, Queue, QueueMove, QueueName,
    QueueStats, StoredMessage, Subscription, SubscriptionId, Timestamp,
};
use zaqar_storage::{
    Adoption, Arrivals, Catalogue, ClaimRequest, Claimed, Claims, Created, DeadLetterPolicy, Deletion,
    Deliveries, Destinations, Flavors, LeaseLimits, MessageQuery, Messages, Migration, Pools, QueueFilter,
    StorageResult, SubscriptionChange, SubscriptionShare, Subscriptions,
};

use crate::faltering::FalteringStore;
use crate::faulty::{FaultyStore, fail};

macro_rules! faulty {
    ($($noun:ident { $($method:ident($($name:ident: $argument:ty),*) -> $answer:ty;)* })*) => {$(
        #[async_trait::async_trait]
        impl $noun for FaultyStore {
            $(async fn $method(&self, $(_: $argument),*) -> StorageResult<$answer> {
                fail()
            })*
        }
    )*};
}

macro_rules! faltering {
    ($($noun:ident { $($method:ident($($name:ident: $argument:ty),*) -> $answer:ty;)* })*) => {$(
        #[async_trait::async_trait]
        impl $noun for FalteringStore {
            $(async fn $method(&self, $($name: $argument),*) -> StorageResult<$answer> {
                self.call(stringify!($method), self.beneath.$method($($name),*)).await
            })*
        }
    )*};
}

macro_rules! calls_of_a_message_store {
    ($store:ident) => {
        $store! {
            Messages {
                post(to: &Destination, client: &ClientId, messages: Vec<NewMessage>, now: Timestamp) -> Vec<MessageId>;
                list(from: &Destination, query: &MessageQuery, now: Timestamp) -> Page<Message, Marker>;
                marker_of(from: &Destination, id: MessageId) -> Option<Marker>;
                within_reach_at(from: &Destination, id: MessageId, now: Timestamp) -> Option<Timestamp>;
                get(from: &Destination, ids: &[MessageId], now: Timestamp) -> Vec<Message>;
                delete(from: &Destination, id: MessageId, claim: Option<ClaimId>, now: Timestamp) -> Deletion;
                delete_many(from: &Destination, ids: &[MessageId], claims: Option<&[ClaimId]>, now: Timestamp) -> Deletion;
                pop(from: &Destination, limit: usize, now: Timestamp) -> Vec<Message>;
                purge(destination: &Destination, now: Timestamp) -> ();
                stats(destination: &Destination, now: Timestamp) -> QueueStats;
                drop_destination(destination: &Destination) -> ();
                adopt(to: &Destination, messages: Vec<StoredMessage>, adoption: Adoption, now: Timestamp) -> ();
                with_exhausted() -> Vec<Destination>;
                exhausted(from: &Destination, limit: usize, now: Timestamp) -> Vec<StoredMessage>;
                discard_exhausted(from: &Destination, ids: &[MessageId]) -> ();
                move_exhausted(from: &Destination, to: &Destination, messages: Vec<StoredMessage>, now: Timestamp) -> ();
            }
            Arrivals {
                wait_for_arrival(from: &Destination, behind: Marker) -> ();
            }
            Subscriptions {
                subscribe(subscription: Subscription, now: Timestamp) -> ();
                get_subscription(source: &Destination, id: SubscriptionId, now: Timestamp) -> Option<Subscription>;
                find_subscriber(source: &Destination, subscriber: &str, now: Timestamp) -> Option<Subscription>;
                list_subscriptions(source: &Destination, page: &PageRequest<SubscriptionId>, now: Timestamp)
                    -> Page<Subscription, SubscriptionId>;
                update_subscription(source: &Destination, id: SubscriptionId, change: SubscriptionChange, now: Timestamp)
                    -> bool;
                unsubscribe(source: &Destination, id: SubscriptionId) -> ();
            }
            Claims {
                claim(from: &Destination, request: &ClaimRequest, now: Timestamp) -> Claimed;
                get_claim(from: &Destination, id: ClaimId, now: Timestamp) -> Option<Claim>;
                renew(from: &Destination, id: ClaimId, terms: ClaimTerms, now: Timestamp) -> bool;
                release(from: &Destination, id: ClaimId, now: Timestamp) -> ();
                with_ended_claims(now: Timestamp) -> Vec<Destination>;
                set_aside(from: &Destination, policy: Option<DeadLetterPolicy>, now: Timestamp) -> Vec<MessageId>;
            }
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
            }
            Deliveries {
                lease(lease: LeaseId, until: Timestamp, limits: LeaseLimits, now: Timestamp) -> Vec<Delivery>;
                record(lease: LeaseId, reports: Vec<DeliveryReport>, now: Timestamp) -> ();
                record_confirmation(
                    source: &Destination, id: SubscriptionId, attempt: ConfirmationAttempt, now: Timestamp
                ) -> ();
                pause(source: &Destination, id: SubscriptionId, paused: Paused, until: Timestamp) -> ();
                next_due(share: SubscriptionShare, now: Timestamp) -> Option<Timestamp>;
                wait_for_owed() -> ();
                redeliver(source: &Destination, id: SubscriptionId, message: MessageId, now: Timestamp) -> bool;
                redeliver_failed(source: &Destination, id: SubscriptionId, since: Timestamp, now: Timestamp) -> u64;
                failed(source: &Destination, id: SubscriptionId, page: &PageRequest<Marker>, now: Timestamp)
                    -> Page<FailedDelivery, Marker>;
                attempts(
                    source: &Destination, id: SubscriptionId, filter: &AttemptFilter, page: &PageRequest<AttemptNumber>,
                    now: Timestamp
                ) -> Page<KeptAttempt, AttemptNumber>;
            }
        }
    };
}

calls_of_a_message_store!(faulty);
calls_of_a_message_store!(faltering);

faulty! {
    Destinations {
        create(kind: DestinationKind, project: &ProjectId, name: &QueueName, metadata: Metadata) -> Created;
        find(kind: DestinationKind, project: &ProjectId, name: &QueueName) -> Option<Arc<Queue>>;
        set_metadata(queue: &Queue, metadata: Metadata) -> Arc<Queue>;
        delete(kind: DestinationKind, project: &ProjectId, name: &QueueName) -> Option<Arc<Queue>>;
        list(kind: DestinationKind, project: &ProjectId, filter: &QueueFilter, page: &PageRequest<QueueName>)
            -> Page<Arc<Queue>, QueueName>;
        count(kind: DestinationKind, project: &ProjectId) -> u64;
    }
    Pools {
        put_pool(pool: Pool) -> ();
        get_pool(name: &PoolName) -> Option<Pool>;
        list_pools(page: &PageRequest<PoolName>) -> Page<Pool, PoolName>;
        pools_of_flavor(flavor: Option<&FlavorName>) -> Vec<Pool>;
        delete_pool(name: &PoolName) -> ();
    }
    Flavors {
        put_flavor(flavor: Flavor) -> ();
        get_flavor(name: &FlavorName) -> Option<Flavor>;
        list_flavors(page: &PageRequest<FlavorName>) -> Page<Flavor, FlavorName>;
        delete_flavor(name: &FlavorName) -> ();
    }
    Catalogue {
        map(queue: DestinationNumber, pool: &PoolName) -> PoolName;
        pool_of(queue: DestinationNumber) -> Option<PoolName>;
        remap(queue: DestinationNumber, from: &PoolName, to: &PoolName) -> ();
        unmap(queue: DestinationNumber) -> ();
        queues_of(pool: &PoolName) -> Vec<Destination>;
        leave(queue: DestinationNumber, from: &PoolName, last: Marker) -> ();
        left_at(queue: DestinationNumber) -> Option<Marker>;
        put_move(a_move: QueueMove) -> ();
        get_move(queue: DestinationNumber) -> Option<QueueMove>;
        list_moves() -> Vec<QueueMove>;
        delete_move(queue: DestinationNumber) -> ();
    }
}
