//! Claims: messages taken for a while by one consumer.

mod create;
mod delete;
mod get;
mod terms;
mod update;

pub use create::NewClaim;
pub use get::ShownClaim;
pub use terms::ClaimParams;

use zaqar_model::{Caller, QueueName};

use crate::{Absent, Error};

fn absent(caller: &Caller, name: &QueueName, id: &str) -> Error {
    let project = caller.project.clone();
    Error::NotFound(Absent::Claim { id: id.to_owned(), queue: name.clone(), project })
}
