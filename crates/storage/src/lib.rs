//! The contract between Zaqar and its storage drivers: one trait a noun, two umbrella traits.
//!
//! * [`ManagementStore`] keeps what is written seldom: queues and topics with their metadata ([`Destinations`]),
//!   [`Pools`], [`Flavors`] and the [`Catalogue`] that says which pool holds which queue.
//! * [`MessageStore`] keeps what is written all the time: [`Messages`], [`Claims`], [`Subscriptions`] and the
//!   [`Deliveries`] owed to them. [`Arrivals`] wakes who follows a queue. [`Migration`] takes a queue to another store.
//!
//! A site may mix them: the management store of one driver, the message store of another.
//!
//! # What every driver guarantees
//!
//! 1. **Atomic means atomic.** A method that takes many messages does all of its work or none. Concurrent callers see
//!    a state from before it or from after it.
//! 2. **Acknowledged means kept.** When a method returns `Ok`, what it did survives the death of the process and, if
//!    [`Capabilities::durability`] is declared, of the machine. That covers also what it found already done: a second
//!    delete of a message returns only after the first is durable.
//! 3. **At most one live claim holds a message.**
//! 4. **The caller owns the time.** Every method that depends on it takes `now`; no driver asks a clock. What has
//!    expired at `now` is invisible, whether or not its space has been given back yet. `now` may be a little behind
//!    what another caller passed; that must do no harm.
//! 5. **Absence is no error.** A look-up answers `Option` or a shorter list. Of a
//!    [`Destination`](zaqar_model::Destination) that the store never heard of, there is nothing.
//! 6. **Nothing crosses destinations.** An id, claim or marker of one queue means nothing in another.
//! 7. **Bounded.** A method returns at most `limit` items and holds memory in proportion to its answer. The cost of an
//!    operation does not grow with the depth of the queue or the number of queues.
//! 8. **Bodies are bytes.** A [`Body`](zaqar_model::Body) comes back byte for byte. It need not be a text: where messages
//!    are encrypted, it holds bytes of any value, which the store never looks into.
//!
//! # How to write a driver
//!
//! 1. Make a crate `crates/storage-<engine>` that depends on `zaqar-model`, `zaqar-storage` and the engine, with the
//!    file names of this crate: `destinations.rs`, `messages.rs`, `claims.rs`, … Whoever has read one driver finds
//!    their way in the next.
//! 2. Implement the traits of one umbrella (or both) for your store. What the engine cannot do answers
//!    [`StorageError::Unsupported`] and is left out of [`Capabilities`].
//! 3. Map the engine's failures: worth another try → [`StorageError::Unavailable`]; anything else →
//!    [`StorageError::Driver`] with its source. No type of the engine stands in a public signature.
//! 4. Run the conformance suite: in `tests/conformance.rs` hand `zaqar_storage_conformance::message_store!` and
//!    `management_store!` a function that opens an empty store. Each case is one rule of this contract, and each must
//!    pass.
//! 5. Add the driver to `stores.rs` of the `server` crate, to `NAMES` and to `open`, under the name that
//!    `[drivers] message_store` or `management_store` will call it by. For pools of it, add a `StoreOpener` to
//!    `pool_openers.rs` there.

mod arrivals;
mod capabilities;
mod catalogue;
mod claims;
mod deliveries;
mod destinations;
mod error;
mod flavors;
mod messages;
mod migration;
mod placement;
mod pools;
mod subscriptions;

pub use arrivals::Arrivals;
pub use capabilities::{Capabilities, Health, Volume};
pub use catalogue::Catalogue;
pub use claims::{ClaimRequest, Claimed, Claims, DeadLetterPolicy};
pub use deliveries::{
    ATTEMPTS_KEPT, ATTEMPTS_KEPT_FOR, Deliveries, EXPIRED_OWED_FOR, FAILURES_KEPT, FAILURES_KEPT_FOR,
    LeaseLimits, SubscriptionShare,
};
pub use destinations::{Created, Destinations, QueueFilter};
pub use error::{StorageError, StorageResult};
pub use flavors::Flavors;
pub use messages::{Adoption, Deletion, MessageQuery, Messages};
pub use migration::Migration;
pub use placement::{Placement, PoolFault};
pub use pools::Pools;
pub use subscriptions::{SubscriptionChange, Subscriptions};

/// Keeps queues, topics, pools, flavors and the catalogue.
#[async_trait::async_trait]
pub trait ManagementStore:
    Destinations + Pools + Flavors + Catalogue + Send + Sync + std::fmt::Debug
{
    /// Whether the store can be reached right now. Cheap: it is asked at every `/v2/ping`.
    async fn is_alive(&self) -> bool;

    /// Waits for what is under way and lets go of files and connections. Later calls answer `Unavailable`.
    async fn close(&self) -> StorageResult<()>;
}

/// Keeps messages, claims, subscriptions and owed deliveries.
#[async_trait::async_trait]
pub trait MessageStore:
    Messages + Arrivals + Claims + Subscriptions + Deliveries + Migration + Send + Sync + std::fmt::Debug
{
    /// What the store can do. Constant over its life.
    fn capabilities(&self) -> Capabilities;

    /// Whether the store can be reached and written right now. Cheap: it is asked at every `/v2/ping`.
    async fn is_alive(&self) -> bool;

    /// How the store fares. May cost in proportion to the number of queues, never to the number of messages.
    async fn health(&self, now: zaqar_model::Timestamp) -> StorageResult<Health>;

    /// Gives back the space of what has expired by `now`, a bounded piece of work at a time. The server calls it every
    /// second; an engine that expires by itself does nothing.
    async fn expire(&self, now: zaqar_model::Timestamp) -> StorageResult<()>;

    /// Waits for what is under way and lets go of files and connections. Later calls answer `Unavailable`.
    async fn close(&self) -> StorageResult<()>;
}
