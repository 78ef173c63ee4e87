//! The environment variables of options.

use std::collections::HashMap;
use std::ffi::OsString;

use crate::option::{OptionKey, OptionSpec};
use crate::registry::Registry;

/// A variable that names an option group of ours.
pub(crate) struct Variable<'a> {
    pub(crate) name: String,
    pub(crate) meaning: VariableMeaning<'a>,
    /// `None` if it is not UTF-8.
    pub(crate) value: Option<String>,
}

/// What a variable refers to.
#[derive(Clone)]
pub(crate) enum VariableMeaning<'a> {
    /// An option. `exact`: by oslo.config's name, not by the shell-safe one.
    Option { option: &'a OptionSpec, exact: bool },
    /// An option that the group does not have.
    UnknownOption { group: &'static str, name: String },
}

/// The variables that name a group of ours, sorted by name. Other variables are ignored.
pub(crate) fn variables<'a>(
    registry: &'a Registry,
    environment: &[(OsString, OsString)],
) -> Vec<Variable<'a>> {
    let meanings = meanings(registry);
    let groups = groups(registry);
    let variable = |(name, value): &(OsString, OsString)| {
        let name = name.to_str()?;
        let known = meanings.get(name).cloned();
        let meaning = known.or_else(|| {
            let (group, option) = name.strip_prefix("OS_")?.split_once("__")?;
            let group = *groups.get(group)?;
            Some(VariableMeaning::UnknownOption { group, name: option.to_lowercase() })
        })?;
        Some(Variable { name: name.to_owned(), meaning, value: value.to_str().map(str::to_owned) })
    };
    let mut variables = environment.iter().filter_map(variable).collect::<Vec<_>>();
    variables.sort_by(|one, other| one.name.cmp(&other.name));
    variables
}

fn meanings(registry: &Registry) -> HashMap<String, VariableMeaning<'_>> {
    let mut meanings = HashMap::new();
    for option in registry.options() {
        let OptionKey { group, name } = option.key;
        for (group, exact) in [(for_shells(group), false), (group.to_uppercase(), true)] {
            let variable = format!("OS_{group}__{}", name.to_uppercase());
            meanings.insert(variable, VariableMeaning::Option { option, exact });
        }
    }
    meanings
}

fn groups(registry: &Registry) -> HashMap<String, &'static str> {
    registry.groups().flat_map(|group| [(group.to_uppercase(), group), (for_shells(group), group)]).collect()
}

/// A shell cannot export a name with a colon, so an underscore replaces it.
fn for_shells(group: &str) -> String {
    group.to_uppercase().replace(':', "_")
}

#[cfg(test)]
mod tests {
    use super::{VariableMeaning, meanings};
    use crate::registry::Registry;

    #[test]
    fn no_name_stands_for_two_options() {
        let registry = Registry::new(&[]);
        let names =
            registry.options().map(|option| 1 + usize::from(option.key.group.contains(':'))).sum::<usize>();
        assert_eq!(meanings(&registry).len(), names);
    }

    #[test]
    fn a_group_with_colons_has_a_name_for_shells_too() {
        let registry = Registry::new(&[]);
        let meanings = meanings(&registry);
        for (name, is_exact) in
            [("OS_DRIVERS:TRANSPORT:WSGI__PORT", true), ("OS_DRIVERS_TRANSPORT_WSGI__PORT", false)]
        {
            let Some(VariableMeaning::Option { option, exact }) = meanings.get(name) else {
                panic!("{name}")
            };
            assert_eq!(
                (option.key.to_string().as_str(), *exact),
                ("[drivers:transport:wsgi] port", is_exact)
            );
        }
    }
}
