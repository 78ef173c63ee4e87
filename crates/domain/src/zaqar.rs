//! The service as one value: its stores, limits, clock and source of ids. Its operations are in the folders of their
//! nouns.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use zaqar_model::{
    BatchId, Clock, Destination, DestinationKind, DestinationName, IdSource, Metadata, ProjectId, Queue,
    QueueName, SubscriptionId, Timestamp,
};
use zaqar_storage::{Created, ManagementStore, MessageStore, Placement, StorageError, StorageResult};

use crate::deliveries::EndpointHealth;
use crate::messages::BatchIds;
use crate::permissions::PolicyInForce;
use crate::queues::NewQueue;
use crate::repeat::repeat;
use crate::subscriptions::{
    ConfirmationLimiter, LiveSubscriptions, SubscriberCheck, SubscriptionIds, TrustMaker,
};
use crate::{Keyring, Limits, Pipelines};

/// Where everything is kept.
#[derive(Clone, Debug)]
pub struct Stores {
    pub management: Arc<dyn ManagementStore>,
    pub messages: Arc<dyn MessageStore>,
    /// Decides which pool a queue lives in. `None` where `[DEFAULT] pooling` is off.
    pub placement: Option<Arc<dyn Placement>>,
}

/// Zaqar. Shared by all transports.
#[derive(Debug)]
pub struct Zaqar {
    pub(crate) stores: Stores,
    pub(crate) limits: Limits,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) policy: PolicyInForce,
    pub(crate) live: LiveSubscriptions,
    pub(crate) pipelines: Pipelines,
    /// `None` where nobody can lend rights to this service.
    pub(crate) trusts: Option<Arc<dyn TrustMaker>>,
    /// `None` where nothing is delivered.
    pub(crate) subscribers: Option<Arc<dyn SubscriberCheck>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    /// Who was asked to confirm a subscription.
    pub(crate) asked: ConfirmationLimiter,
    pub(crate) batch_ids: BatchIds,
    /// Set by the engine, where this process has one.
    pub(crate) endpoint_health: OnceLock<Arc<dyn EndpointHealth>>,
    pub(crate) subscription_ids: SubscriptionIds,
}

impl Zaqar {
    /// With upstream's policy, until another one is set.
    pub fn new(stores: Stores, limits: Limits, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        Self {
            batch_ids: BatchIds::new(&*ids),
            stores,
            limits,
            keyring: Arc::default(),
            policy: PolicyInForce::default(),
            live: LiveSubscriptions::default(),
            pipelines: Pipelines::default(),
            trusts: None,
            subscribers: None,
            clock,
            ids,
            asked: ConfirmationLimiter::default(),
            endpoint_health: OnceLock::new(),
            subscription_ids: SubscriptionIds::default(),
        }
    }

    /// The keys that messages are encrypted with. Without them, no queue can ask for encryption.
    pub fn with_keyring(self, keyring: Arc<Keyring>) -> Self {
        Self { keyring, ..self }
    }

    /// The stages that operations pass. Without them there are none.
    pub fn with_pipelines(self, pipelines: Pipelines) -> Self {
        Self { pipelines, ..self }
    }

    /// Who makes trusts for subscribers that want a token.
    pub fn with_trusts(self, maker: Arc<dyn TrustMaker>) -> Self {
        Self { trusts: Some(maker), ..self }
    }

    /// Who knows how the endpoints of subscribers are. The first to be set stays.
    pub fn watch_endpoints(&self, health: Arc<dyn EndpointHealth>) {
        let _ = self.endpoint_health.set(health);
    }

    /// Who knows what can be delivered. Without it nobody is asked.
    pub fn with_subscriber_check(self, check: Arc<dyn SubscriberCheck>) -> Self {
        Self { subscribers: Some(check), ..self }
    }

    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    pub fn ids(&self) -> &dyn IdSource {
        &*self.ids
    }

    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The time that everything here goes by.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// An id for a new subscription, behind those of all that were made before.
    pub(crate) fn next_subscription_id(&self) -> SubscriptionId {
        self.subscription_ids.next(&*self.ids, self.now())
    }

    /// An id for messages that are about to be posted.
    pub(crate) fn next_batch(&self) -> BatchId {
        self.batch_ids.next()
    }

