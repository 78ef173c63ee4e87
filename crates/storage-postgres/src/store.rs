//! The store itself: opened, asked how it is, closed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use zaqar_model::{ClaimId, Destination, StoreId, Timestamp};
use zaqar_storage::{
    Capabilities, Deliveries, Health, MessageStore, Migration, StorageError, StorageResult, Subscriptions,
};

use crate::claiming::Claiming;
use crate::columns::{kind_column, number_of};
use crate::connection::{Failed, Lane, Session, values};
use crate::database::Database;
use crate::deleting::Deleting;
use crate::hints::{self, Hints};
use crate::posting::Posting;
use crate::{Options, arrivals, listing};

/// Messages, claims, subscriptions and deliveries in a PostgreSQL database.
pub struct PostgresMessageStore {
    lanes: RwLock<Option<Arc<Lanes>>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    closing: watch::Sender<bool>,
    pub(crate) hints: Arc<Hints>,
    pub(crate) memory: Arc<Memory>,
    database: tokio::sync::Mutex<Option<Arc<Database>>>,
}

/// Where work is handed in.
pub(crate) struct Lanes {
    /// For everything else. Dropped before the others, whose tasks the store waits for.
    pub(crate) database: Arc<Database>,
    pub(crate) posts: Lane<Posting>,
    pub(crate) claims: Lane<Claiming>,
    pub(crate) deletes: Lane<Deleting>,
}

/// What housekeeping and counting remember: nothing that could not be lost.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Queues that were claimed from since their heads were moved.
    pub(crate) claimed_from: Mutex<HashSet<i64>>,
    /// Queues of which purged messages may be left.
    pub(crate) purged: Mutex<HashSet<i64>>,
    /// Where the next look at retained messages begins.
    pub(crate) retained_from: Mutex<(i64, i64)>,
    /// The counts of deep queues: claimed and free.
    pub(crate) counts: Mutex<HashMap<i64, (Instant, u64, u64)>>,
    /// Claims that are just being made.
    turns: Mutex<HashMap<ClaimId, Arc<tokio::sync::Mutex<()>>>>,
}

impl Memory {
    /// Whoever makes a claim with this id holds it meanwhile.
    pub(crate) fn turn_of(&self, id: ClaimId) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(self.turns.lock().entry(id).or_default())
    }

    pub(crate) fn forget_turn(&self, id: ClaimId) {
        let mut turns = self.turns.lock();
        // One more has it who waits, and whoever asks for it.
        if turns.get(&id).is_some_and(|turn| Arc::strong_count(turn) <= 2) {
            turns.remove(&id);
        }
    }
}

impl PostgresMessageStore {
    pub(crate) const CAPABILITIES: Capabilities = Capabilities {
        fifo: true,
        claims: true,
        durability: true,
        at_least_once: true,
        high_throughput: true,
        shared: true,
    };

    /// Opens the store alone on its database. The schema must have the version that this program needs: see
    /// [`schema::upgrade`](crate::schema::upgrade).
    pub async fn open(options: &Options) -> StorageResult<Self> {
        Ok(Self::on(Database::open(options).await?))
    }

    /// Opens the store on a database.
    pub fn on(database: Arc<Database>) -> Self {
        let (closing, closes) = watch::channel(false);
        let (hints, outgoing) = Hints::new();
        let channel = database.tables.name().to_owned();
        let (connector, options) = (Arc::clone(&database.connector), &database.options);
        let (patience, claimers) = (options.request_timeout, options.claim_connections);
        let mut tasks = Vec::new();
        let lanes = Arc::new(Lanes {
            database: Arc::clone(&database),
            posts: Lane::open(&connector, options.post_connections, patience, &mut tasks),
            claims: Lane::open(&connector, claimers, patience, &mut tasks),
            deletes: Lane::open(&connector, claimers, patience, &mut tasks),
        });
        let announcing = hints::announce(Arc::clone(&connector), channel.clone(), outgoing, closes.clone());
        tasks.push(tokio::spawn(announcing));
        tasks.push(tokio::spawn(hints::listen(connector, channel, Arc::clone(&hints), closes.clone())));
        let looking = arrivals::look_after(Arc::downgrade(&lanes), Arc::clone(&hints), closes);
        tasks.push(tokio::spawn(looking));
        let (lanes, tasks) = (RwLock::new(Some(lanes)), Mutex::new(tasks));
        let database = tokio::sync::Mutex::new(Some(database));
        Self { lanes, tasks, closing, hints, memory: Arc::default(), database }
    }

