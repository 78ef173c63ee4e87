//! The service's own credentials, and the document that requests a token with them.

use std::fmt;

use serde_json::{Value, json};

/// The credentials of the service.
#[derive(Clone)]
pub enum Login {
    Password {
        user: Reference,
        password: String,
        scope: Scope,
    },
    /// An application credential, by id.
    ApplicationCredential {
        id: String,
        secret: String,
    },
    /// An application credential, by its name and its user.
    NamedApplicationCredential {
        name: String,
        user: Reference,
        secret: String,
    },
}

/// A user or project, by its id or by its name in a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    Id(String),
    Name { name: String, domain: DomainReference },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DomainReference {
    Id(String),
    Name(String),
}

/// The scope of the service's own token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    Unscoped,
    Project(Reference),
    Domain(DomainReference),
    System,
    Trust(String),
}

/// Hides the secrets.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password { user, scope, .. } => {
                f.debug_struct("Password").field("user", user).field("scope", scope).finish_non_exhaustive()
            }
            Self::ApplicationCredential { id, .. } => {
                f.debug_struct("ApplicationCredential").field("id", id).finish_non_exhaustive()
            }
            Self::NamedApplicationCredential { name, user, .. } => f
                .debug_struct("NamedApplicationCredential")
                .field("name", name)
                .field("user", user)
                .finish_non_exhaustive(),
        }
    }
}

impl Login {
    /// The body of `POST /v3/auth/tokens`.
    pub(super) fn document(&self) -> Value {
        match self {
            Self::Password { user, password, scope } => {
                let mut user = user.document();
                user["password"] = json!(password);
                let mut auth =
                    json!({ "identity": { "methods": ["password"], "password": { "user": user } } });
                if let Some(scope) = scope.document() {
                    auth["scope"] = scope;
                }
                json!({ "auth": auth })
            }
            Self::ApplicationCredential { id, secret } => {
                by_application_credential(&json!({ "id": id, "secret": secret }))
            }
            Self::NamedApplicationCredential { name, user, secret } => {
                by_application_credential(&json!({ "name": name, "user": user.document(), "secret": secret }))
            }
        }
    }
}

/// An application credential determines its project itself.
fn by_application_credential(credential: &Value) -> Value {
    const METHOD: &str = "application_credential";
    json!({ "auth": { "identity": { "methods": [METHOD], METHOD: credential } } })
}

impl Reference {
    fn document(&self) -> Value {
        match self {
            Self::Id(id) => json!({ "id": id }),
            Self::Name { name, domain } => json!({ "name": name, "domain": domain.document() }),
        }
    }
}

impl DomainReference {
    fn document(&self) -> Value {
        match self {
            Self::Id(id) => json!({ "id": id }),
            Self::Name(name) => json!({ "name": name }),
        }
    }
}

impl Scope {
    fn document(&self) -> Option<Value> {
        match self {
            Self::Unscoped => None,
            Self::Project(project) => Some(json!({ "project": project.document() })),
            Self::Domain(domain) => Some(json!({ "domain": domain.document() })),
            Self::System => Some(json!({ "system": { "all": true } })),
            Self::Trust(id) => Some(json!({ "OS-TRUST:trust": { "id": id } })),
        }
    }
}
