//! Pools between which a queue moves whenever anybody does anything to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;
use zaqar_model::{
    AttemptFilter, AttemptNumber, AttemptRecord, Claim, ClaimId, ClaimTerms, ConfirmationAttempt,
    DeliveryReport, Destination, DestinationNumber, FailedDelivery, LeaseId, Marker, Message, MessageId,
    Page, PageRequest, Paused, QueueMove, QueueStats, StoredMessage, Subscription, SubscriptionId, Timestamp,
};
use zaqar_storage::{
    Adoption, Capabilities, ClaimRequest, Claimed, Claims, DeadLetterPolicy, DeadLetters, Deletion,
    Deliveries, Due, Guard, Health, LeaseRequest, Leased, ManagementStore, MessagePage, MessageQuery,
    MessageStore, Messages, PopRequest, Post, Redelivery, StorageError, StorageResult, SubscriptionChange,
    SubscriptionShare, Subscriptions,
};
use zaqar_storage_conformance::RegisterPools;
use zaqar_storage_pooled::PooledMessageStore;

/// Deeper queues stay where they are: moving them at each call takes too long for a test.
const DEEPEST: u64 = 1000;

#[derive(Debug)]
pub struct RestlessStore {
    pub management: Arc<dyn ManagementStore>,
    pub store: PooledMessageStore,
    /// Whether a call waits until the move before it is over. Otherwise both go on at the same time. Those that ask all queues
    /// at once wait in any case: they leave out a queue that moves.
    pub waits: bool,
    /// The queues that anything was done to.
    pub seen: Mutex<BTreeSet<Destination>>,
}

impl RestlessStore {
    fn seen(&self) -> BTreeSet<Destination> {
        self.seen.lock().clone()
    }

    async fn subscribers(&self, queue: &Destination, now: Timestamp) -> StorageResult<usize> {
        let page = PageRequest { marker: None, limit: 2 };
        Ok(self.store.list_subscriptions(queue, &page, now).await?.items.len())
    }

    /// Sends every queue to the next pool: for what is not about one of them.
    async fn shake_all(&self, now: Timestamp) -> StorageResult<()> {
        for queue in self.seen() {
            self.shake(&queue, now).await?;
        }
        Ok(())
    }

    /// Sends the queue to the next pool.
    async fn shake(&self, queue: &Destination, now: Timestamp) -> StorageResult<()> {
        self.seen.lock().insert(queue.clone());
        let pools = self.management.registry().all_pools().await?;
        let Some(home) = self.management.registry().pool_of(queue.number).await? else { return Ok(()) };
        if self.store.stats(queue, now).await?.total() > DEEPEST {
            return Ok(());
        }
        let at = pools.iter().position(|pool| pool.name == home).unwrap();
        let to = pools[(at + 1) % pools.len()].name.clone();
        let pools = pools.into_iter().map(|pool| pool.name).collect();
        let seen = self.management.registry().get_move(queue.number).await?;
        let attempt = seen.as_ref().and_then(|seen| seen.attempt);
        let next = QueueMove { queue: queue.clone(), to: Some(to), pools, attempt };
        match self.management.registry().put_move(&next, seen.as_ref()).await {
            // It is being moved already.
            Err(StorageError::Conflict(_)) => {}
            put => put?,
        }
        self.store.expire(now).await?;
        if self.waits {
            self.store.moves_are_over().await;
        }
        Ok(())
    }
}

macro_rules! restless {
    ($($noun:ident { $($method:ident($queue:ident $(, $name:ident: $argument:ty)*; $now:expr) -> $answer:ty;)* } and { $($other:item)* })*) => {$(
        #[async_trait::async_trait]
        impl $noun for RestlessStore {
            $(async fn $method(&self, $queue: &Destination $(, $name: $argument)*) -> StorageResult<$answer> {
                self.shake($queue, $now).await?;
                self.store.$method($queue $(, $name)*).await
            })*
            $($other)*
        }
    )*};
}

