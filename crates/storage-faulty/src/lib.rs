//! A store that fails at everything, for trying out what happens then: `[drivers] message_store = faulty` or
//! `management_store = faulty`.

use std::sync::Arc;

use zaqar_model::{
    AttemptNumber, Claim, ClaimId, ClaimTerms, ClientId, ConfirmationAttempt, Delivery, DeliveryReport,
    Destination, DestinationKind, DestinationNumber, FailedDelivery, Flavor, FlavorName, KeptAttempt,
    LeaseId, Marker, Message, MessageId, Metadata, MovingCursor, MovingDelivery, MovingMessage, NewMessage,
    Page, PageRequest, Pool, PoolName, ProjectId, Queue, QueueMove, QueueName, QueueStats, StoredMessage,
    Subscription, SubscriptionId, Timestamp,
};
use zaqar_storage::{
    Arrivals, Capabilities, Catalogue, ClaimRequest, Claimed, Claims, Created, Deletion, Deliveries,
    Destinations, Flavors, Health, LeaseLimits, ManagementStore, MessageQuery, MessageStore, Messages,
    Migration, Pools, QueueFilter, StorageError, StorageResult, SubscriptionChange, Subscriptions,
};

/// Fails every call with [`StorageError::Driver`], but for `close`: it has nothing to lose.
#[derive(Clone, Copy, Debug, Default)]
pub struct FaultyStore;

fn fail<T>() -> StorageResult<T> {
    Err(StorageError::driver("the faulty store fails at everything"))
}

macro_rules! faulty {
    ($($noun:ident { $($method:ident($($argument:ty),*) -> $answer:ty;)* })*) => {$(
        #[async_trait::async_trait]
        impl $noun for FaultyStore {
            $(async fn $method(&self, $(_: $argument),*) -> StorageResult<$answer> {
                fail()
            })*
        }
    )*};
}

