//! The store and the model, with what both were told so far.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;

use zaqar_model::{ClaimId, Destination, DestinationKind, Marker, Message, Timestamp};
use zaqar_storage::{MessageStore, StorageError, StorageResult};

use super::Disagreement;
use super::ledger::Ledger;
use crate::samples::fresh_destination;
use crate::{ManualClock, MessageFixture, ReferenceStore};

/// Two queues and a topic.
pub(super) const QUEUES: usize = 3;

pub(super) struct Pair {
    fixture: Box<dyn MessageFixture>,
    pub(super) model: ReferenceStore,
    pub(super) store: Arc<dyn MessageStore>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) queues: Vec<Destination>,
    pub(super) ledger: Ledger,
    /// With the queue that it is of.
    pub(super) claims: Vec<(usize, ClaimId)>,
    /// The ends of pages that were listed: the queue, the model's marker and the store's.
    pub(super) markers: Vec<(Destination, Marker, Marker)>,
    /// Destinations that have ever had exhausted messages.
    pub(super) ever_dead_lettered: BTreeSet<Destination>,
    pub(super) deliveries: super::deliveries::Register,
}

impl Pair {
    pub(super) async fn new(fixture: Box<dyn MessageFixture>) -> Self {
        let store = fixture.open().await;
        let kinds = [DestinationKind::Queue, DestinationKind::Queue, DestinationKind::Topic];
        Self {
            clock: fixture.clock(),
            fixture,
            model: ReferenceStore::new(),
            store,
            queues: kinds.map(fresh_destination).to_vec(),
            ledger: Ledger::default(),
            claims: Vec::new(),
            markers: Vec::new(),
            ever_dead_lettered: BTreeSet::new(),
            deliveries: super::deliveries::Register::default(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        zaqar_model::Clock::now(&*self.clock)
    }

    pub(super) async fn reopen(&mut self) {
        let ended = std::mem::replace(&mut self.store, Arc::new(ReferenceStore::closed()));
        self.store = self.fixture.reopen(ended).await;
    }

    pub(super) async fn close(&self) {
        self.store.close().await.expect("the store closes");
    }

    /// The queue is gone; another of its name takes its place.
    pub(super) fn replace(&mut self, queue: usize) {
        let old = &self.queues[queue];
        let mut new = fresh_destination(old.kind);
        new.name = old.name.clone();
        self.ever_dead_lettered.remove(old);
        self.queues[queue] = new;
    }

    /// The messages of both answers, under their numbers.
    pub(super) fn messages_agree(
        &self,
        what: &str,
        model: Vec<Message>,
        store: Vec<Message>,
    ) -> Result<(), Disagreement> {
        let model: Vec<_> = model.into_iter().map(|message| self.ledger.of_model(message)).collect();
        let store: Vec<_> = store.into_iter().map(|message| self.ledger.of_store(message)).collect();
        super::agree(what, model, store)
    }
}

/// Both answered something, or both failed in the same way (`None`).
pub(super) fn answers<T: Debug, U: Debug>(
    model: StorageResult<T>,
    store: StorageResult<U>,
) -> Result<Option<(T, U)>, Disagreement> {
    match (model, store) {
        (Ok(model), Ok(store)) => Ok(Some((model, store))),
        (Err(model), Err(store)) if same_failure(&model, &store) => Ok(None),
        (model, store) => Err(Disagreement(format!("\n  model: {model:?}\n  store: {store:?}"))),
    }
}

fn same_failure(one: &StorageError, other: &StorageError) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}
