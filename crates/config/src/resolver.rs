//! Turns texts into values: substitutes `$` names and checks each value against its option.

use std::collections::HashMap;

use crate::effective::EffectiveOption;
use crate::interpolation::{self, ExpansionError};
use crate::option::{OptionKey, OptionSpec};
use crate::problem::{Exceeded, Problem, Problems, Warning, excerpt};
use crate::registry::{DEFAULT_GROUP, OptionMatch, Registry};
use crate::section::Values;
use crate::settings::{Setting, Settings};
use crate::value::Value;

/// Returns the values of all options that were set, and the effective values of all options. Errors go to `problems`.
pub(crate) fn resolve(
    registry: &Registry,
    settings: &Settings<'_>,
    problems: &mut Problems,
) -> (Values, Vec<EffectiveOption>) {
    let mut resolver = Resolver { registry, settings, problems, done: HashMap::new(), open: Vec::new() };
    let mut values = Values::default();
    for option in &settings.order {
        resolver.check_overridden(option);
        if let Some(resolved) = resolver.option(option) {
            resolver.warn_when_without_effect(option, &resolved.value);
            values.set(option.key, resolved.value);
        }
    }
    resolver.check_maxima();
    let effective = registry.options().filter_map(|option| {
        let Resolved { value, secret } = resolver.option(option)?;
        Some(EffectiveOption::new(option, &value, secret, settings.origins(option)))
    });
    let effective = effective.collect();
    (values, effective)
}

/// The value of an option, and whether it contains a secret.
#[derive(Clone)]
struct Resolved {
    value: Value,
    secret: bool,
}

/// Why a name cannot be resolved.
enum ReferenceError {
    UnknownOption {
        name: String,
        suggestion: Option<String>,
    },
    Cycle {
        through: String,
    },
    /// The option that it refers to is invalid, which has been reported already.
    AlreadyReported,
}

struct Resolver<'a> {
    registry: &'a Registry,
    settings: &'a Settings<'a>,
    problems: &'a mut Problems,
    /// `None` for an invalid option; the error has been reported.
    done: HashMap<OptionKey, Option<Resolved>>,
    /// The chain of options being resolved; each refers to the next one.
    open: Vec<OptionKey>,
}