    pub(crate) fn lanes(&self) -> StorageResult<Arc<Lanes>> {
        self.lanes.read().clone().ok_or_else(|| StorageError::unavailable("the store is closed"))
    }

    /// Looks at something, on a connection that is kept for that.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        call: impl for<'a> Fn(&'a Session) -> BoxFuture<'a, Result<T, Failed>> + Send + Sync + 'static,
    ) -> StorageResult<T> {
        self.lanes()?.database.read(call).await
    }

    /// Changes something. It may be called again if nothing was done the first time.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        call: impl for<'a> Fn(&'a Session) -> BoxFuture<'a, Result<T, Failed>> + Send + Sync + 'static,
    ) -> StorageResult<T> {
        self.lanes()?.database.write(call).await
    }

    /// The same of a call that passes over queues that live elsewhere. One that was sealed while the call went on fails it:
    /// then it is made again.
    pub(crate) async fn write_passing_over<T: Send + 'static>(
        &self,
        call: impl for<'a> Fn(&'a Session) -> BoxFuture<'a, Result<T, Failed>> + Clone + Send + Sync + 'static,
    ) -> StorageResult<T> {
        loop {
            match self.write(call.clone()).await {
                Err(StorageError::Moved) => {}
                outcome => return outcome,
            }
        }
    }

    /// Resolves when the store is closed.
    pub(crate) async fn closed(&self) {
        let mut closes = self.closing.subscribe();
        // An error would say that the store is gone.
        let _ = closes.wait_for(|closed| *closed).await;
    }
}

/// Makes the rows of destinations that the store has not heard of.
pub(crate) async fn know_queues(session: &Session, queues: &[&Destination]) -> Result<(), Failed> {
    let mut queues: Vec<_> = queues.iter().map(|queue| (number_of(queue), *queue)).collect();
    queues.sort_by_key(|(number, _)| *number);
    queues.dedup_by_key(|(number, _)| *number);
    let numbers: Vec<i64> = queues.iter().map(|(number, _)| *number).collect();
    let kinds: Vec<i16> = queues.iter().map(|(_, queue)| kind_column(queue.kind)).collect();
    let projects: Vec<&str> = queues.iter().map(|(_, queue)| queue.project.as_str()).collect();
    let names: Vec<&str> = queues.iter().map(|(_, queue)| queue.name.as_str()).collect();
    let known = "INSERT INTO zaqar.queues (number, kind, project, name)
        SELECT * FROM unnest($1::int8[], $2::int2[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING";
    let values =
        values![numbers => INT8_ARRAY, kinds => INT2_ARRAY, projects => TEXT_ARRAY, names => TEXT_ARRAY];
    session.execute(known, values).await.map(drop)
}

impl std::fmt::Debug for PostgresMessageStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresMessageStore")
            .field("is_open", &self.lanes.read().is_some())
            .finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl MessageStore for PostgresMessageStore {
    fn capabilities(&self) -> Capabilities {
        Self::CAPABILITIES
    }

    fn identity(&self) -> Option<StoreId> {
        self.lanes().ok().map(|lanes| lanes.database.identity)
    }

    fn subscriptions(&self) -> Option<&dyn Subscriptions> {
        Some(self)
    }

    fn deliveries(&self) -> Option<&dyn Deliveries> {
        Some(self)
    }

    fn migration(&self) -> Option<&dyn Migration> {
        Some(self)
    }

    async fn is_alive(&self) -> bool {
        match self.lanes() {
            Ok(lanes) => lanes.database.is_alive().await,
            Err(_) => false,
        }
    }

    async fn health(&self, now: Timestamp) -> StorageResult<Health> {
        let reachable = self.is_alive().await;
        let volume = if reachable {
            Some(self.read(move |session| Box::pin(listing::volume(session, now))).await?)
        } else {
            None
        };
        Ok(Health { reachable, volume })
    }

    async fn expire(&self, now: Timestamp) -> StorageResult<()> {
        self.reclaim_space(now).await
    }

    async fn close(&self) -> StorageResult<()> {
        self.closing.send_replace(true);
        drop(self.lanes.write().take());
        let tasks = std::mem::take(&mut *self.tasks.lock());
        for task in tasks {
            // One that has failed is at its end, too.
            let _ = task.await;
        }
        if let Some(database) = self.database.lock().await.take() {
            Database::release(database).await;
        }
        Ok(())
    }
}
