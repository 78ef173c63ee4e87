//! The calls of the contract, each listed once: what every store of this crate does at all of them is written down beside.

use std::sync::Arc;

use zaqar_model::{
    AttemptFilter, AttemptNumber, AttemptRecord, Claim, ClaimId, ClaimTerms, ConfirmationAttempt,
    DeliveryReport, Destination, DestinationKind, DestinationNumber, ExportedItem, FailedDelivery, Flavor,
    FlavorName, LeaseId, Marker, Message, MessageId, Metadata, MoveId, Page, PageRequest, Paused, Pool,
    PoolName, ProjectId, Queue, QueueMove, QueueName, QueueStats, ServerId, StoredMessage, Subscription,
    SubscriptionId, Timestamp,
};
use zaqar_storage::{
    Adoption, Catalogue, ClaimRequest, Claimed, Claims, Created, DeadLetterPolicy, DeadLetters, Deletion,
    Deliveries, Destinations, Due, ExportCursor, ExportPage, Flavors, Guard, ImportStep, LeaseRequest,
    Leased, MessagePage, MessageQuery, Messages, Migration, Pools, PopRequest, Post, Redelivery,
    StorageResult, SubscriptionChange, SubscriptionShare, Subscriptions, TakenMove,
};

use crate::faulty::{FaultyStore, fail};
use crate::flaky::FlakyStore;
use crate::flaky_management::FlakyManagementStore;

macro_rules! faulty {
    ($store:ident; $($noun:ident[$part:ident] { $($method:ident($($name:ident: $argument:ty),*) -> $answer:ty;)* })*) => {$(
        #[async_trait::async_trait]
        impl $noun for $store {
            $(async fn $method(&self, $(_: $argument),*) -> StorageResult<$answer> {
                fail()
            })*
        }
    )*};
}

macro_rules! flaky {
    ($store:ident; $($noun:ident[$part:ident] { $($method:ident($($name:ident: $argument:ty),*) -> $answer:ty;)* })*) => {$(
        #[async_trait::async_trait]
        impl $noun for $store {
            $(async fn $method(&self, $($name: $argument),*) -> StorageResult<$answer> {
                let beneath = async { self.$part()?.$method($($name),*).await };
                self.faults.call(stringify!($method), beneath).await
            })*
        }
    )*};
}

