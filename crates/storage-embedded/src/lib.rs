//! The default storage driver: nothing to install, one directory, durable.
//!
//! * [`EmbeddedMessageStore`] keeps messages and claims in a segmented log of our own with the index in memory
//!   (`docs/decisions/0001-message-log.md` says why, `docs/log-format.md` how it lies on disk).
//! * [`EmbeddedManagementStore`] keeps queues, pools and flavors in redb
//!   (`docs/decisions/0002-management-store-redb.md`).
//!
//! `messages`, `claims`, `subscriptions`, `deliveries` and `migration` are the files of the contract. Behind them stand
//! `queues` (what is in memory), `schedule` (whose deliveries are due), `recording` (how they ended),
//! `confirmations` (requests to confirm), `moving` (subscriptions that come from another store), `writer` (what goes to
//! disk), `store` (opening and closing), `housekeeping` (giving space back) and `checkpoint`.

mod arrivals;
mod attempts;
mod checkpoint;
mod claims;
mod confirmations;
mod data_directory;
mod dead_letters;
mod deliveries;
pub mod disk;
mod housekeeping;
mod index;
mod kinds;
mod leasing;
mod left_behind;
mod listing;
mod log;
mod management;
mod messages;
mod migration;
mod moving;
mod queues;
mod read;
mod recording;
mod schedule;
mod store;
mod subscriptions;
mod writer;

pub use data_directory::DataDirectory;
pub use log::Dropped;
pub use management::{EmbeddedManagementStore, OpenError};
pub use store::{EmbeddedMessageStore, Options};

/// What an acknowledgement means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// It is on the device: survives a power cut.
    #[default]
    Fsync,
    /// The operating system has it: survives the death of the process. A power cut or a crash of the machine loses up
    /// to about a second of what was acknowledged.
    Relaxed,
}
