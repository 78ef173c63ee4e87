//! `auth_section` in `[keystone_authtoken]` and `[trustee]`: the group in which the credentials stand instead.

use std::collections::HashSet;
use std::path::PathBuf;

use crate::ini::{Document, Section};
use crate::registry::Registry;
use crate::section::Section as _;
use crate::sections::credentials::Credentials;

const GROUPS: [&str; 2] = ["keystone_authtoken", "trustee"];
const OPTION: &str = "auth_section";

/// Reads the credentials of a group that is named as those of the group that names it, where others do not count then.
pub(crate) fn follow(documents: &mut [(PathBuf, Document)], registry: &Registry) {
    let named = GROUPS.map(|group| named(group, documents));
    let followers: Vec<_> =
        GROUPS.into_iter().zip(named).filter_map(|(group, named)| Some((group, named?))).collect();
    let names = names();
    for (_, document) in documents {
        let mut followed = Vec::new();
        for mut section in std::mem::take(&mut document.sections) {
            let group = section.name.to_lowercase();
            let (credentials, rest) = section
                .assignments
                .iter()
                .cloned()
                .partition(|assignment| names.contains(assignment.name.as_str()));
            let copies: Vec<_> = followers
                .iter()
                .filter(|(_, named)| *named == group)
                .map(|(follower, _)| Section {
                    name: (*follower).to_owned(),
                    line: section.line,
                    assignments: Vec::clone(&credentials),
                })
                .collect();
            // Of a group that only holds credentials for others, they are the only meaning.
            let is_source = !copies.is_empty() && !registry.has_group(&group);
            if is_source || followers.iter().any(|(follower, _)| *follower == group) {
                section.assignments = rest;
            }
            followed.push(section);
            followed.extend(copies);
        }
        document.sections = followed;
    }
}

/// The group that the last line about it in `group` names.
fn named(group: &str, documents: &[(PathBuf, Document)]) -> Option<String> {
    let sections = documents.iter().flat_map(|(_, document)| &document.sections);
    let assignments = sections.filter(|section| section.name.to_lowercase() == group);
    let lines = assignments.flat_map(|section| &section.assignments);
    let last = lines.rev().find(|assignment| assignment.name == OPTION)?;
    Some(last.value.trim().to_lowercase()).filter(|name| !name.is_empty() && name != group)
}

/// Of all options that are credentials, present names and former ones.
fn names() -> HashSet<&'static str> {
    let options =
        GROUPS.into_iter().flat_map(Credentials::options).filter(|option| option.key.name != OPTION);
    options.flat_map(|option| option.former_names.into_iter().chain([option.key.name])).collect()
}
