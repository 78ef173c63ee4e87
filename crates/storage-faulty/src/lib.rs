//! Stores that fail, for trying out what happens then:
//!
//! - [`FaultyStore`] fails at everything: `[drivers] message_store = faulty` or `management_store = faulty`;
//! - [`FalteringStore`] and [`FalteringManagementStore`] fail some calls of another store, for as long as they are told to.

mod calls;
mod driver;
mod faltering;
mod faltering_management;
mod faults;
mod faulty;

pub use driver::FaultyDriver;
pub use faltering::FalteringStore;
pub use faltering_management::FalteringManagementStore;
pub use faults::{Fault, Faults};
pub use faulty::FaultyStore;
