//! The configuration as the server uses it: what is written in files and the environment, held to what this version
//! can do.

use zaqar_config::{Config, Loaded, Sources};

use crate::cli::ConfigSources;
use crate::components::Components;
use crate::tls_files::TlsFiles;
use crate::{
    background, confirmations, email, encryption, http, key_mode, keystone, logging, notifications,
    pipelines, signing_keys, stores, transports, trustee,
};

/// What there is to say about a configuration, a line each.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) errors: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

impl Report {
    /// Adds what was found wrong or odd with files that the configuration names.
    pub(crate) fn take_in<T>(&mut self, loaded: Result<(T, Vec<String>), Vec<String>>) {
        match loaded {
            Ok((_, warnings)) => self.warnings.extend(warnings),
            Err(errors) => self.errors.extend(errors),
        }
    }
}

pub(crate) fn sources(options: &ConfigSources) -> Sources {
    Sources { paths: options.paths.clone(), environment: std::env::vars_os().collect() }
}

/// Reads the configuration. With an error in the report it has defaults in the place of what is wrong: to look for more
/// that is wrong, not to be used.
pub(crate) fn read(options: &ConfigSources, components: &Components) -> (Config, Report) {
    match zaqar_config::load(&sources(options), &components.drivers.sections()) {
        Ok(Loaded { config, warnings, .. }) => {
            let mut report = Report { errors: refusals(&config, components), warnings: lines(&warnings) };
            report.errors.extend(discords(&config));
            report.warnings.extend(remarks(&config, components));
            (config, report)
        }
        Err(problems) => {
            let mut report = Report { errors: lines(&problems.errors), warnings: lines(&problems.warnings) };
            // What does not go with a default may go with the value that it stands for.
            report.errors.extend(refusals(&problems.rest, components));
            (*problems.rest, report)
        }
    }
}

/// What is allowed and may be a mistake.
fn remarks(config: &Config, components: &Components) -> Vec<String> {
    let mut remarks = encryption::remarks(&config.transport);
    remarks.extend(http::useless_origins(&config.cors));
    remarks.extend(idle(config));
    remarks.extend(stores::remarks(config, &components.drivers));
    remarks.extend(background::warnings(config, &components.drivers));
    remarks.extend(open_keys(config));
    remarks.extend(keystone::warnings(config));
    remarks.extend(trustee::warnings(config));
    remarks.extend(email::warnings(config));
    remarks.extend(confirmations::warnings(config));
    remarks
}

fn lines<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

/// Private keys of ours as a client that others can read. That of the listener is looked at whenever it is read.
fn open_keys(config: &Config) -> impl Iterator<Item = String> {
    let keys = [
        ("[keystone_authtoken] keyfile", &config.keystone_authtoken.keyfile),
        ("[trustee] keyfile", &config.trustee_session.keyfile),
    ];
    keys.into_iter().filter_map(|(option, key)| key_mode::open_to_all(option, key.as_ref()?.as_ref()))
}

/// What is set and has no effect beside the rest.
fn idle(config: &Config) -> Option<String> {
    let is_idle = config.pooling_catalog.enable_virtual_pool && !config.default.pooling;
    is_idle
        .then(|| "[pooling:catalog] enable_virtual_pool has no effect without [DEFAULT] pooling".to_owned())
}

/// Single options that ask for what is not there. Going on without it would leave an installation open, or without its
/// data.
fn refusals(config: &Config, components: &Components) -> Vec<String> {
    let mut refusals = Vec::from_iter(keystone::unknown_strategy(config));
    refusals.extend(background::nothing_to_do(config));
    refusals.extend(encryption::refusals(&config.transport));
    refusals.extend(notifications::refusals(&config.notification));
    refusals.extend(stores::refusals(config, &components.drivers));
    refusals.extend(pipelines::unknown_names(&config.storage, &components.stages));
    refusals.extend(signing_keys::read(&config.signed_url).err());
    refusals.extend(confirmations::refusals(config));
    refusals.extend(http::cors(&config.cors).err());
    refusals.extend(logging::filter(&config.logging).err().map(|error| format!("{error:#}")));
    refusals
}

/// Options that do not go together, or that need others.
fn discords(config: &Config) -> Vec<String> {
    let mut discords = keystone::refusals(config);
    discords.extend(transports::shared_port(config));
    discords.extend(encryption::former_keys_alone(&config.transport));
    discords.extend(trustee::refusals(config));
    discords.extend(email::refusals(config));
    discords.extend(TlsFiles::new(&config.ssl).err());
    discords
}

#[cfg(test)]
mod tests {
    use zaqar_config::Config;

    use crate::components::Components;

    use super::{discords, idle, refusals};

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
        assert_eq!(refusals(&Config::default(), &Components::default()), Vec::<String>::new());
        assert_eq!(discords(&Config::default()), Vec::<String>::new());
    }

    #[test]
    fn everything_that_is_not_there_is_refused_at_once() {
        let mut config = Config::default();
        config.default.auth_strategy = "ldap".to_owned();
        config.drivers.transport.clear();
        config.drivers.background.clear();
        config.drivers.message_store = "swift".to_owned();
        config.drivers.management_store = "mongodb".to_owned();
        config.logging.log_level = "loud,,=".to_owned();
        config.storage.claim_pipeline = vec!["acme.words".to_owned()];
        let refusals = refusals(&config, &Components::default());
        assert_eq!(refusals.len(), 6, "{refusals:?}");
    }
}
