//! Who the service is to Keystone, from `[keystone_authtoken]` or `[trustee]`.

use zaqar_authentication::{DomainReference, Login, Reference, Scope};
use zaqar_config::{Credentials, Secret};

pub(crate) fn says_nothing(credentials: &Credentials) -> bool {
    *credentials == Credentials::default()
}

/// Sentences about what is not there.
pub(crate) struct Missing {
    group: &'static str,
    /// Why what has no reason of its own is needed.
    why: &'static str,
    pub(crate) told: Vec<String>,
}

impl Missing {
    pub(crate) const fn in_group(group: &'static str, why: &'static str) -> Self {
        Self { group, why, told: Vec::new() }
    }

    pub(crate) fn add(&mut self, option: &str, why: &str) {
        self.told.push(format!("[{}] {option} is missing: {why}", self.group));
    }

    pub(crate) fn url(&mut self, option: &str, value: Option<&String>) -> String {
        let url = self.text(option, value);
        if value.is_some() && !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) {
            let group = self.group;
            self.told.push(format!(
                "[{group}] {option} = {url} is no URL; write http:// or https:// before the host"
            ));
        }
        url
    }

    fn text(&mut self, option: &str, value: Option<&String>) -> String {
        if value.is_none() {
            self.add(option, self.why);
        }
        value.cloned().unwrap_or_default()
    }

    pub(crate) fn secret(&mut self, option: &str, value: Option<&Secret>) -> String {
        self.text(option, value.map(|secret| secret.expose().to_owned()).as_ref())
    }
}

pub(crate) fn login(options: &Credentials, missing: &mut Missing) -> Option<Login> {
    let known = missing.told.len();
    let login = match options.auth_type.as_deref() {
        Some("password" | "v3password") => {
            let password = missing.secret("password", options.password.as_ref());
            user(options, missing).map(|user| Login::Password {
                user,
                password,
                scope: scope(options, missing),
            })
        }
        Some("v3applicationcredential") => {
            let secret = options.application_credential_secret.as_ref();
            let secret = missing.secret("application_credential_secret", secret);
            match (&options.application_credential_id, &options.application_credential_name) {
                (Some(id), _) => Some(Login::ApplicationCredential { id: id.clone(), secret }),
                (None, Some(name)) => user(options, missing).map(|user| Login::NamedApplicationCredential {
                    name: name.clone(),
                    user,
                    secret,
                }),
                (None, None) => {
                    missing.add("application_credential_id", "auth_type = v3applicationcredential needs it");
                    None
                }
            }
        }
        Some(other) => {
            let group = missing.group;
            missing.told.push(format!(
                    "[{group}] auth_type = {other} is not in this version; the choices are: password, v3password, \
                     v3applicationcredential"
                ));
            None
        }
        None => {
            missing.add("auth_type", "set it to password or v3applicationcredential");
            None
        }
    };
    login.filter(|_| missing.told.len() == known)
}

pub(crate) fn user(options: &Credentials, missing: &mut Missing) -> Option<Reference> {
    if let Some(id) = &options.user_id {
        return Some(Reference::Id(id.clone()));
    }
    let domain = domain(&options.user_domain_id, &options.user_domain_name, options);
    match (&options.username, domain) {
        (Some(name), Some(domain)) => Some(Reference::Name { name: name.clone(), domain }),
        (Some(_), None) => {
            missing.add("user_domain_name", "a username needs it");
            None
        }
        (None, _) => {
            missing.add("username", missing.why);
            None
        }
    }
}

fn scope(options: &Credentials, missing: &mut Missing) -> Scope {
    if let Some(id) = &options.trust_id {
        return Scope::Trust(id.clone());
    }
    if let Some(id) = &options.project_id {
        return Scope::Project(Reference::Id(id.clone()));
    }
    if let Some(name) = &options.project_name {
        if let Some(domain) = domain(&options.project_domain_id, &options.project_domain_name, options) {
            return Scope::Project(Reference::Name { name: name.clone(), domain });
        }
        missing.add("project_domain_name", "a project_name needs it");
    }
    match (&options.domain_id, &options.domain_name, &options.system_scope) {
        (Some(id), ..) => Scope::Domain(DomainReference::Id(id.clone())),
        (_, Some(name), _) => Scope::Domain(DomainReference::Name(name.clone())),
        (.., Some(_)) => Scope::System,
        _ => Scope::Unscoped,
    }
}

fn domain(id: &Option<String>, name: &Option<String>, options: &Credentials) -> Option<DomainReference> {
    let given = |id: &Option<String>, name: &Option<String>| match (id, name) {
        (Some(id), _) => Some(DomainReference::Id(id.clone())),
        (_, Some(name)) => Some(DomainReference::Name(name.clone())),
        _ => None,
    };
    given(id, name).or_else(|| given(&options.default_domain_id, &options.default_domain_name))
}
