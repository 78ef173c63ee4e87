//! Loads a configuration from its sources, step by step.

use crate::auth_section;
use crate::duplicates;
use crate::effective::EffectiveOption;
use crate::problem::{Problems, Warning};
use crate::registry::Registry;
use crate::resolver;
use crate::sections::{Config, SectionSpec};
use crate::settings::Settings;
use crate::sources::Sources;

/// A valid configuration and its warnings.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub config: Config,
    pub warnings: Vec<Warning>,
    /// Every option with its effective value, in the order of the sample file.
    pub effective: Vec<EffectiveOption>,
}

/// Loads all sources. `drivers`: the sections that storage drivers bring.
///
/// # Errors
///
/// All errors of all sources, with the warnings. No input causes a panic.
pub fn load(sources: &Sources, drivers: &[SectionSpec]) -> Result<Loaded, Problems> {
    let registry = Registry::new(drivers);
    let mut problems = Problems::default();
    let mut documents = sources.documents(&mut problems);
    problems.warnings.extend(duplicates::groups(&documents, &registry));
    auth_section::apply(&mut documents, &registry);
    let settings = Settings::collect(&registry, documents, &sources.environment, &mut problems);
    let (values, effective) = resolver::resolve(&registry, &settings, &mut problems);
    let config = Config::from_values(&values, drivers);
    if problems.errors.is_empty() {
        Ok(Loaded { config, warnings: problems.warnings, effective })
    } else {
        Err(Problems { rest: Box::new(config), ..problems })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

    use super::load;
    use crate::ini;
    use crate::sources::{Source, Sources};

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_value_survives_being_written_and_read(value in r#"\PC{0,20}|[ \\$"'={}a.#;:é\u{1c}\u{a0}]{0,10}"#) {
            let file = tempfile::NamedTempFile::new().unwrap();
            if let Some(written) = ini::render(&value) {
                let text = format!("[notification]\nsmtp_command = {written}\n");
                std::fs::write(file.path(), text).unwrap();
                let loaded = load(&Sources { paths: vec![Source::File(file.path().to_owned())], ..Sources::default() }, &[]).unwrap();
                prop_assert_eq!(loaded.config.notification.smtp_command, value);
            }
        }
    }
}
