//! Requests to confirm a subscription, from `[notification]`.

use zaqar_authentication::Authentication;
use zaqar_config::Config;
use zaqar_notifier::{Confirmations, PublicEndpoints};

use crate::signing_keys;

/// What makes notices of requests to confirm.
///
/// # Errors
///
/// A signing key that is none.
pub(crate) fn confirmations(
    config: &Config,
    authentication: &Authentication,
) -> Result<Confirmations, String> {
    let endpoints = PublicEndpoints {
        rest: config.notification.public_endpoint.clone(),
        keystone: match authentication {
            Authentication::Keystone(keystone) => Some(keystone.clone()),
            Authentication::Open => None,
        },
    };
    Ok(Confirmations::new(signing_keys::read(&config.signed_url)?, endpoints))
}

/// Everything that is wrong, a sentence each.
pub(crate) fn refusals(config: &Config) -> Option<String> {
    let endpoint = config.notification.public_endpoint.as_deref()?;
    let is_url = ["http://", "https://"].iter().any(|scheme| endpoint.starts_with(scheme));
    (!is_url).then(|| {
        format!(
            "[notification] public_endpoint = {endpoint} is no address: write http:// or https:// before it"
        )
    })
}

pub(crate) fn warnings(config: &Config) -> Vec<String> {
    if !config.notification.require_confirmation {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    if config.signed_url.secret_key.is_none() && config.signed_url.secret_keys.is_empty() {
        warnings.push(
            "[signed_url] has no key, but [notification] require_confirmation is: no subscriber can be asked \
             to confirm, so only clients of the API can confirm for them"
                .to_owned(),
        );
    }
    if config.notification.public_endpoint.is_none() && config.default.auth_strategy.is_empty() {
        warnings.push(
            "[notification] public_endpoint is not set, and there is no Keystone to know it: requests to confirm do not \
             say where to answer"
                .to_owned(),
        );
    }
    warnings
}

#[cfg(test)]
mod tests {
    use zaqar_config::{Config, Secret};

    use super::{refusals, warnings};

    #[test]
    fn what_keeps_subscribers_from_confirming_is_told() {
        let mut config = Config::default();
        assert!(warnings(&config).is_empty());
        config.notification.require_confirmation = true;
        assert_eq!(warnings(&config).len(), 2);
        config.signed_url.secret_key = Some(Secret::new("key"));
        config.notification.public_endpoint = Some("https://zaqar.example.org".to_owned());
        assert!(warnings(&config).is_empty());
        assert_eq!(refusals(&config), None);
        config.notification.public_endpoint = Some("zaqar.example.org".to_owned());
        assert!(refusals(&config).is_some());
    }
}
