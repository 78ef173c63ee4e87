//! The configuration as the server uses it: what is written in files and the environment, held to what this version
//! can do.

use zaqar_config::{Config, Loaded, Sources};
use zaqar_domain::Stages;

use crate::cli::ConfigSources;
use crate::tls_files::TlsFiles;
use crate::{
    confirmations, email, encryption, http, keystone, logging, notifications, pipelines, signing_keys,
    stores, trustee,
};

/// What there is to say about a configuration, a line each.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) errors: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

/// Reads the configuration. The report has warnings in any case; with an error in it there is no configuration.
pub(crate) fn read(options: &ConfigSources, stages: &Stages) -> (Option<Config>, Report) {
    let sources = Sources { paths: options.paths.clone(), environment: std::env::vars_os().collect() };
    match zaqar_config::load(&sources) {
        Ok(Loaded { config, warnings }) => {
            let mut report = Report { errors: refusals(&config, stages), warnings: lines(&warnings) };
            report.warnings.extend(encryption::remarks(&config.transport));
            report.warnings.extend(http::useless_origins(&config.cors));
            report.warnings.extend(idle(&config));
            report.warnings.extend(keystone::warnings(&config));
            report.warnings.extend(trustee::warnings(&config));
            report.warnings.extend(email::warnings(&config));
            report.warnings.extend(confirmations::warnings(&config));
            (report.errors.is_empty().then_some(config), report)
        }
        Err(problems) => {
            let mut errors = lines(&problems.errors);
            errors.extend(refusals(&problems.rest, stages));
            (None, Report { errors, warnings: lines(&problems.warnings) })
        }
    }
}

fn lines<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

/// What is set and has no effect beside the rest.
fn idle(config: &Config) -> Option<String> {
    let is_idle = config.pooling_catalog.enable_virtual_pool && !config.default.pooling;
    is_idle
        .then(|| "[pooling:catalog] enable_virtual_pool has no effect without [DEFAULT] pooling".to_owned())
}

/// What is asked for and not there. Going on without it would leave an installation open, or without its data.
fn refusals(config: &Config, stages: &Stages) -> Vec<String> {
    let mut refusals = keystone::refusals(config);
    if config.drivers.transport.is_empty() {
        refusals.push("[drivers] transport names none; the choice is: wsgi, websocket, or both".to_owned());
    }
    refusals.extend(encryption::refusals(&config.transport));
    refusals.extend(notifications::refusals(&config.notification));
    refusals.extend(stores::unknown_names(&config.drivers));
    refusals.extend(pipelines::unknown_names(&config.storage, stages));
    refusals.extend(signing_keys::read(&config.signed_url).err());
    refusals.extend(trustee::refusals(config));
    refusals.extend(email::refusals(config));
    refusals.extend(confirmations::refusals(config));
    refusals.extend(http::cors(&config.cors).err());
    refusals.extend(TlsFiles::new(&config.ssl).err());
    refusals.extend(logging::filter(&config.logging).err().map(|error| format!("{error:#}")));
    refusals
}

#[cfg(test)]
mod tests {
    use zaqar_config::Config;
    use zaqar_domain::Stages;

    use super::{idle, refusals};

    #[test]
    fn a_virtual_pool_without_pools_is_told() {
        let mut config = Config::default();
        config.pooling_catalog.enable_virtual_pool = true;
        assert!(idle(&config).is_some());
        config.default.pooling = true;
        assert_eq!(idle(&config), None);
    }

    #[test]
    fn the_defaults_are_not_refused() {
        assert_eq!(refusals(&Config::default(), &Stages::new()), Vec::<String>::new());
    }

    #[test]
    fn everything_that_is_not_there_is_refused_at_once() {
        let mut config = Config::default();
        config.default.auth_strategy = "ldap".to_owned();
        config.drivers.transport.clear();
        config.drivers.message_store = "redis".to_owned();
        config.drivers.management_store = "mongodb".to_owned();
        config.logging.log_level = "loud,,=".to_owned();
        config.storage.claim_pipeline = vec!["acme.words".to_owned()];
        let refusals = refusals(&config, &Stages::new());
        assert_eq!(refusals.len(), 6, "{refusals:?}");
    }
}
