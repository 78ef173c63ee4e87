//! Stores that fail, for trying out what happens then:
//!
//! - [`FaultyStore`] fails at everything: `[drivers] message_store = faulty` or `management_store = faulty`;
//! - [`FlakyStore`] and [`FlakyManagementStore`] fail some calls of another store, for as long as they are told to.

mod calls;
mod driver;
mod faults;
mod faulty;
mod flaky;
mod flaky_management;

pub use driver::FaultyDriver;
pub use faults::{Fault, Faults};
pub use faulty::FaultyStore;
pub use flaky::FlakyStore;
pub use flaky_management::FlakyManagementStore;
