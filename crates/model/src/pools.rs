//! Pools: message stores that queues are spread over.

use crate::{Destination, FlavorName, Metadata, PoolName};

/// How likely a pool is chosen for a new queue, in proportion to the others of its flavor. 0: never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PoolWeight(pub u32);

/// A registered message store.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    pub name: PoolName,
    /// Where the store is and by which driver it is reached. May hold a password: it is shown to administrators only.
    pub uri: String,
    pub weight: PoolWeight,
    pub flavor: Option<FlavorName>,
    /// Options of the driver.
    pub options: Metadata,
}

/// A queue that is on its way to another pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueMove {
    pub queue: Destination,
    /// Where it is to live. `None`: in the virtual pool.
    pub to: Option<PoolName>,
    /// Every pool in which something of it may be found until the move is over.
    pub pools: Vec<PoolName>,
}
