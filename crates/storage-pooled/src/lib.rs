//! Spreads queues over pools: a message store that looks up where a queue lives and forwards to the store there.
//!
//! It keeps nothing itself. Which pool holds a queue, and which queues are moving, the management store knows; messages
//! are in the pools. It does not know which drivers exist either: they are handed to it.
//!
//! * `messages`, `claims`, `subscriptions`, `deliveries` and `migration` are the files of the contract: each method
//!   enters the queue, and forwards.
//! * `engine` asks all pools at once, for what is owed somewhere.
//! * `queue_access` is how a method enters a queue: it learns which store to use, and nobody switches stores meanwhile
//!   (`migration_locks`). While the queue moves, the access leaves a note of what it has changed (`changes`).
//! * `placement` decides where a queue is to live, `choice` among the pools of a flavor; `migrator` takes it there.
//!   `docs/decisions/0010-moving-queues.md` says why a move goes as it does.
//! * `pools` are the stores that were opened.

mod active_migrations;
mod arrivals;
mod assignment;
mod changes;
mod choice;
mod claims;
mod copy;
mod copy_deliveries;
mod dead_letters;
mod deliveries;
mod dropping;
mod engine;
mod messages;
mod migration;
mod migration_locks;
mod migrator;
mod placement;
mod pooled;
mod pools;
mod queue_access;
mod store;
mod subscriptions;
mod vacating;

pub use store::PooledMessageStore;