restless! {
    Messages {
        post(to, post: &Post<'_>, now: Timestamp; now) -> Vec<MessageId>;
        list(from, query: &MessageQuery, now: Timestamp; now) -> MessagePage;
        get(from, ids: &[MessageId], now: Timestamp; now) -> Vec<Message>;
        delete(from, ids: &[MessageId], guard: Guard<'_>, now: Timestamp; now) -> Deletion;
        purge(destination, now: Timestamp; now) -> ();
        stats(destination, now: Timestamp; now) -> QueueStats;
        drop_destination(destination, now: Timestamp; now) -> ();
        adopt(to, messages: &[StoredMessage], adoption: Adoption, now: Timestamp; now) -> ();
        wait_for_messages(at, behind: Marker; Timestamp::default()) -> ();
    } and {}
    DeadLetters {
        dead_letters(from, limit: usize, now: Timestamp; now) -> Vec<StoredMessage>;
        move_dead_letters(from, to: &Destination, messages: &[StoredMessage], now: Timestamp; now) -> ();
        discard_dead_letters(from, ids: &[MessageId]; Timestamp::default()) -> ();
    } and {
        async fn with_dead_letters(
            &self,
            page: &PageRequest<DestinationNumber>,
        ) -> StorageResult<Page<Destination, DestinationNumber>> {
            self.store.moves_are_over().await;
            self.store.with_dead_letters(page).await
        }
    }
    Subscriptions {
        get_subscription(source, id: SubscriptionId, now: Timestamp; now) -> Option<Subscription>;
        find_subscriber(source, subscriber: &str, now: Timestamp; now) -> Option<Subscription>;
        list_subscriptions(source, page: &PageRequest<SubscriptionId>, now: Timestamp; now)
            -> Page<Subscription, SubscriptionId>;
        update_subscription(source, id: SubscriptionId, change: SubscriptionChange, now: Timestamp; now) -> bool;
        unsubscribe(source, id: SubscriptionId; Timestamp::default()) -> ();
    } and {
        async fn subscribe(&self, subscription: Subscription, now: Timestamp) -> StorageResult<()> {
            self.shake(&subscription.source, now).await?;
            self.store.subscribe(subscription, now).await
        }
    }
    Claims {
        claim(from, request: &ClaimRequest, now: Timestamp; now) -> Claimed;
        get_claim(from, id: ClaimId, now: Timestamp; now) -> Option<Claim>;
        renew(from, id: ClaimId, terms: ClaimTerms, now: Timestamp; now) -> bool;
        release(from, id: ClaimId, now: Timestamp; now) -> ();
        pop(from, pop: &PopRequest, now: Timestamp; now) -> Vec<Message>;
        set_aside(from, policy: Option<DeadLetterPolicy>, now: Timestamp; now) -> Vec<MessageId>;
    } and {
        async fn with_ended_claims(&self, limit: usize, now: Timestamp) -> StorageResult<Vec<Destination>> {
            self.store.moves_are_over().await;
            self.store.with_ended_claims(limit, now).await
        }
    }
    Deliveries {
        record_confirmation(source, subscription: SubscriptionId, attempt: ConfirmationAttempt, now: Timestamp; now) -> ();
        pause(source, subscription: SubscriptionId, paused: Paused, until: Timestamp; Timestamp::default()) -> ();
        redeliver(source, subscription: SubscriptionId, which: Redelivery, now: Timestamp; now) -> u64;
        failed(source, subscription: SubscriptionId, page: &PageRequest<Marker>, now: Timestamp; now)
            -> Page<FailedDelivery, Marker>;
        attempts(source, subscription: SubscriptionId, filter: &AttemptFilter, page: &PageRequest<AttemptNumber>, now: Timestamp; now)
            -> Page<AttemptRecord, AttemptNumber>;
    } and {
        async fn due(&self, share: SubscriptionShare, limit: usize, now: Timestamp) -> StorageResult<Due> {
            // Whose turn it is begins anew in the store that a queue comes to.
            for queue in self.seen() {
                if self.subscribers(&queue, now).await? < 2 {
                    self.shake(&queue, now).await?;
                }
            }
            self.store.moves_are_over().await;
            self.store.due(share, limit, now).await
        }

        async fn lease(&self, request: &LeaseRequest, now: Timestamp) -> StorageResult<Leased> {
            for queue in self.seen() {
                if self.subscribers(&queue, now).await? < 2 {
                    self.shake(&queue, now).await?;
                }
            }
            self.store.moves_are_over().await;
            self.store.lease(request, now).await
        }

        async fn record(&self, lease: LeaseId, reports: &[DeliveryReport], now: Timestamp) -> StorageResult<()> {
            self.shake_all(now).await?;
            self.store.record(lease, reports, now).await
        }

        async fn wait_for_due(&self) -> StorageResult<()> {
            self.store.wait_for_due().await
        }
    }
}

#[async_trait::async_trait]
impl MessageStore for RestlessStore {
    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    fn subscriptions(&self) -> Option<&dyn Subscriptions> {
        Some(self)
    }

    fn deliveries(&self) -> Option<&dyn Deliveries> {
        Some(self)
    }

    async fn is_alive(&self) -> bool {
        self.store.is_alive().await
    }

    async fn health(&self, now: Timestamp) -> StorageResult<Health> {
        self.store.moves_are_over().await;
        self.store.health(now).await
    }

    async fn expire(&self, now: Timestamp) -> StorageResult<()> {
        self.store.expire(now).await
    }

    async fn close(&self) -> StorageResult<()> {
        self.store.close().await
    }
}
