//! All tables in memory, and look-ups across them.

use zaqar_model::{DestinationNumber, Flavor, Pool, PoolName, Queue, QueueMove};

use super::rows::mapping::{self, Mapping};
use super::rows::{Row, Rows, pool};

/// Everything that the store holds.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Tables {
    pub(super) queues: Rows<Queue>,
    pub(super) pools: Rows<Pool>,
    pub(super) flavors: Rows<Flavor>,
    pub(super) catalogue: Rows<Mapping>,
    pub(super) moves: Rows<QueueMove>,
}

/// A noun with a table of its own.
pub(super) trait Table: Row {
    fn rows_mut(tables: &mut Tables) -> &mut Rows<Self>;
}

impl Table for Queue {
    fn rows_mut(tables: &mut Tables) -> &mut Rows<Self> {
        &mut tables.queues
    }
}

impl Table for Pool {
    fn rows_mut(tables: &mut Tables) -> &mut Rows<Self> {
        &mut tables.pools
    }
}

impl Table for Flavor {
    fn rows_mut(tables: &mut Tables) -> &mut Rows<Self> {
        &mut tables.flavors
    }
}

impl Table for Mapping {
    fn rows_mut(tables: &mut Tables) -> &mut Rows<Self> {
        &mut tables.catalogue
    }
}

impl Table for QueueMove {
    fn rows_mut(tables: &mut Tables) -> &mut Rows<Self> {
        &mut tables.moves
    }
}

impl Tables {
    pub(super) fn has_pool(&self, name: &PoolName) -> bool {
        self.pools.get(&pool::key(name)).is_some()
    }

    /// The pool that holds a queue.
    pub(super) fn pool_of(&self, queue: DestinationNumber) -> Option<PoolName> {
        self.catalogue.get(&mapping::key(queue)).and_then(|mapping| mapping.pool().cloned())
    }

    /// The queues that a pool holds.
    pub(super) fn queues_in(&self, pool: &PoolName) -> Vec<DestinationNumber> {
        let held = self.catalogue.all().filter(|mapping| mapping.pool() == Some(pool));
        held.map(|mapping| mapping.queue).collect()
    }

    /// The queues whose moves need this pool.
    pub(super) fn moves_of(&self, pool: &PoolName) -> Vec<DestinationNumber> {
        let needs = |noted: &QueueMove| noted.pools.contains(pool) || noted.to.as_ref() == Some(pool);
        self.moves.all().filter(|noted| needs(noted)).map(|noted| noted.queue.number).collect()
    }
}
