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
    pub identity: Identity,
}

/// What is known of the person or service behind a request, as Keystone's ids. Only rules of a policy ask for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    pub user: Option<String>,
    /// The domain in which the caller acts, if it is not a project.
    pub domain: Option<String>,
    pub user_domain: Option<String>,
    pub project_domain: Option<String>,
    /// `all`, for those who act on the whole installation.
    pub system_scope: Option<String>,
}

impl Caller {
    pub fn has_role(&self, role: &str) -> bool {
        // Keystone compares role names without regard to case.
        self.roles
            .iter()
            .any(|own| own.eq_ignore_ascii_case(role) || own.to_lowercase() == role.to_lowercase())
    }
}
