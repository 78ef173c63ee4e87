//! A validated token.

use std::collections::BTreeSet;

use reqwest::Url;
use serde::Deserialize;
use zaqar_model::{Identity, Timestamp};

use super::access_rules::AccessRule;
use crate::expiry::Expiry;

/// A token that Keystone has validated: its owner, its scope and its expiry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// `None`: the token is scoped to a domain or to the system, or not scoped.
    pub project: Option<String>,
    pub roles: Vec<String>,
    pub identity: Identity,
    pub expires: Timestamp,
    pub(super) access_rules: Option<Vec<AccessRule>>,
    /// Whether the catalog in the token contains this service.
    pub(super) catalog_has_service: bool,
}

impl Token {
    /// Reads Keystone's document. `service_type`: of this service.
    pub(super) fn read(document: &[u8], service_type: Option<&str>) -> Result<Self, String> {
        let TokenDocument { token } = serde_json::from_slice(document).map_err(|error| error.to_string())?;
        let expires = Expiry::parse(&token.expires_at).ok_or("expires_at is not a date")?.timestamp();
        let domain_of =
            |scope: &Option<ScopedEntity>| scope.as_ref()?.domain.as_ref().map(|domain| domain.id.clone());
        let is_this = |service: &CatalogService| Some(service.r#type.as_str()) == service_type;
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
            catalog_has_service: token.catalog.iter().any(is_this),
        })
    }
}

/// The endpoint of Keystone in the catalog of a token.
pub(super) fn identity_endpoint(document: &[u8], interface: &str, region: Option<&str>) -> Option<String> {
    let TokenDocument { token } = serde_json::from_slice(document).ok()?;
    let services = token.catalog.into_iter().filter(|service| service.r#type == "identity");
    let fits = |endpoint: &Endpoint| {
        let regions = [&endpoint.region_id, &endpoint.region];
        endpoint.interface.as_deref() == Some(interface)
            && region.is_none_or(|wanted| regions.iter().any(|region| region.as_deref() == Some(wanted)))
    };
    services.flat_map(|service| service.endpoints).find(fits).map(|endpoint| endpoint.url)
}

/// The public endpoint of a service in the catalog of a token.
pub(super) fn public_endpoint(document: &[u8], service_name: &str) -> Option<String> {
    let TokenDocument { token } = serde_json::from_slice(document).ok()?;
    let services = token.catalog.into_iter().filter(|service| service.name.as_deref() == Some(service_name));
    let is_public = |endpoint: &Endpoint| endpoint.interface.as_deref() == Some("public");
    services.flat_map(|service| service.endpoints).find(is_public).map(|endpoint| endpoint.url)
}

/// The hosts of all endpoints in the catalog of a token.
pub(super) fn catalog_hosts(document: &[u8]) -> Vec<String> {
    let Ok(TokenDocument { token }) = serde_json::from_slice(document) else { return Vec::new() };
    let urls = token.catalog.into_iter().flat_map(|service| service.endpoints).map(|endpoint| endpoint.url);
    let hosts = urls.filter_map(|url| Some(Url::parse(&url).ok()?.host_str()?.to_owned()));
    hosts.collect::<BTreeSet<_>>().into_iter().collect()
}

#[derive(Deserialize)]
struct TokenDocument {
    token: TokenBody,
}

#[derive(Deserialize)]
struct TokenBody {
    expires_at: String,
    user: Option<ScopedEntity>,
    project: Option<ScopedEntity>,
    domain: Option<Domain>,
    system: Option<System>,
    #[serde(default)]
    roles: Vec<Role>,
    application_credential: Option<ApplicationCredential>,
    #[serde(default)]
    catalog: Vec<CatalogService>,
}

/// A user or a project, with the domain that it belongs to.
#[derive(Deserialize)]
struct ScopedEntity {
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
struct CatalogService {
    r#type: String,
    name: Option<String>,
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
