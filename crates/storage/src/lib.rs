//! The contract between Zaqar and its storage drivers: one trait a noun, two umbrella traits.
//!
//! * [`ManagementStore`] holds data that changes rarely: queues and topics with their metadata ([`Destinations`]). One trait
//!   is optional: [`PoolRegistry`], which is [`Pools`], [`Flavors`] and the [`Catalogue`] of which pool holds which queue.
//! * [`MessageStore`] holds data that changes all the time: [`Messages`], [`Claims`] and [`DeadLetters`]. Three traits are
//!   optional: [`Subscriptions`], the [`Deliveries`] owed to them, and [`Migration`], which takes a queue to another store.
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
//! 4. **The caller owns the time.** Every method that depends on it takes `now`, and `now` alone decides what is visible:
//!    no driver asks its own clock or its engine's for that. An engine that expires data by itself may give back space with
//!    it, later than `now` says. `now` may be up to a minute behind what another caller passed;
//!    that must do no harm.
//! 5. **Absence is no error.** A look-up returns `Option` or a shorter list. Of a
//!    [`Destination`](zaqar_model::Destination) that the store never heard of, there is nothing.
//! 6. **Nothing crosses destinations.** An id, claim or marker of one queue means nothing in another.
//! 7. **Bounded.** A method returns at most `limit` items and holds memory in proportion to its result. The cost of post,
//!    list, claim, delete, pop, due, lease and record does not grow with the depth of the queue or the number of queues.
//!    What other methods cost, they say.
//! 8. **Bodies are bytes.** A [`Body`](zaqar_model::Body) comes back byte for byte. It need not be a text: where messages
//!    are encrypted, it holds bytes of any value, which the store never looks into.
//! 9. **Markers are opaque.** Positions of one queue grow in the order of posting, and say nothing else: they need not begin
//!    at one, nor follow each other without gaps.
//! 10. **An unknown outcome is said.** Where the answer of a change was lost on its way, a driver returns
//!     [`StorageError::OutcomeUnknown`]. Every such change may be repeated, in the way that its method says. So a driver first
//!     waits, where it can, until nothing of the lost request is under way: an engine that comes to it late would do it twice.
//! 11. **A future may be dropped.** A call that its caller gives up leaves the store as it was, or as if the call had ended.
//!
//! # Several servers
//!
//! A store that several servers can use at the same time declares [`Capabilities::shared`], a management store
//! [`ManagementStore::is_shared`]. Then all of the above holds across servers, and what one server did is visible to the others as soon as it is acknowledged. The waits are hints:
//! they wake somebody soon, and the driver looks by itself once a second in case that a hint was lost.
//!
//! Data that changes rarely is changed by compare and set: the caller hands over what it has seen, and gets a
//! [`StorageError::Conflict`] if that has changed meanwhile. Then it reads again. What one server alone may do, such as moving
//! a queue, is taken for a time ([`Catalogue::take_move`]).
//!
//! # How to write a driver
//!
//! 1. Make a crate `crates/storage-<engine>` that depends on `zaqar-model`, `zaqar-storage` and the engine, with the
//!    file names of this crate: `destinations.rs`, `messages.rs`, `claims.rs`, … Whoever has read one driver finds
//!    their way in the next.
//! 2. Implement the traits of one umbrella (or both) for your store, and those of the optional traits that the engine can
//!    serve. Only claims may be missing among the others: then they return [`StorageError::Unsupported`], and
//!    [`Capabilities::claims`] is off.
//! 3. Map the engine's failures: nothing was done and it is worth another try → [`StorageError::Unavailable`]; perhaps done →
//!    [`StorageError::OutcomeUnknown`]; anything else → [`StorageError::Driver`] with its source. No type of the engine stands
//!    in a public signature.
//! 4. Run the conformance suite: in `tests/conformance.rs` hand `zaqar_storage_conformance::message_store!` and
//!    `management_store!` a function that opens an empty store. Each case is one rule of this contract, and each must
//!    pass.
//! 5. Write a [`Driver`]: what `[drivers] message_store` or `management_store` will call it by, the section of its options,
//!    how its stores are opened, the schemes by which pools name them. Hand it to `zaqar_server::run` in a binary of your
//!    own, or add it to `Drivers::default` of the `server` crate.

mod cached_destinations;
mod capabilities;
mod catalogue;
mod claims;
mod dead_letters;
mod deliveries;
mod destinations;
mod driver;
mod error;
mod flavors;
mod management;
mod messages;
mod migration;
mod placement;
mod pools;
mod read_through;
mod subscriptions;

use zaqar_model::StoreId;