    pub(crate) async fn find(
        &self,
        project: &ProjectId,
        name: &DestinationName,
    ) -> StorageResult<Option<Arc<Queue>>> {
        self.stores.find(project, name).await
    }

    pub(crate) async fn find_queue(
        &self,
        project: &ProjectId,
        name: &QueueName,
    ) -> StorageResult<Option<Arc<Queue>>> {
        self.stores.management.find(DestinationKind::Queue, project, name).await
    }
}

impl Stores {
    pub(crate) async fn find(
        &self,
        project: &ProjectId,
        name: &DestinationName,
    ) -> StorageResult<Option<Arc<Queue>>> {
        self.management.find(name.kind, project, &name.name).await
    }

    /// The queue or topic of this name, made now as `new` if there is none: one may post to a queue
    /// that nobody created.
    pub(crate) async fn find_or_create(
        &self,
        project: &ProjectId,
        name: &DestinationName,
        new: NewQueue,
        now: Timestamp,
    ) -> StorageResult<Arc<Queue>> {
        match self.find(project, name).await? {
            Some(queue) => Ok(queue),
            None => {
                let created = self.create(project, name, new.metadata).await?;
                if let Created::New(queue) = &created {
                    self.place_new(queue, new.flavor.as_ref(), now).await?;
                }
                Ok(created.into_queue())
            }
        }
    }

    /// Makes a queue or topic, unless there is one of this name.
    pub(crate) async fn create(
        &self,
        project: &ProjectId,
        name: &DestinationName,
        metadata: Metadata,
    ) -> StorageResult<Created> {
        let created = repeat(async |is_repeated| {
            let created = self.management.create(name.kind, project, &name.name, metadata.clone()).await?;
            Ok(match created {
                // What is there then is taken for this one, if it looks like it.
                Created::Existing(queue) if is_repeated && queue.metadata == metadata => Created::New(queue),
                created => created,
            })
        });
        created.await
    }

    /// Replaces the metadata of a queue that still is what was seen.
    pub(crate) async fn set_metadata(&self, seen: &Queue, metadata: Metadata) -> StorageResult<Arc<Queue>> {
        let store = &self.management;
        let changed = repeat(async |is_repeated| {
            let changed = store.set_metadata(seen, metadata.clone()).await;
            if !is_repeated || !matches!(changed, Err(StorageError::Conflict(_))) {
                return changed;
            }
            // The first attempt has made the change, if the queue looks like it.
            let Destination { kind, project, name, number } = &seen.destination;
            let there = store.find(*kind, project, name).await?;
            let is_ours = |queue: &Arc<Queue>| {
                let is_next = queue.revision == seen.revision + 1 && queue.metadata == metadata;
                is_next && queue.destination.number == *number
            };
            there.filter(is_ours).map_or(changed, Ok)
        });
        changed.await
    }

    /// Deletes a queue or topic with everything in it; with the last one of a project, its confirmations too.
    pub(crate) async fn delete(
        &self,
        project: &ProjectId,
        name: &DestinationName,
        now: Timestamp,
    ) -> StorageResult<()> {
        if !self.drop(project, name, now).await? {
            return Ok(());
        }
        for kind in [DestinationKind::Queue, DestinationKind::Topic] {
            if self.management.count(kind, project).await? > 0 {
                return Ok(());
            }
        }
        self.drop(project, &DestinationName::confirmations(), now).await.map(|_| ())
    }

    /// Answers whether there was one.
    async fn drop(&self, project: &ProjectId, name: &DestinationName, now: Timestamp) -> StorageResult<bool> {
        let Some(there) = self.find(project, name).await? else { return Ok(false) };
        let deleted = repeat(|_| self.management.delete(name.kind, project, &name.name)).await?;
        // From here on nobody finds the queue: what is left of it, should this fail, can be seen by no one.
        let queue = &deleted.unwrap_or(there).destination;
        repeat(|_| self.messages.drop_destination(queue, now)).await?;
        Ok(true)
    }
}

/// Does work of several steps to its end, also when the caller goes away in the middle: a transport drops what it does
/// for a client that breaks the connection off.
pub(crate) async fn run_detached<T: Send + 'static>(
    work: impl Future<Output = StorageResult<T>> + Send + 'static,
) -> StorageResult<T> {
    tokio::spawn(work).await.unwrap_or_else(|error| Err(StorageError::driver(error)))
}
