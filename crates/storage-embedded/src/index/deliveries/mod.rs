//! Deliveries to the subscribers of one queue.
//!
//! * `backlog` — the cursors of the subscriptions, and which messages they need
//! * `cursor`, `lane`, `open` — the progress of one subscription, and what its open deliveries wait for
//! * `due` — which deliveries are due, and how leases and outcomes change them
//! * `attempts` — where the log has the attempts
//! * `migration` — subscriptions whose queue migrates to this store

pub(super) mod attempts;
pub(super) mod backlog;
pub(super) mod cursor;
mod due;
mod lane;
pub(super) mod migration;
mod open;
