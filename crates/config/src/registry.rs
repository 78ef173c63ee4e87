//! All options there are, found by any of their names.

use std::collections::{BTreeMap, HashMap};

use crate::option::OptionSpec;
use crate::sections::Config;
use crate::suggestion;

/// The group that needs no name in `$name`, and the only one whose name is spelt in capitals.
pub(crate) const DEFAULT_GROUP: &str = "DEFAULT";

/// An option that was found by one of its names.
pub(crate) struct Found<'a> {
    pub(crate) option: &'a OptionSpec,
    /// 0 when it was found by its present name, and the higher the less the former name is preferred.
    pub(crate) age: usize,
}

pub(crate) struct Registry {
    options: Vec<OptionSpec>,
    /// By group and name, the position of the option and the age of the name.
    names: HashMap<(&'static str, &'static str), (usize, usize)>,
    groups: BTreeMap<&'static str, Vec<&'static str>>,
}

impl Registry {
    pub(crate) fn new() -> Self {
        let options = Config::sections().into_iter().flat_map(|section| section.options).collect::<Vec<_>>();
        let mut names = HashMap::new();
        let mut groups = BTreeMap::<_, Vec<_>>::new();
        for (index, option) in options.iter().enumerate() {
            groups.entry(option.key.group).or_default().push(option.key.name);
            let aged = [option.key.name].into_iter().chain(option.former_names.iter().copied()).enumerate();
            names.extend(aged.map(|(age, name)| ((option.key.group, name), (index, age))));
        }
        Self { options, names, groups }
    }

    pub(crate) fn options(&self) -> impl Iterator<Item = &OptionSpec> {
        self.options.iter()
    }

    pub(crate) fn find(&self, group: &str, name: &str) -> Option<Found<'_>> {
        let (index, age) = *self.names.get(&(group, name))?;
        Some(Found { option: self.options.get(index)?, age })
    }

    /// The group that a header means: case does not count, but for `[DEFAULT]`.
    pub(crate) fn group_of(&self, header: &str) -> String {
        if header == DEFAULT_GROUP { header.to_owned() } else { header.to_lowercase() }
    }

    pub(crate) fn has_group(&self, group: &str) -> bool {
        self.groups.contains_key(group)
    }

    pub(crate) fn groups(&self) -> impl Iterator<Item = &'static str> {
        self.groups.keys().copied()
    }

    /// The group that an unknown one was probably meant to be, as a header.
    pub(crate) fn suggest_group(&self, group: &str) -> Option<String> {
        suggestion::nearest(group, self.groups()).map(|group| format!("[{group}]"))
    }

    /// What an unknown option was probably meant to be: one of its group by a similar name, or else one of another
    /// group by this very name.
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