impl Resolver<'_> {
    /// Recurses at most as deep as there are options.
    fn option(&mut self, option: &OptionSpec) -> Option<Resolved> {
        if let Some(resolved) = self.done.get(&option.key) {
            return resolved.clone();
        }
        self.open.push(option.key);
        let resolved = self.resolve_option(option);
        self.open.pop();
        self.done.insert(option.key, resolved.clone());
        resolved
    }

    fn resolve_option(&mut self, option: &OptionSpec) -> Option<Resolved> {
        let settings = self.settings.winning(option);
        // All lines are checked before the first invalid one ends the loop, so that all errors are reported.
        let resolved = settings.iter().map(|setting| self.setting(option, setting)).collect::<Vec<_>>();
        let joined = resolved.into_iter().collect::<Option<Vec<_>>>()?.into_iter().reduce(|mut all, more| {
            all.secret |= more.secret;
            if let (Value::List(all), Value::List(more)) = (&mut all.value, more.value) {
                all.extend(more);
            }
            all
        });
        Some(joined.unwrap_or_else(|| Resolved { value: option.default.clone(), secret: option.secret }))
    }

    fn setting(&mut self, option: &OptionSpec, setting: &Setting) -> Option<Resolved> {
        let OptionKey { group, name } = option.key;
        let mut secret = option.secret;
        let expanded = interpolation::expand(&setting.text, |reference| {
            let referred = self.refer(group, reference)?;
            secret |= referred.secret;
            Ok(referred.value.as_substituted())
        });
        let origin = setting.origin.clone();
        let parsed = match expanded {
            Ok(text) => option.parse(&text).map_err(|expected| {
                let value = shown(&setting.text, &text, option.secret, secret);
                Some(Problem::InvalidValue { origin, group, option: name, value, expected })
            }),
            Err(failure) => Err(reason(failure, option.secret).map(|reason| Problem::Substitution {
                origin,
                group,
                option: name,
                reason,
            })),
        };
        match parsed {
            Ok(value) => Some(Resolved { value, secret }),
            Err(problem) => {
                self.problems.errors.extend(problem);
                None
            }
        }
    }

    /// Resolves `name` in an option of `group`. A name with a dot refers to another group; a name without one refers to
    /// the same group, or else to `[DEFAULT]`.
    fn refer(&mut self, group: &str, name: &str) -> Result<Resolved, ReferenceError> {
        let registry = self.registry;
        let (group, option) = name.split_once('.').unwrap_or((group, name));
        let found = registry.find(group, option).or_else(|| registry.find(DEFAULT_GROUP, name));
        let Some(OptionMatch { option, .. }) = found else {
            let suggestion = registry.suggest_option(group, option);
            return Err(ReferenceError::UnknownOption { name: name.to_owned(), suggestion });
        };
        if let Some(start) = self.open.iter().position(|open| *open == option.key) {
            let cycle = self.open.iter().skip(start).chain([&option.key]).map(OptionKey::to_string);
            return Err(ReferenceError::Cycle { through: cycle.collect::<Vec<_>>().join(" -> ") });
        }
        self.option(option).ok_or(ReferenceError::AlreadyReported)
    }

    /// Checks lines that are overridden in the same file, too.
    fn check_overridden(&mut self, option: &OptionSpec) {
        let settings = self.settings;
        for (overridden, winner) in settings.overridden_in_same_file(option) {
            let OptionKey { group, name } = option.key;
            let (origin, winner) = (overridden.origin.clone(), winner.origin.clone());
            self.problems.warnings.push(Warning::DuplicateOption { origin, group, option: name, winner });
            self.open.push(option.key);
            self.setting(option, overridden);
            self.open.pop();
        }
    }

    fn check_maxima(&mut self) {
        let registry = self.registry;
        for option in registry.options() {
            let maximum = option.maximum.and_then(|name| registry.find(option.key.group, name));
            let Some(OptionMatch { option: maximum, .. }) = maximum else { continue };
            let (Some(value), Some(most)) = (self.number(option), self.number(maximum)) else { continue };
            if value > most {
                self.problems.errors.push(Problem::Exceeds(Exceeded {
                    group: option.key.group,
                    option: option.key.name,
                    value,
                    origin: self.settings.origins(option).pop(),
                    maximum: maximum.key.name,
                    maximum_value: most,
                    maximum_origin: self.settings.origins(maximum).pop(),
                }));
            }
        }
    }

    fn number(&mut self, option: &OptionSpec) -> Option<i128> {
        match self.option(option)?.value {
            Value::Integer(number) => Some(number),
            _ => None,
        }
    }

    fn warn_when_without_effect(&mut self, option: &OptionSpec, value: &Value) {
        if option.has_effect || *value == option.default {
            return;
        }
        if let Some(origin) = self.settings.origins(option).pop() {
            let OptionKey { group, name } = option.key;
            self.problems.warnings.push(Warning::NoEffect { origin, group, option: name });
        }
    }
}

/// The message about a failed substitution. A name inside a secret may be part of the secret, such as a password with a
/// dollar sign, and is not shown.
fn reason(failure: ExpansionError<ReferenceError>, secret: bool) -> Option<String> {
    const ADVICE: &str = "write $$ for a dollar sign";
    match failure {
        ExpansionError::Name(ReferenceError::UnknownOption { .. }) if secret => {
            Some(format!("the value refers by $ to an option that does not exist; {ADVICE}"))
        }
        ExpansionError::Name(ReferenceError::UnknownOption { name, suggestion }) => {
            let hint = suggestion.map(|option| format!(", did you mean {option}")).unwrap_or_default();
            Some(format!("the value refers to ${}, which is not an option{hint}; {ADVICE}", excerpt(&name)))
        }
        ExpansionError::Name(ReferenceError::Cycle { through }) => {
            Some(format!("the value refers to itself: {through}"))
        }
        ExpansionError::Name(ReferenceError::AlreadyReported) => None,
        ExpansionError::TooLong => {
            Some(format!("the value grows beyond {} bytes by substitution", interpolation::MAX_BYTES))
        }
    }
}

/// An invalid value as an error shows it: as written, and after substitution.
fn shown(written: &str, expanded: &str, is_secret: bool, holds_secret: bool) -> String {
    if is_secret && !expanded.trim().is_empty() {
        "(hidden)".to_owned()
    } else if written == expanded || holds_secret {
        format!("\"{}\"", excerpt(written))
    } else {
        format!("\"{}\" (that is \"{}\")", excerpt(written), excerpt(expanded))
    }
}
