//! Who asks.

use std::fmt;

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
    /// The token of the request, where Keystone has vouched for it. Only for lending rights by a trust.
    pub token: Option<AuthToken>,
}

/// A token of Keystone's. It shows itself to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthToken(String);

impl AuthToken {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The token itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AuthToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthToken(***)")
    }
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
