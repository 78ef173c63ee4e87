//! Calls of the contract, made short for the tests of drivers.

use zaqar_model::{
    ClientId, Delivery, Destination, Flavor, LeaseId, Message, MessageId, NewMessage, Pool, Timestamp,
};
use zaqar_storage::{
    Claims, Deliveries, Due, LeaseRequest, ManagementStore, Messages, PoolRegistry, Post, StorageResult,
    SubscriptionShare,
};

use crate::samples::{fresh_batch_id, fresh_lease_id, pop_of};

/// Posts in a batch of its own.
pub trait PostMessages: Messages {
    fn post_messages(
        &self,
        to: &Destination,
        client: &ClientId,
        messages: Vec<NewMessage>,
        now: Timestamp,
    ) -> impl Future<Output = StorageResult<Vec<MessageId>>> + Send {
        async move {
            let post = Post { batch: fresh_batch_id(), client, messages: &messages };
            self.post(to, &post, now).await
        }
    }
}

impl<T: Messages + ?Sized> PostMessages for T {}

/// Pops under a fresh id.
pub trait PopMessages: Claims {
    fn pop_messages(
        &self,
        from: &Destination,
        limit: usize,
        now: Timestamp,
    ) -> impl Future<Output = StorageResult<Vec<Message>>> + Send {
        async move { self.pop(from, &pop_of(limit), now).await }
    }
}

impl<T: Claims + ?Sized> PopMessages for T {}

/// Leases what is due, as an engine does it.
pub trait LeaseDue: Deliveries {
    /// A lease of what is due now: up to `total` deliveries for a minute, shared out evenly among the subscriptions.
    fn lease_request(
        &self,
        total: usize,
        share: SubscriptionShare,
        now: Timestamp,
    ) -> impl Future<Output = StorageResult<LeaseRequest>> + Send {
        async move {
            let due = match self.due(share, total, now).await? {
                Due::Now(due) => due,
                Due::At(_) | Due::Nothing => Vec::new(),
            };
            let count = due.len();
            let limit = |place| total / count + usize::from(place < total % count);
            let subscriptions = due.into_iter().enumerate().map(|(place, key)| (key, limit(place))).collect();
            let (id, until) = (fresh_lease_id(), now.plus_secs(60));
            Ok(LeaseRequest { id, until, share, subscriptions, is_repeated: false })
        }
    }

    /// Leases up to `total` deliveries for a minute.
    fn lease_due(
        &self,
        total: usize,
        now: Timestamp,
    ) -> impl Future<Output = StorageResult<(LeaseId, Vec<Delivery>)>> + Send {
        async move {
            let request = self.lease_request(total, SubscriptionShare::each(total), now).await?;
            Ok((request.id, self.lease(&request, now).await?.deliveries))
        }
    }
}

impl<T: Deliveries + ?Sized> LeaseDue for T {}

/// Pools registered, as a test needs them: whatever was there before is replaced.
pub trait RegisterPools {
    /// The store's pools. It fails the test that it has none.
    fn registry(&self) -> &dyn PoolRegistry;

    fn register_pool(&self, pool: Pool) -> impl Future<Output = ()> + Send
    where
        Self: Sync,
    {
        async move {
            let seen = self.registry().get_pool(&pool.name).await.unwrap();
            self.registry().put_pool(&pool, seen.as_ref()).await.unwrap();
        }
    }

    fn register_flavor(&self, flavor: Flavor) -> impl Future<Output = ()> + Send
    where
        Self: Sync,
    {
        async move {
            let seen = self.registry().get_flavor(&flavor.name).await.unwrap();
            self.registry().put_flavor(&flavor, seen.as_ref()).await.unwrap();
        }
    }
}

impl<T: ManagementStore + ?Sized> RegisterPools for T {
    fn registry(&self) -> &dyn PoolRegistry {
        self.pools().expect("the store has pools")
    }
}
