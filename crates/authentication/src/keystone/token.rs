//! What Keystone says of a token.

use serde::Deserialize;
use zaqar_model::{Identity, Timestamp};

use super::access_rules::AccessRule;
use crate::expiry::Expiry;

/// A token that Keystone knows: whose it is, what it is for, and when it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// `None`: it is for a domain, for the whole system, or for nothing in particular.
    pub project: Option<String>,
    pub roles: Vec<String>,
    pub identity: Identity,
    pub expires: Timestamp,
    pub(super) access_rules: Option<Vec<AccessRule>>,
    /// The catalog that came with it has this service.
    pub(super) is_for_service: bool,
}

impl Token {
    /// Reads Keystone's document. `service_type`: of this service.
    pub(super) fn read(document: &[u8], service_type: Option<&str>) -> Result<Self, String> {
        let Document { token } = serde_json::from_slice(document).map_err(|error| error.to_string())?;
        let expires = Expiry::parse(&token.expires_at).ok_or("expires_at is no date")?.moment();
        let domain_of =
            |scope: &Option<Scope>| scope.as_ref()?.domain.as_ref().map(|domain| domain.id.clone());
        let is_this = |service: &Service| Some(service.r#type.as_str()) == service_type;
        Ok(Self {
            identity: Identity {
                user: token.user.as_ref().map(|user| user.id.clone()),
                domain: token.domain.map(|domain| domain.id),
                user_domain: domain_of(&token.user),
                project_domain: domain_of(&token.project),
                system_scope: token.system.filter(|system| system.all).map(|_| "all".to_owned()),
            },
            project: token.project.map(|project| project.id),
            roles: token.roles.into_iter().map(|role| role.name).collect(),
            expires,
            access_rules: token.application_credential.and_then(|credential| credential.access_rules),
            is_for_service: token.catalog.iter().any(is_this),
        })
    }
}

/// The endpoint of Keystone in the catalog of a token.
pub(super) fn identity_endpoint(document: &[u8], interface: &str, region: Option<&str>) -> Option<String> {
    let Document { token } = serde_json::from_slice(document).ok()?;
    let services = token.catalog.into_iter().filter(|service| service.r#type == "identity");
    let fits = |endpoint: &Endpoint| {
        let regions = [&endpoint.region_id, &endpoint.region];
        endpoint.interface.as_deref() == Some(interface)
            && region.is_none_or(|wanted| regions.iter().any(|region| region.as_deref() == Some(wanted)))
    };
    services.flat_map(|service| service.endpoints).find(fits).map(|endpoint| endpoint.url)
}

#[derive(Deserialize)]
struct Document {
    token: Body,
}

#[derive(Deserialize)]
struct Body {
    expires_at: String,
    user: Option<Scope>,
    project: Option<Scope>,
    domain: Option<Domain>,
    system: Option<System>,
    #[serde(default)]
    roles: Vec<Role>,
    application_credential: Option<ApplicationCredential>,
    #[serde(default)]
    catalog: Vec<Service>,
}

/// A user or a project, with the domain that it belongs to.
#[derive(Deserialize)]
struct Scope {
    id: String,
    domain: Option<Domain>,
}

#[derive(Deserialize)]
struct Domain {
    id: String,
}

#[derive(Deserialize)]
struct System {
    #[serde(default)]
    all: bool,
}

#[derive(Deserialize)]
struct Role {
    name: String,
}

#[derive(Deserialize)]
struct ApplicationCredential {
    access_rules: Option<Vec<AccessRule>>,
}

#[derive(Deserialize)]
struct Service {
    r#type: String,
    #[serde(default)]
    endpoints: Vec<Endpoint>,
}

#[derive(Deserialize)]
struct Endpoint {
    interface: Option<String>,
    region: Option<String>,
    region_id: Option<String>,
    url: String,
}
