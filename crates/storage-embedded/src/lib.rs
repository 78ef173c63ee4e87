//! The default storage driver: one directory, nothing to install, durable.
//!
//! * [`EmbeddedMessageStore`] stores messages, claims and subscriptions in a segmented log of its own, with the index
//!   in memory. `docs/decisions/0001-message-log.md` gives the reasons, `docs/log-format.md` the layout on disk.
//! * [`EmbeddedManagementStore`] stores queues, pools and flavors in redb
//!   (`docs/decisions/0002-management-store-redb.md`).
//!
//! The files `messages`, `claims`, `subscriptions`, `arrivals`, `deliveries` and `migration` implement the contract.
//! `driver` opens both. They rest on `queues` (what is in memory), `dropped` and `transit` (queues that are gone, and that move),
//! `schedule` (whose deliveries are due), `writer` (what goes to disk), `store` (opening and closing), `maintenance` (reclaiming
//! space) and `checkpoint`.

mod arrivals;
mod checkpoint;
mod claims;
mod data_directory;
mod dead_letters;
mod deliveries;
pub mod disk;
mod driver;
mod dropped;
mod index;
mod kinds;
mod listing;
mod log;
mod maintenance;
mod management;
mod messages;
mod migration;
mod queues;
mod read;
mod schedule;
mod store;
mod subscriptions;
mod transit;
mod writer;

pub use data_directory::DataDirectory;
pub use driver::{EmbeddedDriver, configured_directory};
pub use log::Dropped;
pub use management::{EmbeddedManagementStore, OpenError};
pub use store::{EmbeddedMessageStore, Options};

/// What an acknowledgement means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// It is on the device, and survives a power cut.
    #[default]
    Fsync,
    /// The operating system has it, and it survives the death of the process. A power cut or a crash of the machine
    /// loses about the last second of acknowledged changes.
    Relaxed,
}
