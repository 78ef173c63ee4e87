//! Pools: message stores that queues are spread over.

use crate::{FlavorName, Metadata, PoolName};

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
