//! Placement: what a message store that spreads queues over pools is asked beside keeping messages.

use zaqar_model::{Destination, FlavorName, Pool, PoolName, Timestamp};

use crate::{Capabilities, Health, OpenFault, StorageResult};

/// Decides in which pool a queue lives. There is one where `[DEFAULT] pooling` is on.
#[async_trait::async_trait]
pub trait Placement: Send + Sync + std::fmt::Debug {
    /// What stores of this URI's scheme can do, without opening one. `None`: no driver of this build serves it.
    fn capabilities_of(&self, uri: &str) -> Option<Capabilities>;

    /// Opens the store of a pool that is about to be registered or changed, and asks whether it can be reached. Refused as
    /// [`OpenFault::InUse`] if it is that of another pool, or the virtual one, by its [identity]; and if others share the
    /// management store, but could not share this one.
    ///
    /// [identity]: crate::MessageStore::identity
    async fn try_pool(&self, pool: &Pool) -> Result<Capabilities, OpenFault>;

    /// The registered pool was changed or removed: what was opened for it is not used any more.
    async fn forget_pool(&self, name: &PoolName);

    /// Lets the queues of a pool that is about to be removed live elsewhere, if all of them hold nothing: no message for
    /// consumers or subscribers, and no subscription. Otherwise they stay, and [`Pools::delete_pool`] refuses.
    ///
    /// [`Pools::delete_pool`]: crate::Pools::delete_pool
    async fn vacate(&self, pool: &Pool) -> StorageResult<()>;

    /// How each registered pool fares, in the order of their names. One that cannot be opened is not reachable.
    async fn health_of_pools(&self, now: Timestamp) -> StorageResult<Vec<(PoolName, Health)>>;

    /// Sees to it that a queue lives in a pool of `flavor`, or in any pool without one if `None`. A queue that is new
    /// is mapped; one that lives elsewhere moves there while it stays in use, its messages in their order, none lost and
    /// none doubled. Returns once the move is certain to be made, also if the server dies. `NotFound` if no pool of the
    /// flavor takes queues.
    async fn place(&self, queue: &Destination, flavor: Option<&FlavorName>) -> StorageResult<()>;
}
