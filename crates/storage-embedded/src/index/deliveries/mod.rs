//! Deliveries to the subscribers of one queue.
//!
//! * `backlog` — the cursors of the subscriptions, and which messages they need
//! * `cursor`, `lane`, `open` — the progress of one subscription, and what its open deliveries wait for
//! * `due` — which deliveries are due, and how leases and outcomes change them
//! * `attempts` — where the log has the attempts
//! * `migration` — subscriptions whose queue migrates to this store

pub(in crate::index) mod attempts;
pub(in crate::index) mod backlog;
pub(in crate::index) mod cursor;
mod due;
mod lane;
pub(in crate::index) mod migration;
mod open;
