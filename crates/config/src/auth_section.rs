//! `auth_section` in `[keystone_authtoken]` and `[trustee]`: the name of another group that holds the credentials.

use std::collections::HashSet;
use std::path::PathBuf;

use crate::ini::{IniDocument, IniSection};
use crate::registry::Registry;
use crate::section::Section as _;
use crate::sections::credentials::Credentials;

const GROUPS: [&str; 2] = ["keystone_authtoken", "trustee"];
const OPTION: &str = "auth_section";

/// Copies the credentials of the named group into the group that names it, and ignores the credentials there.
pub(crate) fn apply(documents: &mut [(PathBuf, IniDocument)], registry: &Registry) {
    let sources = GROUPS.map(|group| source_of(group, documents));
    let redirected: Vec<_> =
        GROUPS.into_iter().zip(sources).filter_map(|(group, source)| Some((group, source?))).collect();
    let names = names();
    for (_, document) in documents {
        let mut sections = Vec::new();
        for mut section in std::mem::take(&mut document.sections) {
            let name = section.name.to_lowercase();
            let (credentials, rest) = section
                .assignments
                .iter()
                .cloned()
                .partition(|assignment| names.contains(assignment.name.as_str()));
            let copies: Vec<_> = redirected
                .iter()
                .filter(|(_, source)| *source == name)
                .map(|(group, _)| IniSection {
                    name: (*group).to_owned(),
                    line: section.line,
                    assignments: Vec::clone(&credentials),
                })
                .collect();
            // A group that exists only to hold credentials for others has no options of its own.
            let is_source = !copies.is_empty() && !registry.has_group(&name);
            if is_source || redirected.iter().any(|(group, _)| *group == name) {
                section.assignments = rest;
            }
            sections.push(section);
            sections.extend(copies);
        }
        document.sections = sections;
    }
}

/// The group that the last `auth_section` line in `group` names.
fn source_of(group: &str, documents: &[(PathBuf, IniDocument)]) -> Option<String> {
    let sections = documents.iter().flat_map(|(_, document)| &document.sections);
    let assignments = sections.filter(|section| section.name.to_lowercase() == group);
    let lines = assignments.flat_map(|section| &section.assignments);
    let last = lines.rev().find(|assignment| assignment.name == OPTION)?;
    Some(last.value.trim().to_lowercase()).filter(|name| !name.is_empty() && name != group)
}

/// The current and deprecated names of all credential options.
fn names() -> HashSet<&'static str> {
    let options =
        GROUPS.into_iter().flat_map(Credentials::options).filter(|option| option.key.name != OPTION);
    options.flat_map(|option| option.deprecated_names.into_iter().chain([option.key.name])).collect()
}
