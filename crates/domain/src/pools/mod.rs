//! Pools: message stores that queues are spread over. Registered, shown, changed, listed, removed. Which of them a queue
//! goes to is decided elsewhere ([`zaqar_storage::Placement`]).

mod create;
mod definition;
mod delete;
mod get;
mod list;
mod registry;
mod update;

pub use definition::{PoolChange, PoolDefinition};
pub use list::{ListedPools, PoolListing};
pub(crate) use registry::Registry;

use crate::{Absent, Error};

fn absent(name: &str) -> Error {
    Error::NotFound(Absent::Pool { name: name.to_owned() })
}
