//! Assigns the lines of files and the environment variables to options, and decides which of them wins. Does not parse
//! their values.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::environment::{self, VariableMeaning};
use crate::ini::{IniDocument, IniSection};
use crate::option::{OptionKey, OptionSpec};
use crate::problem::{Origin, Problem, Problems, Warning, excerpt};
use crate::registry::{OptionMatch, Registry};

/// One place that sets an option.
pub(crate) struct Setting {
    pub(crate) text: String,
    pub(crate) origin: Origin,
    layer: Layer,
    /// Within one file, the current name of an option wins over its deprecated names.
    age: Reverse<usize>,
}

/// The sources, the lowest precedence first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Layer {
    File(usize),
    ShellEnvironment,
    Environment,
}

/// The options that are set, with their origins.
pub(crate) struct Settings<'a> {
    registry: &'a Registry,
    by_option: HashMap<OptionKey, Vec<Setting>>,
    /// The options in the order in which they were first set, so that errors are reported in the order of the files.
    pub(crate) order: Vec<&'a OptionSpec>,
}

impl<'a> Settings<'a> {
    pub(crate) fn collect(
        registry: &'a Registry,
        documents: Vec<(PathBuf, IniDocument)>,
        environment: &[(OsString, OsString)],
        problems: &mut Problems,
    ) -> Self {
        let mut settings = Self { registry, by_option: HashMap::new(), order: Vec::new() };
        for (index, (path, document)) in documents.into_iter().enumerate() {
            for section in document.sections {
                settings.add_section(Layer::File(index), &path, section, problems);
            }
        }
        settings.add_environment(environment, problems);
        settings
    }

    /// The settings that take effect: one, or all lines of a repeatable option; none if the option is not set.
    pub(crate) fn winning(&self, option: &OptionSpec) -> Vec<&Setting> {
        let settings = self.by_option.get(&option.key).map(Vec::as_slice).unwrap_or_default();
        let strongest = settings.iter().max_by_key(|setting| (setting.layer, setting.age));
        match strongest {
            Some(Setting { layer: Layer::File(_), .. }) if option.is_repeated() => settings.iter().collect(),
            strongest => strongest.into_iter().collect(),
        }
    }

    /// Where the value of an option was set: several places for a repeatable option, none for a default.
    pub(crate) fn origins(&self, option: &OptionSpec) -> Vec<Origin> {
        self.winning(option).into_iter().map(|setting| setting.origin.clone()).collect()
    }

    /// Lines that are overridden by another line of the same file, each with the line that wins.
    pub(crate) fn overridden_in_same_file(&self, option: &OptionSpec) -> Vec<(&Setting, &Setting)> {
        let settings = self.by_option.get(&option.key).map(Vec::as_slice).unwrap_or_default();
        if option.is_repeated() {
            return Vec::new();
        }
        let mut winners: HashMap<Layer, &Setting> = HashMap::new();
        for setting in settings {
            let winner = winners.entry(setting.layer).or_insert(setting);
            if setting.age >= winner.age {
                *winner = setting;
            }
        }
        let pairs = settings.iter().filter_map(|setting| Some((setting, *winners.get(&setting.layer)?)));
        pairs.filter(|(setting, winner)| !std::ptr::eq(*setting, *winner)).collect()
    }

    fn add(&mut self, option: &'a OptionSpec, setting: Setting) {
        let settings = self.by_option.entry(option.key).or_default();
        if settings.is_empty() {
            self.order.push(option);
        }
        settings.push(setting);
    }

    fn add_section(&mut self, layer: Layer, path: &Path, section: IniSection, problems: &mut Problems) {
        let registry = self.registry;
        let group = registry.group_of(&section.name);
        let origin = |line| Origin::File { path: path.to_owned(), line };
        if !registry.has_group(&group) {
            // A group without options is probably left over from a sample file.
            if !section.assignments.is_empty() {
                problems.warnings.push(Warning::UnknownGroup {
                    origin: origin(section.line),
                    suggestion: registry.suggest_group(&section.name),
                    group: excerpt(&section.name),
                });
            }
            return;
        }
        for assignment in section.assignments {
            let origin = origin(assignment.line);
            let Some(found) = registry.find(&group, &assignment.name) else {
                problems.warnings.push(Warning::UnknownOption {
                    origin,
                    suggestion: registry.suggest_option(&group, &assignment.name),
                    option: excerpt(&assignment.name),
                    group: group.clone(),
                });
                continue;
            };
            problems.warnings.extend(deprecated_name(&found, &origin));
            let age = Reverse(found.age);
            self.add(found.option, Setting { text: assignment.value, origin, layer, age });
        }
    }

    fn add_environment(&mut self, environment: &[(OsString, OsString)], problems: &mut Problems) {
        let registry = self.registry;
        for variable in environment::variables(registry, environment) {
            let origin = Origin::Environment { variable: variable.name };
            match (variable.meaning, variable.value) {
                (VariableMeaning::Option { .. }, None) => {
                    let reason = "the value is not UTF-8".to_owned();
                    problems.errors.push(Problem::Malformed { origin, reason });
                }
                (VariableMeaning::Option { option, exact }, Some(text)) => {
                    let layer = if exact { Layer::Environment } else { Layer::ShellEnvironment };
                    self.add(option, Setting { text, origin, layer, age: Reverse(0) });
                }
                (VariableMeaning::UnknownOption { group, name }, _) => {
                    problems.warnings.push(Warning::UnknownOption {
                        origin,
                        suggestion: registry.suggest_option(group, &name),
                        option: excerpt(&name),
                        group: group.to_owned(),
                    });
                }
            }
        }
    }
}

fn deprecated_name(found: &OptionMatch<'_>, origin: &Origin) -> Option<Warning> {
    let OptionKey { group, name } = found.option.key;
    let former = found.option.deprecated_names.get(found.age.checked_sub(1)?)?;
    Some(Warning::DeprecatedName { origin: origin.clone(), group, option: former, instead: name })
}
