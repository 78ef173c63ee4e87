//! Placement: in which pool a queue is to live.

use zaqar_model::{Destination, FlavorName, Pool, PoolName, QueueMove, Timestamp};
use zaqar_storage::{Capabilities, Health, MessageStore, OpenFault, Placement, StorageError, StorageResult};

use crate::PooledMessageStore;
use crate::assignment::Assignment;
use crate::choice::choose;
use crate::pooled::Pooled;

/// How often a move is planned while other servers change it.
const PLANS: usize = 10;

#[async_trait::async_trait]
impl Placement for PooledMessageStore {
    fn capabilities_of(&self, uri: &str) -> Option<Capabilities> {
        self.pooled.pools.capabilities_of(uri)
    }

    async fn try_pool(&self, pool: &Pool) -> Result<Capabilities, OpenFault> {
        let pools = &self.pooled.pools;
        // The others tell who they are. One that cannot be opened now is passed over.
        drop(self.pooled.all_stores().await);
        let _in_turn = pools.turn.lock().await;
        // A second opening would find the store in use: by this pool, or by another that has its URI.
        let (store, is_ours) = match pools.open_at(&pool.uri).await {
            Some(store) => (store?, false),
            None => (pools.try_open(pool).await?, true),
        };
        // As the others of a flavor are compared: by what is known without asking each of their servers.
        let capabilities = pools.capabilities_of(&pool.uri).unwrap_or_else(|| store.capabilities());
        let is_alive = store.is_alive().await;
        let is_taken = self.pooled.is_taken_by_another(&*store, &pool.name);
        if is_ours && let Err(error) = store.close().await {
            return Err(OpenFault::Unreachable(format!(
                "the store could not be closed after a trial: {error}"
            )));
        }
        if !is_alive {
            return Err(OpenFault::Unreachable("the store does not answer".to_owned()));
        }
        if is_taken {
            return Err(OpenFault::InUse("the queues of another pool are in this store".to_owned()));
        }
        if self.pooled.management.is_shared() && !capabilities.shared {
            return Err(OpenFault::BadUri(
                "a store like this one belongs to one server, and other servers share the registered pools: \
                 each would open another store, or none"
                    .to_owned(),
            ));
        }
        Ok(capabilities)
    }

    async fn forget_pool(&self, name: &PoolName) {
        let _in_turn = self.pooled.pools.turn.lock().await;
        match self.registered(name).await {
            Ok(registered) => self.pooled.pools.forget(name, registered.as_ref()).await,
            Err(error) => tracing::warn!(%error, pool = %name, "a pool is used as it was until a restart"),
        }
    }

    async fn vacate(&self, pool: &Pool) -> StorageResult<()> {
        self.vacate_pool(pool).await
    }

    async fn health_of_pools(&self, now: Timestamp) -> StorageResult<Vec<(PoolName, Health)>> {
        let mut all = Vec::new();
        for pool in self.pooled.registry()?.all_pools().await? {
            let health = match self.pooled.open(&pool).await {
                Ok(store) => store.health(now).await,
                Err(error) => Err(error),
            };
            all.push((pool.name, health.unwrap_or_default()));
        }
        Ok(all)
    }

    async fn place(&self, queue: &Destination, flavor: Option<&FlavorName>) -> StorageResult<()> {
        if self.pooled.plan(queue, flavor).await? {
            self.migrators.start(&self.pooled, queue.clone());
        }
        Ok(())
    }
}

impl PooledMessageStore {
    async fn registered(&self, name: &PoolName) -> StorageResult<Option<Pool>> {
        self.pooled.registry()?.get_pool(name).await
    }
}

impl Pooled {
    /// Whether this is the store of another pool than this one, whatever their URIs are.
    fn is_taken_by_another(&self, store: &dyn MessageStore, name: &PoolName) -> bool {
        let identity = store.identity();
        let is_same = |other: &dyn MessageStore| identity.is_some() && other.identity() == identity;
        self.virtual_pool.as_ref().is_some_and(|own| is_same(&**own)) || self.pools.any_other(name, is_same)
    }

    /// Decides where a queue is to live. `true`: a move was noted.
    async fn plan(&self, queue: &Destination, flavor: Option<&FlavorName>) -> StorageResult<bool> {
        let _planning = self.planning.lock().await;
        for _ in 1..PLANS {
            match self.try_to_plan(queue, flavor).await {
                // Another server has noted another move meanwhile.
                Err(StorageError::Conflict(_)) => {}
                outcome => return outcome,
            }
        }
        self.try_to_plan(queue, flavor).await
    }

    async fn try_to_plan(&self, queue: &Destination, flavor: Option<&FlavorName>) -> StorageResult<bool> {
        let Destination { kind, project, name, number } = queue;
        let found = self.management.find(*kind, project, name).await?;
        if found.is_none_or(|found| found.destination != *queue) {
            // It was deleted meanwhile: it is not assigned again.
            return Ok(false);
        }
        let noted = self.registry()?.get_move(*number).await?;
        let assignment = self.assignment_now(*number).await?;
        let wish = noted.as_ref().map(Assignment::after).or_else(|| assignment.clone());
        if self.belongs(wish.as_ref(), flavor).await? {
            return Ok(false);
        }
        let chosen = self.choose_pool(queue, flavor).await?;
        let to = chosen.as_ref().map_or(Assignment::Virtual, |pool| Assignment::Pool(pool.name.clone()));
        let assignment = match (assignment, &chosen) {
            (Some(assignment), _) => assignment,
            // A message that comes at this moment may have assigned it elsewhere.
            (None, Some(pool)) => Assignment::Pool(self.assign_new(queue, pool).await?),
            (None, None) => Assignment::Virtual,
        };
        if wish.unwrap_or_else(|| assignment.clone()) == to {
            return Ok(false);
        }
        let mut pools = noted.as_ref().map(|noted| noted.pools.clone()).unwrap_or_default();
        pools.extend([&assignment, &to].into_iter().filter_map(Assignment::pool).cloned());
        pools.sort_unstable();
        pools.dedup();
        // The next attempt is behind the last one, whatever it leads to.
        let attempt = noted.as_ref().and_then(|noted| noted.attempt);
        let to = to.pool().cloned();
        let next = QueueMove { queue: queue.clone(), to, pools, attempt };
        self.registry()?.put_move(&next, noted.as_ref()).await?;
        Ok(true)
    }

    /// Whether a queue that lives here need not move for this flavor.
    async fn belongs(
        &self,
        assignment: Option<&Assignment>,
        flavor: Option<&FlavorName>,
    ) -> StorageResult<bool> {
        let Some(pool) = assignment.and_then(Assignment::pool) else { return Ok(false) };
        let pool = self.registry()?.get_pool(pool).await?;
        Ok(pool.is_some_and(|pool| pool.flavor.as_ref() == flavor))
    }

    /// `None`: the virtual one.
    async fn choose_pool(
        &self,
        queue: &Destination,
        flavor: Option<&FlavorName>,
    ) -> StorageResult<Option<Pool>> {
        let pools = self.registry()?.all_pools_of_flavor(flavor).await?;
        match choose(queue.number, &pools) {
            Some(pool) => Ok(Some(pool.clone())),
            None if flavor.is_none() && self.virtual_pool.is_some() => Ok(None),
            None => Err(StorageError::NotFound("pool")),
        }
    }
}
