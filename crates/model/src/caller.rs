//! Who asks.

use crate::{ClientId, ProjectId};

/// The one on whose behalf an operation runs. Every operation of the domain takes it and begins with a check of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Whose queues are meant: nothing outside of this project can be reached.
    pub project: ProjectId,
    /// The client program, where the transport was told one.
    pub client: Option<ClientId>,
    pub roles: Vec<String>,
}

impl Caller {
    pub fn has_role(&self, role: &str) -> bool {
        // Keystone compares role names without regard to case.
        self.roles.iter().any(|own| own.eq_ignore_ascii_case(role))
    }
}
