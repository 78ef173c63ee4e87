//! `[trustee]`, as the authentication takes it, and its place in the domain.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use zaqar_authentication::{Connection, TrusteeOptions, Trusts};
use zaqar_config::Config;
use zaqar_domain::{TrustMaker, TrustNotMade};
use zaqar_model::{Clock, TrustRequest};

use crate::credentials::{Missing, says_nothing, user};
use crate::keystone::DEFAULT_TIMEOUT;

const GROUP: &str = "trustee";

/// `None`: nobody can lend rights to this service.
pub(crate) fn trusts(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Option<Arc<Trusts>>> {
    let options = options(config).map_err(|errors| anyhow::anyhow!(errors.join("\nzaqar: ")))?;
    options
        .map(|options| Trusts::new(options, clock).map(Arc::new))
        .transpose()
        .context("no trusts can be made")
}

/// Everything that is wrong, a sentence each.
pub(crate) fn refusals(config: &Config) -> Vec<String> {
    options(config).err().unwrap_or_default()
}

/// What is set and has no effect: a trust says itself what it is for.
pub(crate) fn warnings(config: &Config) -> Vec<String> {
    let options = &config.trustee;
    let scopes = [
        ("system_scope", &options.system_scope),
        ("domain_id", &options.domain_id),
        ("domain_name", &options.domain_name),
        ("project_id", &options.project_id),
        ("project_name", &options.project_name),
        ("project_domain_id", &options.project_domain_id),
        ("project_domain_name", &options.project_domain_name),
        ("trust_id", &options.trust_id),
        ("application_credential_id", &options.application_credential_id),
        ("application_credential_name", &options.application_credential_name),
    ];
    let secret = ("application_credential_secret", options.application_credential_secret.is_some());
    let set = scopes.into_iter().map(|(name, value)| (name, value.is_some())).chain([secret]);
    set.filter(|(_, is_set)| *is_set)
        .map(|(name, _)| format!("[{GROUP}] {name} has no effect: each trust says what it is for"))
        .collect()
}

fn options(config: &Config) -> Result<Option<TrusteeOptions>, Vec<String>> {
    let (credentials, session) = (&config.trustee, &config.trustee_session);
    if says_nothing(credentials) {
        return Ok(None);
    }
    let mut missing = Missing::in_group(GROUP, "subscribers of trust+http and trust+https need it");
    match credentials.auth_type.as_deref() {
        Some("password" | "v3password") => {}
        Some(other) => missing.told.push(format!(
            "[{GROUP}] auth_type = {other} cannot be used for trusts; the choices are: password, v3password"
        )),
        None => missing.add("auth_type", "set it to password"),
    }
    let auth_url = missing.url("auth_url", credentials.auth_url.as_ref());
    let password = missing.secret("password", credentials.password.as_ref());
    let user = user(credentials, &mut missing);
    if session.keyfile.is_some() && session.certfile.is_none() {
        missing.add("certfile", "keyfile is the key of it");
    }
    let path = |option: &Option<String>| option.as_ref().map(Into::into);
    let timeout = session.timeout.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let timeout = timeout.filter(|timeout| !timeout.is_zero());
    match user.filter(|_| missing.told.is_empty()) {
        Some(user) => Ok(Some(TrusteeOptions {
            auth_url,
            user,
            password,
            connection: Connection {
                cafile: path(&session.cafile),
                certfile: path(&session.certfile),
                keyfile: path(&session.keyfile),
                insecure: session.insecure,
                ..Connection::new(GROUP, timeout.unwrap_or(Duration::from_secs(DEFAULT_TIMEOUT.into())))
            },
        })),
        None => Err(missing.told),
    }
}

/// Makes the domain's trusts with Keystone.
#[derive(Debug)]
pub(crate) struct KeystoneTrusts(pub(crate) Arc<Trusts>);

#[async_trait]
impl TrustMaker for KeystoneTrusts {
    async fn make(&self, request: &TrustRequest<'_>) -> Result<String, TrustNotMade> {
        self.0.create(request).await.map_err(|error| match error {
            zaqar_authentication::TrustNotMade::Refused(reason) => TrustNotMade::Refused(reason),
            error @ zaqar_authentication::TrustNotMade::Unavailable(_) => {
                TrustNotMade::Unavailable(Box::new(error))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use zaqar_authentication::{DomainReference, Reference};
    use zaqar_config::{Config, Secret};

    use super::{options, refusals, warnings};

    fn config() -> Config {
        let mut config = Config::default();
        let trustee = &mut config.trustee;
        trustee.auth_type = Some("password".to_owned());
        trustee.auth_url = Some("http://keystone/identity".to_owned());
        trustee.username = Some("zaqar".to_owned());
        trustee.user_domain_id = Some("default".to_owned());
        trustee.password = Some(Secret::new("secret"));
        config
    }

    #[test]
    fn a_trustee_is_a_user_with_a_password() {
        let mut config = config();
        config.trustee_session.timeout = Some(2.5);
        let options = options(&config).unwrap().unwrap();
        let domain = DomainReference::Id("default".to_owned());
        assert_eq!(options.user, Reference::Name { name: "zaqar".to_owned(), domain });
        assert_eq!(options.connection.timeout, Duration::from_millis(2500));
    }

    #[test]
    fn without_one_there_are_no_trusts() {
        assert!(options(&Config::default()).unwrap().is_none());
    }

    #[test]
    fn whatever_is_missing_or_idle_is_told() {
        let told = |change: fn(&mut Config)| {
            let mut config = config();
            change(&mut config);
            [refusals(&config), warnings(&config)].concat().join("\n")
        };
        assert_eq!(told(|_| ()), "");
        for (change, words) in [
            ((|config| config.trustee.auth_url = None) as fn(&mut Config), "auth_url is missing"),
            (|config| config.trustee.auth_url = Some("keystone".into()), "is no URL"),
            (|config| config.trustee.password = None, "password is missing: subscribers of trust+http"),
            (|config| config.trustee.username = None, "username is missing"),
            (|config| config.trustee.user_domain_id = None, "user_domain_name is missing"),
            (|config| config.trustee.auth_type = None, "auth_type is missing"),
            (
                |config| config.trustee.auth_type = Some("v3applicationcredential".into()),
                "cannot be used for trusts",
            ),
            (|config| config.trustee_session.keyfile = Some("key".into()), "certfile is missing"),
            (|config| config.trustee.project_name = Some("service".into()), "project_name has no effect"),
        ] {
            let told = told(change);
            assert!(told.starts_with("[trustee] ") && told.contains(words), "{words}: {told}");
        }
    }
}
