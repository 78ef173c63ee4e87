//! Stores that fail, for trying out what happens then:
//!
//! - [`FaultyStore`] fails at everything: `[drivers] message_store = faulty` or `management_store = faulty`;
//! - [`FalteringStore`] fails some calls of another store, for as long as it is told to.

mod calls;
mod driver;
mod faltering;
mod faulty;

pub use driver::FaultyDriver;
pub use faltering::{FalteringStore, Fault};
pub use faulty::FaultyStore;