macro_rules! calls_of_every_message_store {
    ($does:ident, $store:ident) => {
        $does! { $store;
            Messages[whole] {
                post(to: &Destination, post: &Post<'_>, now: Timestamp) -> Vec<MessageId>;
                list(from: &Destination, query: &MessageQuery, now: Timestamp) -> MessagePage;
                get(from: &Destination, ids: &[MessageId], now: Timestamp) -> Vec<Message>;
                delete(from: &Destination, ids: &[MessageId], guard: Guard<'_>, now: Timestamp) -> Deletion;
                purge(destination: &Destination, now: Timestamp) -> ();
                stats(destination: &Destination, now: Timestamp) -> QueueStats;
                drop_destination(destination: &Destination, now: Timestamp) -> ();
                adopt(to: &Destination, messages: &[StoredMessage], adoption: Adoption, now: Timestamp) -> ();
                wait_for_messages(from: &Destination, behind: Marker) -> ();
            }
            DeadLetters[whole] {
                with_dead_letters(page: &PageRequest<DestinationNumber>) -> Page<Destination, DestinationNumber>;
                dead_letters(from: &Destination, limit: usize, now: Timestamp) -> Vec<StoredMessage>;
                discard_dead_letters(from: &Destination, ids: &[MessageId]) -> ();
                move_dead_letters(from: &Destination, to: &Destination, messages: &[StoredMessage], now: Timestamp) -> ();
            }
            Claims[whole] {
                claim(from: &Destination, request: &ClaimRequest, now: Timestamp) -> Claimed;
                get_claim(from: &Destination, id: ClaimId, now: Timestamp) -> Option<Claim>;
                renew(from: &Destination, id: ClaimId, terms: ClaimTerms, now: Timestamp) -> bool;
                release(from: &Destination, id: ClaimId, now: Timestamp) -> ();
                pop(from: &Destination, pop: &PopRequest, now: Timestamp) -> Vec<Message>;
                with_ended_claims(limit: usize, now: Timestamp) -> Vec<Destination>;
                set_aside(from: &Destination, policy: Option<DeadLetterPolicy>, now: Timestamp) -> Vec<MessageId>;
            }
        }
    };
}

macro_rules! calls_of_the_optional_traits {
    ($does:ident, $store:ident) => {
        $does! { $store;
            Subscriptions[subscriptions_beneath] {
                subscribe(subscription: Subscription, now: Timestamp) -> ();
                get_subscription(source: &Destination, id: SubscriptionId, now: Timestamp) -> Option<Subscription>;
                find_subscriber(source: &Destination, subscriber: &str, now: Timestamp) -> Option<Subscription>;
                list_subscriptions(source: &Destination, page: &PageRequest<SubscriptionId>, now: Timestamp)
                    -> Page<Subscription, SubscriptionId>;
                update_subscription(source: &Destination, id: SubscriptionId, change: SubscriptionChange, now: Timestamp)
                    -> bool;
                unsubscribe(source: &Destination, id: SubscriptionId) -> ();
            }
            Migration[migration_beneath] {
                begin_export(from: &Destination, mover: MoveId, now: Timestamp) -> ();
                export(from: &Destination, mover: MoveId, cursor: &ExportCursor, limit: usize, now: Timestamp) -> ExportPage;
                seal(from: &Destination, mover: MoveId, now: Timestamp) -> ();
                abandon_export(from: &Destination, mover: MoveId, now: Timestamp) -> ();
                leave(from: &Destination, mover: MoveId, now: Timestamp) -> ();
                import(to: &Destination, mover: MoveId, step: ImportStep, items: &[ExportedItem], now: Timestamp) -> ();
                open(to: &Destination, mover: MoveId, now: Timestamp) -> ();
            }
            Deliveries[deliveries_beneath] {
                due(share: SubscriptionShare, limit: usize, now: Timestamp) -> Due;
                lease(request: &LeaseRequest, now: Timestamp) -> Leased;
                record(lease: LeaseId, reports: &[DeliveryReport], now: Timestamp) -> ();
                record_confirmation(
                    source: &Destination, id: SubscriptionId, attempt: ConfirmationAttempt, now: Timestamp
                ) -> ();
                pause(source: &Destination, id: SubscriptionId, paused: Paused, until: Timestamp) -> ();
                wait_for_due() -> ();
                redeliver(source: &Destination, id: SubscriptionId, which: Redelivery, now: Timestamp) -> u64;
                failed(source: &Destination, id: SubscriptionId, page: &PageRequest<Marker>, now: Timestamp)
                    -> Page<FailedDelivery, Marker>;
                attempts(
                    source: &Destination, id: SubscriptionId, filter: &AttemptFilter, page: &PageRequest<AttemptNumber>,
                    now: Timestamp
                ) -> Page<AttemptRecord, AttemptNumber>;
            }
        }
    };
}

macro_rules! calls_of_every_management_store {
    ($does:ident, $store:ident) => {
        $does! { $store;
            Destinations[whole] {
                create(kind: DestinationKind, project: &ProjectId, name: &QueueName, metadata: Metadata) -> Created;
                find(kind: DestinationKind, project: &ProjectId, name: &QueueName) -> Option<Arc<Queue>>;
                set_metadata(queue: &Queue, metadata: Metadata) -> Arc<Queue>;
                delete(kind: DestinationKind, project: &ProjectId, name: &QueueName) -> Option<Arc<Queue>>;
                list(kind: DestinationKind, project: &ProjectId, page: &PageRequest<QueueName>) -> Page<Arc<Queue>, QueueName>;
                count(kind: DestinationKind, project: &ProjectId) -> u64;
            }
            Pools[pools_beneath] {
                put_pool(pool: &Pool, seen: Option<&Pool>) -> ();
                get_pool(name: &PoolName) -> Option<Pool>;
                list_pools(page: &PageRequest<PoolName>) -> Page<Pool, PoolName>;
                pools_of_flavor(flavor: Option<&FlavorName>, page: &PageRequest<PoolName>) -> Page<Pool, PoolName>;
                delete_pool(name: &PoolName) -> ();
            }
            Flavors[pools_beneath] {
                put_flavor(flavor: &Flavor, seen: Option<&Flavor>) -> ();
                get_flavor(name: &FlavorName) -> Option<Flavor>;
                list_flavors(page: &PageRequest<FlavorName>) -> Page<Flavor, FlavorName>;
                delete_flavor(name: &FlavorName) -> ();
            }
            Catalogue[pools_beneath] {
                assign(queue: DestinationNumber, expected: Option<&PoolName>, to: Option<&PoolName>) -> Option<PoolName>;
                pool_of(queue: DestinationNumber) -> Option<PoolName>;
                queues_of(pool: &PoolName, page: &PageRequest<DestinationNumber>) -> Page<Destination, DestinationNumber>;
                leave(queue: DestinationNumber, from: &PoolName, last: Marker) -> ();
                left_at(queue: DestinationNumber) -> Option<Marker>;
                put_move(noted: &QueueMove, seen: Option<&QueueMove>) -> ();
                get_move(queue: DestinationNumber) -> Option<QueueMove>;
                list_moves(page: &PageRequest<DestinationNumber>) -> Page<QueueMove, DestinationNumber>;
                take_move(queue: DestinationNumber, owner: ServerId, until: Timestamp, now: Timestamp) -> TakenMove;
                switch(noted: &QueueMove, from: Option<&PoolName>) -> bool;
                end_move(noted: &QueueMove) -> bool;
            }
        }
    };
}

calls_of_every_message_store!(faulty, FaultyStore);
calls_of_every_management_store!(faulty, FaultyStore);
calls_of_every_message_store!(flaky, FlakyStore);
calls_of_the_optional_traits!(flaky, FlakyStore);
calls_of_every_management_store!(flaky, FlakyManagementStore);
