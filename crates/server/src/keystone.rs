//! `[keystone_authtoken]`, as the authentication takes it.

use std::sync::Arc;
use std::time::Duration;

use zaqar_authentication::{Authentication, Connection, Keystone, KeystoneOptions, Login};
use zaqar_config::{Config, KeystoneAuthtoken};
use zaqar_model::Clock;

use crate::credentials::{Missing, login, says_nothing};

const GROUP: &str = "keystone_authtoken";

/// In this time Keystone answers, if nothing else is set, in seconds.
pub(crate) const DEFAULT_TIMEOUT: u32 = 10;

/// Who says who is asking.
pub(crate) fn authentication(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Authentication> {
    if config.default.auth_strategy.is_empty() {
        return Ok(Authentication::Open);
    }
    let options = options(config).map_err(|errors| anyhow::anyhow!(errors.join("\nzaqar: ")))?;
    Ok(Authentication::Keystone(Arc::new(Keystone::new(options, clock)?)))
}

pub(crate) fn unknown_strategy(config: &Config) -> Option<String> {
    let strategy = &config.default.auth_strategy;
    let is_known = ["", "keystone"].contains(&strategy.as_str());
    (!is_known).then(|| {
        format!(
            "[DEFAULT] auth_strategy = {strategy} is not a way to authenticate callers; the choice is: keystone, or \
             nothing where everyone who can reach the port is trusted"
        )
    })
}

/// Everything that is missing or wrong of what Keystone needs, a sentence each.
pub(crate) fn refusals(config: &Config) -> Vec<String> {
    match config.default.auth_strategy.as_str() {
        "keystone" => options(config).err().unwrap_or_default(),
        _ => Vec::new(),
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

fn options(config: &Config) -> Result<KeystoneOptions, Vec<String>> {
    let credentials = &config.keystone_credentials;
    if says_nothing(credentials) {
        let auth_url = config.keystone_authtoken.www_authenticate_uri.clone().unwrap_or_default();
        return Ok(with_credentials(&config.keystone_authtoken, auth_url, None));
    }
    let mut missing = Missing::in_group(GROUP, "auth_strategy = keystone needs it");
    let auth_url = missing.url("auth_url", credentials.auth_url.as_ref());
    let login = login(credentials, &mut missing);
    if config.keystone_authtoken.keyfile.is_some() && config.keystone_authtoken.certfile.is_none() {
        missing.add("certfile", "keyfile is the key of it");
    }
    if missing.told.is_empty() {
        Ok(with_credentials(&config.keystone_authtoken, auth_url, login))
    } else {
        Err(missing.told)
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
            retries: options.http_request_max_retries,
            ..Connection::new(GROUP, Duration::from_secs(timeout.into()))
        },
        token_cache_time: u64::try_from(options.token_cache_time).unwrap_or_default(),
        service_token_roles: options.service_token_roles.clone(),
        service_token_roles_required: options.service_token_roles_required,
        service_type: options.service_type.clone(),
        delay_auth_decision: options.delay_auth_decision,
        include_service_catalog: options.include_service_catalog,
    }
}

#[cfg(test)]
mod tests {
    use zaqar_authentication::{DomainReference, Login, Reference, Scope};
    use zaqar_config::{Config, Secret};

    use super::{options, refusals, unknown_strategy, warnings};

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
        let ldap = |config: &mut Config| config.default.auth_strategy = "ldap".into();
        assert_eq!(told(ldap), "");
        let mut config = config();
        assert_eq!(unknown_strategy(&config), None);
        ldap(&mut config);
        assert!(
            unknown_strategy(&config).is_some_and(|told| told.starts_with("[DEFAULT] auth_strategy = ldap"))
        );
    }
}
