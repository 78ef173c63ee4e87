//! The cases: one rule of the contract each, its sentence as the doc comment, its name the rule. Which file belongs to
//! which noun is what `list.rs` says; a case that is missing there fails a test of this crate.

pub mod claims;
pub mod deliveries;
pub mod delivery_migration;
pub mod destinations;
pub mod messages;
pub mod migration;
pub mod pools;
pub mod shared;
pub mod shared_management;
pub mod subscriptions;
pub mod unsupported;
