//! All tables in memory, and look-ups across them.

use zaqar_model::{DestinationNumber, Flavor, Marker, Pool, PoolName, Queue};

use super::rows::assignment::{self, Assignment, At};
use super::rows::queue_move::NotedMove;
use super::rows::{Row, Rows, pool};

/// Everything that the store holds.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Tables {
    pub(super) queues: Rows<Queue>,
    pub(super) pools: Rows<Pool>,
    pub(super) flavors: Rows<Flavor>,
    pub(super) catalogue: Rows<Assignment>,
    pub(super) moves: Rows<NotedMove>,
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

impl Table for Assignment {
    fn rows_mut(tables: &mut Tables) -> &mut Rows<Self> {
        &mut tables.catalogue
    }
}

impl Table for NotedMove {
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
        self.catalogue.get(&assignment::key(queue)).and_then(|assignment| assignment.pool().cloned())
    }

    /// The last position in a queue that has left its pool.
    pub(super) fn left_at(&self, queue: DestinationNumber) -> Option<Marker> {
        match self.catalogue.get(&assignment::key(queue))?.at {
            At::Left(last) => Some(last),
            At::Pool(_) => None,
        }
    }

    /// The queues that a pool holds.
    pub(super) fn queues_in(&self, pool: &PoolName) -> Vec<DestinationNumber> {
        let held = self.catalogue.all().filter(|assignment| assignment.pool() == Some(pool));
        held.map(|assignment| assignment.queue).collect()
    }

    /// The queues whose moves need this pool.
    pub(super) fn moves_of(&self, pool: &PoolName) -> Vec<DestinationNumber> {
        let moves = self.moves.all().map(|row| &row.noted);
        let needing = moves.filter(|noted| noted.pools.contains(pool) || noted.to.as_ref() == Some(pool));
        needing.map(|noted| noted.queue.number).collect()
    }
}
