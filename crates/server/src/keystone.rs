//! `[keystone_authtoken]`, as the authentication takes it.

use std::sync::Arc;
use std::time::Duration;

use zaqar_authentication::{
    Authentication, Connection, DomainReference, Keystone, KeystoneOptions, Login, Reference, Scope,
};
use zaqar_config::{Config, Credentials, KeystoneAuthtoken, Secret};
use zaqar_model::Clock;

/// In this time Keystone answers, if nothing else is set, in seconds.
const DEFAULT_TIMEOUT: u32 = 10;

/// Who says who is asking.
pub(crate) fn authentication(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Authentication> {
    if config.default.auth_strategy.is_empty() {
        return Ok(Authentication::Open);
    }
    let options = options(config).map_err(|errors| anyhow::anyhow!(errors.join("\nzaqar: ")))?;
    Ok(Authentication::Keystone(Arc::new(Keystone::new(options, clock)?)))
}

/// Everything that is wrong, a sentence each.
pub(crate) fn refusals(config: &Config) -> Vec<String> {
    match config.default.auth_strategy.as_str() {
        "" => Vec::new(),
        "keystone" => options(config).err().unwrap_or_default(),
        other => vec![format!(
            "[DEFAULT] auth_strategy = {other} is not a way to authenticate callers; the choice is: keystone, or \
             nothing where everyone who can reach the port is trusted"
        )],
    }
}

/// As upstream does, a service starts that says nothing of who it is to Keystone. It lets nobody in.
pub(crate) fn warnings(config: &Config) -> Vec<String> {
    if config.default.auth_strategy != "keystone" || !says_nothing(&config.keystone_credentials) {
        return Vec::new();
    }
    vec![
        "[keystone_authtoken] has no auth_url and no auth_type: Keystone cannot be asked about tokens, and nobody gets in"
            .to_owned(),
    ]
}

fn says_nothing(credentials: &Credentials) -> bool {
    *credentials == Credentials::default()
}

fn options(config: &Config) -> Result<KeystoneOptions, Vec<String>> {
    let credentials = &config.keystone_credentials;
    if says_nothing(credentials) {
        let auth_url = config.keystone_authtoken.www_authenticate_uri.clone().unwrap_or_default();
        return Ok(with_credentials(&config.keystone_authtoken, auth_url, None));
    }
    let mut missing = Missing(Vec::new());
    let auth_url = missing.text("auth_url", credentials.auth_url.as_ref());
    if !["http://", "https://"].iter().any(|scheme| auth_url.starts_with(scheme)) && missing.0.is_empty() {
        missing.0.push(format!(
            "[keystone_authtoken] auth_url = {auth_url} is no URL; write http:// or https:// before the host"
        ));
    }
    let login = login(credentials, &mut missing);
    if config.keystone_authtoken.keyfile.is_some() && config.keystone_authtoken.certfile.is_none() {
        missing.add("certfile", "keyfile is the key of it");
    }
    if missing.0.is_empty() {
        Ok(with_credentials(&config.keystone_authtoken, auth_url, login))
    } else {
        Err(missing.0)
    }
}

fn with_credentials(options: &KeystoneAuthtoken, auth_url: String, login: Option<Login>) -> KeystoneOptions {
    let path = |option: &Option<String>| option.as_ref().map(Into::into);
    let timeout = options.http_connect_timeout.unwrap_or(DEFAULT_TIMEOUT).max(1);
    KeystoneOptions {
        auth_url,
        www_authenticate_uri: options.www_authenticate_uri.clone(),
        login,
        // Older files name it by what it once was called in the catalog.
        interface: options.interface.trim_end_matches("URL").to_owned(),
        region: options.region_name.clone(),
        connection: Connection {
            cafile: path(&options.cafile),
            certfile: path(&options.certfile),
            keyfile: path(&options.keyfile),
            insecure: options.insecure,
            timeout: Duration::from_secs(timeout.into()),
            retries: options.http_request_max_retries,
        },
        token_cache_time: u64::try_from(options.token_cache_time).unwrap_or_default(),
        service_token_roles: options.service_token_roles.clone(),
        service_token_roles_required: options.service_token_roles_required,
        service_type: options.service_type.clone(),
        delay_auth_decision: options.delay_auth_decision,
        include_service_catalog: options.include_service_catalog,
    }
}

/// Sentences about what is not there.
struct Missing(Vec<String>);

impl Missing {
    fn add(&mut self, option: &str, why: &str) {
        self.0.push(format!("[keystone_authtoken] {option} is missing: {why}"));
    }

    fn text(&mut self, option: &str, value: Option<&String>) -> String {
        if value.is_none() {
            self.add(option, "auth_strategy = keystone needs it");
        }
        value.cloned().unwrap_or_default()
    }

    fn secret(&mut self, option: &str, value: Option<&Secret>) -> String {
        self.text(option, value.map(|secret| secret.expose().to_owned()).as_ref())
    }
}

fn login(options: &Credentials, missing: &mut Missing) -> Option<Login> {
    let known = missing.0.len();
    let login =
        match options.auth_type.as_deref() {
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
                    (None, Some(name)) => user(options, missing)
                        .map(|user| Login::NamedApplicationCredential { name: name.clone(), user, secret }),
                    (None, None) => {
                        missing
                            .add("application_credential_id", "auth_type = v3applicationcredential needs it");
                        None
                    }
                }
            }
            Some(other) => {
                missing.0.push(format!(
                "[keystone_authtoken] auth_type = {other} is not in this version; the choices are: password, \
                 v3password, v3applicationcredential"
            ));
                None
            }
            None => {
                missing.add("auth_type", "set it to password or v3applicationcredential");
                None
            }
        };
    login.filter(|_| missing.0.len() == known)
}