faulty! {
    Destinations {
        create(DestinationKind, &ProjectId, &QueueName, Metadata) -> Created;
        find(DestinationKind, &ProjectId, &QueueName) -> Option<Arc<Queue>>;
        set_metadata(&Queue, Metadata) -> Arc<Queue>;
        delete(DestinationKind, &ProjectId, &QueueName) -> Option<Arc<Queue>>;
        list(DestinationKind, &ProjectId, &QueueFilter, &PageRequest<QueueName>) -> Page<Arc<Queue>, QueueName>;
        count(DestinationKind, &ProjectId) -> u64;
    }
    Pools {
        put_pool(Pool) -> ();
        get_pool(&PoolName) -> Option<Pool>;
        list_pools(&PageRequest<PoolName>) -> Page<Pool, PoolName>;
        pools_of_flavor(Option<&FlavorName>) -> Vec<Pool>;
        delete_pool(&PoolName) -> ();
    }
    Flavors {
        put_flavor(Flavor) -> ();
        get_flavor(&FlavorName) -> Option<Flavor>;
        list_flavors(&PageRequest<FlavorName>) -> Page<Flavor, FlavorName>;
        delete_flavor(&FlavorName) -> ();
    }
    Catalogue {
        map(DestinationNumber, &PoolName) -> PoolName;
        pool_of(DestinationNumber) -> Option<PoolName>;
        remap(DestinationNumber, &PoolName, &PoolName) -> ();
        unmap(DestinationNumber) -> ();
        put_move(QueueMove) -> ();
        get_move(DestinationNumber) -> Option<QueueMove>;
        list_moves() -> Vec<QueueMove>;
        delete_move(DestinationNumber) -> ();
    }
    Arrivals {
        wait_for_arrival(&Destination, Marker) -> ();
    }
    Messages {
        post(&Destination, &ClientId, Vec<NewMessage>, Timestamp) -> Vec<MessageId>;
        list(&Destination, &MessageQuery, Timestamp) -> Page<Message, Marker>;
        marker_of(&Destination, MessageId) -> Option<Marker>;
        get(&Destination, &[MessageId], Timestamp) -> Vec<Message>;
        delete(&Destination, MessageId, Option<ClaimId>, Timestamp) -> Deletion;
        delete_many(&Destination, &[MessageId], Option<&[ClaimId]>, Timestamp) -> Deletion;
        pop(&Destination, usize, Timestamp) -> Vec<Message>;
        purge(&Destination, Timestamp) -> ();
        stats(&Destination, Timestamp) -> QueueStats;
        drop_destination(&Destination) -> ();
        adopt(&Destination, Vec<StoredMessage>, Timestamp) -> ();
        exhausted(&Destination, usize, Timestamp) -> Vec<StoredMessage>;
        move_exhausted(&Destination, &Destination, Vec<StoredMessage>, Timestamp) -> ();
        discard_exhausted(&Destination, &[MessageId]) -> ();
        with_exhausted() -> Vec<Destination>;
    }
    Claims {
        claim(&Destination, &ClaimRequest, Timestamp) -> Claimed;
        get_claim(&Destination, ClaimId, Timestamp) -> Option<Claim>;
        renew(&Destination, ClaimId, ClaimTerms, Timestamp) -> bool;
        release(&Destination, ClaimId, Timestamp) -> ();
    }
    Subscriptions {
        subscribe(Subscription, Timestamp) -> ();
        get_subscription(&Destination, SubscriptionId, Timestamp) -> Option<Subscription>;
        find_subscriber(&Destination, &str, Timestamp) -> Option<Subscription>;
        list_subscriptions(&Destination, &PageRequest<SubscriptionId>, Timestamp)
            -> Page<Subscription, SubscriptionId>;
        update_subscription(&Destination, SubscriptionId, SubscriptionChange, Timestamp) -> bool;
        unsubscribe(&Destination, SubscriptionId) -> ();
    }
    Migration {
        export(&Destination, Marker, usize, Timestamp) -> Vec<MovingMessage>;
        export_some(&Destination, &[MessageId], Timestamp) -> Vec<MovingMessage>;
        last_position(&Destination) -> Marker;
        import(&Destination, Vec<MovingMessage>, Marker, Timestamp) -> ();
        import_subscriptions(&Destination, Vec<Subscription>, Timestamp) -> ();
        export_deliveries(&Destination, SubscriptionId, Marker, usize, Timestamp) -> Vec<MovingDelivery>;
        export_some_deliveries(&Destination, SubscriptionId, &[Marker], Timestamp) -> Vec<MovingDelivery>;
        import_deliveries(&Destination, SubscriptionId, Vec<MovingDelivery>, Vec<KeptAttempt>, Timestamp) -> ();
        export_cursors(&Destination, &PageRequest<SubscriptionId>, Timestamp) -> Page<MovingCursor, SubscriptionId>;
        import_cursors(&Destination, Vec<MovingCursor>, Timestamp) -> ();
    }
    Deliveries {
        lease(LeaseId, Timestamp, LeaseLimits, Timestamp) -> Vec<Delivery>;
        record(LeaseId, Vec<DeliveryReport>, Timestamp) -> ();
        record_confirmation(&Destination, SubscriptionId, ConfirmationAttempt, Timestamp) -> ();
        pause(&Destination, SubscriptionId, Timestamp) -> ();
        next_due(usize, Timestamp) -> Option<Timestamp>;
        wait_for_owed() -> ();
        redeliver(&Destination, SubscriptionId, MessageId, Timestamp) -> bool;
        redeliver_failed(&Destination, SubscriptionId, Timestamp, Timestamp) -> u64;
        failed(&Destination, SubscriptionId, &PageRequest<Marker>, Timestamp) -> Page<FailedDelivery, Marker>;
        attempts(&Destination, SubscriptionId, &PageRequest<AttemptNumber>, Timestamp)
            -> Page<KeptAttempt, AttemptNumber>;
        attempts_of_message(&Destination, SubscriptionId, MessageId, Timestamp) -> Vec<KeptAttempt>;
    }
}

#[async_trait::async_trait]
impl ManagementStore for FaultyStore {
    async fn is_alive(&self) -> bool {
        false
    }

    async fn close(&self) -> StorageResult<()> {
        Ok(())
    }
}

#[async_trait::async_trait]
impl MessageStore for FaultyStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    async fn is_alive(&self) -> bool {
        false
    }

    async fn health(&self, _: Timestamp) -> StorageResult<Health> {
        fail()
    }

    async fn expire(&self, _: Timestamp) -> StorageResult<()> {
        fail()
    }

    async fn close(&self) -> StorageResult<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use zaqar_model::{PoolName, Timestamp};
    use zaqar_storage::{ManagementStore, MessageStore, StorageError};

    use super::FaultyStore;

    #[tokio::test]
    async fn every_call_fails() {
        let management: &dyn ManagementStore = &FaultyStore;
        let pool = management.get_pool(&PoolName::new("p").unwrap()).await;
        assert!(matches!(pool, Err(StorageError::Driver(_))), "{pool:?}");
        let messages: &dyn MessageStore = &FaultyStore;
        let due = messages.next_due(1, Timestamp::default()).await;
        assert!(matches!(due, Err(StorageError::Driver(_))), "{due:?}");
    }

    #[tokio::test]
    async fn it_is_not_alive_but_can_be_closed() {
        let management: &dyn ManagementStore = &FaultyStore;
        assert!(!management.is_alive().await);
        management.close().await.unwrap();
        let messages: &dyn MessageStore = &FaultyStore;
        assert!(!messages.is_alive().await);
        messages.close().await.unwrap();
    }
}
