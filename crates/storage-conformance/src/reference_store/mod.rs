//! The contract as plainly as it can be written: lists that are walked from end to end, behind one mutex.
//!
//! It is the oracle of the property tests and a stand-in for a real store in the tests of other crates. Nothing in it
//! is fast, and nothing in it outlives the process. Each file implements the trait of the same file in
//! `zaqar-storage`.

mod arrivals;
mod catalogue;
mod claims;
mod contents;
mod dead_letters;
mod deliveries;
mod destinations;
mod flavors;
mod messages;
mod migration;
mod owed;
mod pools;
mod subscriptions;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{MappedMutexGuard, Mutex, MutexGuard};
use tokio::sync::Notify;
use zaqar_model::{
    Destination, DestinationKind, DestinationNumber, Flavor, FlavorName, Marker, Pool, PoolName, ProjectId,
    Queue, QueueMove, QueueName, ServerId, StoreId, Timestamp,
};
use zaqar_storage::{
    Capabilities, Deliveries, Health, ManagementStore, MessageStore, Migration, PoolRegistry, StorageError,
    StorageResult, SubscriptionKey, Subscriptions, Volume,
};

use contents::Contents;
use migration::Transit;

/// A management store and a message store in memory.
#[derive(Debug, Default)]
pub struct ReferenceStore {
    state: Arc<Mutex<State>>,
    /// Those who wait look again whenever there may be something.
    changed: Arc<Notify>,
    closed: AtomicBool,
    /// Something may be owed that was not.
    owed: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    queues: BTreeMap<(DestinationKind, ProjectId, QueueName), Arc<Queue>>,
    numbers_ever_allotted: BTreeSet<DestinationNumber>,
    pools: BTreeMap<PoolName, Pool>,
    flavors: BTreeMap<FlavorName, Flavor>,
    catalogue: BTreeMap<DestinationNumber, PoolName>,
    /// The last positions in queues that have left their pools.
    left: BTreeMap<DestinationNumber, Marker>,
    moves: BTreeMap<DestinationNumber, QueueMove>,
    /// Who has taken a move, and until when.
    move_owners: BTreeMap<DestinationNumber, (ServerId, Timestamp)>,
    contents: BTreeMap<Destination, Contents>,
    dropped: BTreeSet<Destination>,
    /// What is known of the moves of queues.
    transits: BTreeMap<Destination, Transit>,
    /// When it was last the turn of each subscription to be leased from.
    turns: BTreeMap<SubscriptionKey, u64>,
    last_turn: u64,
}

impl ReferenceStore {
    pub fn new() -> Self {
        Self::default()
    }

    /// Another handle on the same data, open also when this one is closed: what a restart is to a store on disk.
    pub fn reopen(&self) -> Self {
        let (state, changed, owed) =
            (Arc::clone(&self.state), Arc::clone(&self.changed), Arc::clone(&self.owed));
        Self { state, changed, owed, closed: AtomicBool::new(false) }
    }

    fn state(&self) -> StorageResult<MutexGuard<'_, State>> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(StorageError::unavailable("the store is closed"));
        }
        Ok(self.state.lock())
    }

    /// What is in a destination; nothing yet, if this is the first that is heard of it.
    fn contents(&self, of: &Destination) -> StorageResult<MappedMutexGuard<'_, Contents>> {
        let state = self.state()?;
        if state.is_elsewhere(of) {
            return Err(StorageError::Moved);
        }
        Ok(MutexGuard::map(state, |state| state.contents.entry(of.clone()).or_default()))
    }

    /// As [`Self::contents`], for what may not be put into a destination that was dropped.
    fn live_contents(&self, of: &Destination) -> StorageResult<MappedMutexGuard<'_, Contents>> {
        let state = self.state()?;
        if state.dropped.contains(of) && !state.is_elsewhere(of) {
            return Err(StorageError::NotFound("destination"));
        }
        drop(state);
        self.contents(of)
    }

    /// One that is closed already: it keeps the place of a store that is being opened.
    pub(crate) fn closed() -> Self {
        Self { closed: AtomicBool::new(true), ..Self::default() }
    }

    /// The moments behind `now` at which something in this destination begins or ends by itself.
    pub(crate) fn moments(&self, of: &Destination, now: Timestamp) -> Vec<Timestamp> {
        let contents = self.contents(of).unwrap();
        let mut moments: Vec<Timestamp> = contents
            .entries
            .iter()
            .flat_map(|entry| [entry.stored.delayed_until, entry.stored.expires])
            .chain(contents.claims.values().map(|claim| claim.ttl.after(claim.renewed)))
            .chain(contents.dead_letters.iter().map(|entry| entry.stored.expires))
            .filter(|moment| *moment > now)
            .collect();
        moments.sort_unstable();
        moments.dedup();
        moments
    }

    fn is_open(&self) -> bool {
        !self.closed.load(Ordering::SeqCst)
    }

    fn shut(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.owed.notify_waiters();
        self.changed.notify_waiters();
    }
}

#[async_trait::async_trait]
impl ManagementStore for ReferenceStore {
    fn is_shared(&self) -> bool {
        true
    }

    fn pools(&self) -> Option<&dyn PoolRegistry> {
        Some(self)
    }

    async fn is_alive(&self) -> bool {
        self.is_open()
    }

    async fn close(&self) -> StorageResult<()> {
        self.shut();
        Ok(())
    }
}

#[async_trait::async_trait]
impl MessageStore for ReferenceStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            fifo: true,
            claims: true,
            durability: false,
            at_least_once: true,
            high_throughput: false,
            shared: true,
        }
    }

    fn identity(&self) -> Option<StoreId> {
        let address = Arc::as_ptr(&self.state).addr();
        Some(StoreId::from_u128(u128::try_from(address).unwrap_or_default()))
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
        self.is_open()
    }

    async fn health(&self, now: Timestamp) -> StorageResult<Health> {
        let state = self.state()?;
        let mut volume = Volume::default();
        for contents in state.contents.values() {
            let stats = contents.stats(now);
            volume.claimed += stats.claimed;
            volume.free += stats.free;
        }
        Ok(Health { reachable: true, volume: Some(volume) })
    }

    async fn expire(&self, now: Timestamp) -> StorageResult<()> {
        let mut state = self.state()?;
        let mut all = std::mem::take(&mut state.contents);
        for (_, contents) in all.iter_mut().filter(|(destination, _)| !state.is_elsewhere(destination)) {
            contents.expire(now);
        }
        all.retain(|_, contents| *contents != Contents::default());
        state.contents = all;
        Ok(())
    }

    async fn close(&self) -> StorageResult<()> {
        self.shut();
        Ok(())
    }
}

/// The items behind the marker, at most `limit`; `items` come in the order of their keys.
fn page_of<T, M: Clone + Ord>(
    items: impl Iterator<Item = T>,
    key: impl Fn(&T) -> M,
    request: &zaqar_model::PageRequest<M>,
) -> zaqar_model::Page<T, M> {
    let items: Vec<T> = items
        .filter(|item| request.marker.as_ref().is_none_or(|marker| key(item) > *marker))
        .take(request.limit)
        .collect();
    let next = items.last().map(key);
    zaqar_model::Page { items, next }
}
