//! How the service fares: the ping that everybody may ask for, and the report for administrators.

use std::future::Future;
use std::sync::Arc;

use zaqar_model::{
    BatchId, Caller, ClaimId, ClaimTerms, ClientId, Clock, DelaySeconds, DestinationName, GraceSeconds,
    IdSource, JsonText, NewMessage, PoolName, ProjectId, Queue, QueueName, TtlSeconds,
};
use zaqar_storage::{ClaimRequest, Guard, Health, ListStart, MessageQuery, Post, StorageResult};

use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::queues::NewQueue;
use crate::zaqar::run_detached;
use crate::{Failure, Result, Stores, Zaqar};

/// The report on health.
#[derive(Clone, Debug, PartialEq)]
pub struct HealthReport {
    pub storage: Health,
    /// How each pool fares, where there are pools.
    pub pools: Option<Vec<(PoolName, Health)>>,
    /// How each operation of the self-test went, in order. Empty if none was asked for.
    pub operations: Operations,
}

type Operations = Vec<(&'static str, OperationStatus)>;

/// Which stores can be reached and take changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readiness {
    pub management: bool,
    pub messages: bool,
}

impl Readiness {
    /// Whether the service can serve.
    pub const fn is_complete(self) -> bool {
        self.management && self.messages
    }
}

/// How one operation of the self-test went.
#[derive(Clone, Debug, PartialEq)]
pub struct OperationStatus {
    pub succeeded: bool,
    pub seconds: f64,
    /// Under this id a failure stands in the log.
    pub reference: Option<String>,
}

const TEST_MESSAGES: usize = 100;

impl Zaqar {
    /// Whether the service can serve.
    pub async fn ping(&self, caller: &Caller) -> Result<bool> {
        self.permit(caller, Rule::PingGet)?;
        Ok(self.readiness().await.is_complete())
    }

    /// As [`Self::ping`], for those who look after the service and not for callers: it touches nobody's data, so
    /// nobody's permission is asked for.
    pub async fn readiness(&self) -> Readiness {
        let (management, messages) =
            tokio::join!(self.stores.management.is_alive(), self.stores.messages.is_alive());
        Readiness { management, messages }
    }

    /// Cheap, unless a self-test is asked for: that makes a queue, posts to it, claims, lists, deletes, and leaves
    /// nothing behind.
    pub async fn health(&self, caller: &Caller, self_test: bool) -> Result<HealthReport> {
        self.permit(caller, Rule::HealthGet)?;
        let mut storage = self.stores.messages.health(self.now()).await.or_unavailable(Failure::Health)?;
        storage.reachable = storage.reachable && self.stores.management.is_alive().await;
        let pools = match &self.stores.placement {
            Some(placement) => {
                Some(placement.health_of_pools(self.now()).await.or_unavailable(Failure::Health)?)
            }
            None => None,
        };
        let operations = if self_test { self.self_test().await? } else { Vec::new() };
        Ok(HealthReport { storage, pools, operations })
    }

    async fn self_test(&self) -> Result<Operations> {
        let test = SelfTest {
            stores: self.stores.clone(),
            clock: Arc::clone(&self.clock),
            ids: Arc::clone(&self.ids),
            operations: Vec::new(),
        };
        run_detached(async move { Ok(test.run().await) }).await.or_unavailable(Failure::Health)
    }
}

struct SelfTest {
    stores: Stores,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    operations: Operations,
}

impl SelfTest {
    async fn run(mut self) -> Operations {
        let name = format!("self-test-{:032x}", self.ids.next_u128());
        let (Ok(project), Ok(queue)) =
            (ProjectId::new(&name), QueueName::new(&name).map(DestinationName::queue))
        else {
            return self.operations;
        };
        let stores = self.stores.clone();
        let creating = stores.find_or_create(&project, &queue, NewQueue::default(), self.clock.now());
        if let Some(queue) = self.step("create_queue", creating).await {
            self.use_queue(&queue, &ClientId::new(&name)).await;
        }
        // Also if making it failed half-way.
        self.step("delete_queue", stores.delete(&project, &queue, self.clock.now())).await;
        self.operations
    }

    async fn use_queue(&mut self, queue: &Queue, client: &ClientId) {
        let (store, destination) = (Arc::clone(&self.stores.messages), &queue.destination);
        let now = self.clock.now();
        let drafts: Vec<_> = (0..TEST_MESSAGES).map(test_message).collect();
        let batch = BatchId::from_u128(self.ids.next_u128());
        let post = Post { batch, client, messages: &drafts };
        let Some(ids) = self.step("post_messages", store.post(destination, &post, now)).await else {
            return;
        };
        let id = ClaimId::from_u128(self.ids.next_u128());
        let terms = ClaimTerms { ttl: TtlSeconds::new(60), grace: GraceSeconds::new(300) };
        let request =
            ClaimRequest { id, terms, limit: 10, dead_letters: None, outlives: true, is_repeated: false };
        let claimed = self.step("claim_messages", store.claim(destination, &request, now)).await;
        let query = MessageQuery {
            start: ListStart::Start,
            limit: 10,
            max_bytes: usize::MAX,
            without_client: None,
            include_claimed: true,
            include_delayed: false,
        };
        self.step("list_messages", store.list(destination, &query, now)).await;
        if let Some(claimed) = claimed {
            let deleting = async {
                for message in &claimed.messages {
                    store.delete(destination, &[message.id], Guard::HeldBy(&[id]), now).await?;
                }
                Ok(())
            };
            self.step("delete_messages", deleting).await;
            self.step("delete_claim", store.release(destination, id, now)).await;
        }
        self.step("bulk_delete_messages", store.delete(destination, &ids, Guard::Any, now)).await;
    }

    async fn step<T>(
        &mut self,
        operation: &'static str,
        call: impl Future<Output = StorageResult<T>>,
    ) -> Option<T> {
        let start = tokio::time::Instant::now();
        let outcome = call.await;
        let seconds = start.elapsed().as_secs_f64();
        let reference = outcome.as_ref().err().map(|error| {
            let reference = zaqar_model::MessageId::from_u128(self.ids.next_u128()).to_string();
            tracing::warn!(%error, operation, reference, "the self-test failed");
            reference
        });
        let status = OperationStatus { succeeded: outcome.is_ok(), seconds, reference };
        self.operations.push((operation, status));
        outcome.ok()
    }
}

fn test_message(number: usize) -> NewMessage {
    NewMessage {
        ttl: TtlSeconds::new(600),
        delay: DelaySeconds::new(0),
        body: JsonText::from_checked(format!("{{\"event\": \"p_{number}\"}}").into()).into(),
        checksum: None,
    }
}
