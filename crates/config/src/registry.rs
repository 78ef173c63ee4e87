//! All options, found by any of their names.

use std::collections::{BTreeMap, HashMap};

use crate::option::OptionSpec;
use crate::sections::{Config, SectionSpec};
use crate::suggestion;

/// The group that `$name` without a group refers to, and the only group whose name is in capitals.
pub(crate) const DEFAULT_GROUP: &str = "DEFAULT";

/// An option found by one of its names.
pub(crate) struct OptionMatch<'a> {
    pub(crate) option: &'a OptionSpec,
    /// 0 for the current name; the higher, the less preferred the deprecated name.
    pub(crate) age: usize,
}

pub(crate) struct Registry {
    options: Vec<OptionSpec>,
    /// The index of the option and the age of the name, by group and name.
    names: HashMap<(&'static str, &'static str), (usize, usize)>,
    groups: BTreeMap<&'static str, Vec<&'static str>>,
}

impl Registry {
    /// Of the sections of this crate and of those that storage drivers bring.
    pub(crate) fn new(drivers: &[SectionSpec]) -> Self {
        let options =
            Config::sections(drivers).into_iter().flat_map(|section| section.options).collect::<Vec<_>>();
        let mut names = HashMap::new();
        let mut groups = BTreeMap::<_, Vec<_>>::new();
        for (index, option) in options.iter().enumerate() {
            groups.entry(option.key.group).or_default().push(option.key.name);
            let aged =
                [option.key.name].into_iter().chain(option.deprecated_names.iter().copied()).enumerate();
            names.extend(aged.map(|(age, name)| ((option.key.group, name), (index, age))));
        }
        Self { options, names, groups }
    }

    pub(crate) fn options(&self) -> impl Iterator<Item = &OptionSpec> {
        self.options.iter()
    }

    pub(crate) fn find(&self, group: &str, name: &str) -> Option<OptionMatch<'_>> {
        let (index, age) = *self.names.get(&(group, name))?;
        Some(OptionMatch { option: self.options.get(index)?, age })
    }

    /// The group of a header. Case is ignored, except for `[DEFAULT]`.
    pub(crate) fn group_of(&self, header: &str) -> String {
        if header == DEFAULT_GROUP { header.to_owned() } else { header.to_lowercase() }
    }

    pub(crate) fn has_group(&self, group: &str) -> bool {
        self.groups.contains_key(group)
    }

    pub(crate) fn groups(&self) -> impl Iterator<Item = &'static str> {
        self.groups.keys().copied()
    }

    /// The header that was probably meant by an unknown group.
    pub(crate) fn suggest_group(&self, group: &str) -> Option<String> {
        suggestion::nearest(group, self.groups()).map(|group| format!("[{group}]"))
    }

    /// The option that was probably meant by an unknown one: one of the same group with a similar name, or one of
    /// another group with the same name.
    pub(crate) fn suggest_option(&self, group: &str, name: &str) -> Option<String> {
        let siblings = self.groups.get(group).map(Vec::as_slice).unwrap_or_default();
        let elsewhere =
            || self.options().find(|option| option.key.name == name).map(|option| option.key.to_string());
        suggestion::nearest(name, siblings.iter().copied()).map(str::to_owned).or_else(elsewhere)
    }
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