pub use cached_destinations::{CACHED_FOR, CachedDestinations};
pub use capabilities::{Capabilities, Health, Volume};
pub use catalogue::{Catalogue, TakenMove};
pub use claims::{ClaimRequest, Claimed, Claims, DeadLetterPolicy, POP_CLAIM_TTL, PopRequest};
pub use dead_letters::DeadLetters;
pub use deliveries::{
    ATTEMPTS_KEPT, ATTEMPTS_KEPT_FOR, Deliveries, Due, EXPIRED_OWED_FOR, FAILURES_KEPT, FAILURES_KEPT_FOR,
    LeaseRequest, Leased, Redelivery, SubscriptionKey, SubscriptionShare,
};
pub use destinations::{Created, Destinations};
pub use driver::{Driver, OpenFault, Role, SchemaVersion, Site, StoreOf, driver_of_uri};
pub use error::{StorageError, StorageResult};
pub use flavors::Flavors;
pub use management::{ManagementStore, PoolRegistry};
pub use messages::{
    Adoption, BATCH_RECOGNISED_FOR, COUNTED_EXACTLY, Deletion, Guard, LARGEST_POST, ListStart, ListedMessage,
    MessagePage, MessageQuery, Messages, Post,
};
pub use migration::{ExportCursor, ExportPage, ImportStep, Migration};
pub use placement::Placement;
pub use pools::Pools;
pub use subscriptions::{SubscriptionChange, Subscriptions};

/// Holds messages and claims and, where the engine can, subscriptions and the deliveries owed to them.
#[async_trait::async_trait]
pub trait MessageStore: Messages + Claims + DeadLetters + Send + Sync + std::fmt::Debug {
    /// What the store can do. Constant over its life, as is which of the optional traits it has.
    fn capabilities(&self) -> Capabilities;

    /// Names the place where the store keeps what it holds: the same through every handle on it, also when it is opened again.
    /// Two pools over one place are known by it, whatever their URIs are: a queue that moves from one to the other would be
    /// dropped. `None`: the store cannot tell.
    fn identity(&self) -> Option<StoreId> {
        None
    }

    fn subscriptions(&self) -> Option<&dyn Subscriptions> {
        None
    }

    /// Only a store with subscriptions has deliveries.
    fn deliveries(&self) -> Option<&dyn Deliveries> {
        None
    }

    fn migration(&self) -> Option<&dyn Migration> {
        None
    }

    /// Whether the store can be reached and written right now. Cheap: it is asked at every `/v2/ping`.
    async fn is_alive(&self) -> bool;

    /// The store's health. May cost in proportion to the number of queues, never to the number of messages; may be a few
    /// seconds old.
    async fn health(&self, now: zaqar_model::Timestamp) -> StorageResult<Health>;

    /// Reclaims the space of what has expired by `now`, a bounded piece of work at a time. Every server calls it every
    /// second.
    async fn expire(&self, now: zaqar_model::Timestamp) -> StorageResult<()>;

    /// Waits for calls in progress and closes files and connections. Later calls return `Unavailable`.
    async fn close(&self) -> StorageResult<()>;
}

/// What callers of any store share.
impl dyn MessageStore + '_ {
    /// A page that is short only at the end of the queue, from as many [pages](Messages::list) as that takes.
    pub async fn list_full_page(
        &self,
        from: &zaqar_model::Destination,
        query: &MessageQuery,
        now: zaqar_model::Timestamp,
    ) -> StorageResult<Vec<ListedMessage>> {
        let (mut query, mut listed) = (query.clone(), Vec::new());
        loop {
            let page = self.list(from, &query, now).await?;
            query.limit = query.limit.saturating_sub(page.items.len());
            listed.extend(page.items);
            if page.is_end || query.limit == 0 {
                return Ok(listed);
            }
            query.start = ListStart::Behind(page.reached);
        }
    }

    /// Where a listing starts.
    pub async fn place_of(
        &self,
        from: &zaqar_model::Destination,
        start: ListStart,
        now: zaqar_model::Timestamp,
    ) -> StorageResult<zaqar_model::Marker> {
        Ok(self.list(from, &MessageQuery::place_of(start), now).await?.reached)
    }

    // The optional traits, for callers that cannot go on without them.

    pub fn subscriptions_or_unsupported(&self) -> StorageResult<&dyn Subscriptions> {
        self.subscriptions().ok_or(StorageError::Unsupported("subscriptions"))
    }

    pub fn deliveries_or_unsupported(&self) -> StorageResult<&dyn Deliveries> {
        self.deliveries().ok_or(StorageError::Unsupported("deliveries"))
    }

    pub fn migration_or_unsupported(&self) -> StorageResult<&dyn Migration> {
        self.migration().ok_or(StorageError::Unsupported("migration"))
    }
}
