//! Spreads queues over pools: a message store that looks up where a queue lives and forwards to the store there.
//!
//! It keeps nothing itself. Which pool holds a queue, and which queues are moving, the management store knows; messages
//! are in the pools. It does not know which drivers exist either: they are handed to it.
//!
//! * `messages`, `claims`, `dead_letters`, `subscriptions` and `deliveries` are the files of the contract: each method
//!   forwards to the store where the queue lives.
//! * `route` is how a method finds that store, also while the queue moves.
//! * `engine` asks all pools at once, for what is owed somewhere.
//! * `placement` decides where a queue is to live, `choice` among the pools of a flavor; `migrator` takes it there.
//!   `docs/decisions/0010-moving-queues.md` says why a move goes as it does.
//! * `vacating` and `dropping` take queues out of their pools.
//! * `pools` are the stores that were opened.

mod active_migrations;
mod assignment;
mod choice;
mod claims;
mod dead_letters;
mod deliveries;
mod dropping;
mod engine;
mod messages;
mod migrator;
mod placement;
mod pooled;
mod pools;
mod route;
mod store;
mod subscriptions;
mod vacating;

pub use store::PooledMessageStore;