fn user(options: &Credentials, missing: &mut Missing) -> Option<Reference> {
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
            missing.add("username", "auth_strategy = keystone needs the user that the service is");
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

#[cfg(test)]
mod tests {
    use zaqar_authentication::{DomainReference, Login, Reference, Scope};
    use zaqar_config::{Config, Secret};

    use super::{options, refusals, warnings};

    fn config() -> Config {
        let mut config = Config::default();
        config.default.auth_strategy = "keystone".to_owned();
        let credentials = &mut config.keystone_credentials;
        credentials.auth_type = Some("password".to_owned());
        credentials.auth_url = Some("http://keystone:5000".to_owned());
        credentials.username = Some("zaqar".to_owned());
        credentials.password = Some(Secret::new("secret"));
        credentials.project_name = Some("service".to_owned());
        credentials.default_domain_id = Some("default".to_owned());
        config
    }

    #[test]
    fn user_and_project_are_in_the_default_domain_unless_said_otherwise() {
        let mut config = config();
        config.keystone_credentials.project_domain_name = Some("Services".to_owned());
        let login = options(&config).unwrap().login;
        let Some(Login::Password { user, scope, .. }) = login else { panic!() };
        let in_domain = |name: &str, domain| Reference::Name { name: name.to_owned(), domain };
        assert_eq!(user, in_domain("zaqar", DomainReference::Id("default".to_owned())));
        let services = DomainReference::Name("Services".to_owned());
        assert_eq!(scope, Scope::Project(in_domain("service", services)));
    }

    #[test]
    fn to_say_nothing_of_who_the_service_is_is_a_warning() {
        let mut nothing = Config::default();
        assert!(warnings(&nothing).is_empty());
        nothing.default.auth_strategy = "keystone".to_owned();
        assert!(refusals(&nothing).is_empty());
        assert!(warnings(&nothing)[0].contains("[keystone_authtoken] has no auth_url"));
        assert!(warnings(&config()).is_empty());
    }

    #[test]
    fn whatever_is_missing_is_told_with_its_group_and_option() {
        let told = |change: fn(&mut Config)| {
            let mut config = config();
            change(&mut config);
            refusals(&config).join("\n")
        };
        assert_eq!(told(|_| ()), "");
        for (change, words) in [
            (
                (|config| config.keystone_credentials.auth_url = None) as fn(&mut Config),
                "auth_url is missing",
            ),
            (|config| config.keystone_credentials.auth_url = Some("keystone:5000".into()), "is no URL"),
            (|config| config.keystone_credentials.auth_type = None, "auth_type is missing"),
            (|config| config.keystone_credentials.auth_type = Some("v3kerberos".into()), "v3kerberos"),
            (|config| config.keystone_credentials.username = None, "username is missing"),
            (|config| config.keystone_credentials.password = None, "password is missing"),
            (|config| config.keystone_credentials.default_domain_id = None, "user_domain_name is missing"),
            (|config| config.keystone_authtoken.keyfile = Some("key".into()), "certfile is missing"),
            (
                |config| {
                    config.keystone_credentials.auth_type = Some("v3applicationcredential".into());
                    config.keystone_credentials.application_credential_secret = Some(Secret::new("s"));
                },
                "application_credential_id is missing",
            ),
        ] {
            let told = told(change);
            assert!(told.starts_with("[keystone_authtoken] ") && told.contains(words), "{words}: {told}");
        }
        assert!(told(|config| config.default.auth_strategy = "ldap".into()).starts_with("[DEFAULT] auth_s"));
    }
}
