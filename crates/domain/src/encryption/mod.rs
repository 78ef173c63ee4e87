//! Encryption at rest: the bodies of a queue's messages are sealed before a store is given them, and opened on every way
//! back to a client.
//!
//! Here live the keys, the sealed form of a body, and when a message is sealed or opened. Where keys come from is the
//! server's business.

mod envelope;
mod error;
mod key;
mod keyring;
mod messages;

pub use error::{CannotOpen, CannotSeal, Unreadable};
pub use key::{Key, KeyId};
pub use keyring::Keyring;
