//! `[keystone_authtoken] auth_section`: the group in which the service's credentials stand instead.

use std::collections::HashSet;
use std::path::PathBuf;

use crate::ini::{Document, Section};
use crate::registry::Registry;
use crate::section::Section as _;
use crate::sections::credentials::Credentials;

const GROUP: &str = "keystone_authtoken";
const OPTION: &str = "auth_section";

/// Reads the credentials of the group that is named as those of `[keystone_authtoken]`, where others do not count then.
pub(crate) fn follow(documents: &mut [(PathBuf, Document)], registry: &Registry) {
    let Some(named) = named(documents) else { return };
    let names = names();
    for (_, document) in documents {
        let mut followed = Vec::new();
        for mut section in std::mem::take(&mut document.sections) {
            let group = section.name.to_lowercase();
            let mut copy = None;
            if group == GROUP {
                section.assignments.retain(|assignment| !names.contains(assignment.name.as_str()));
            } else if group == named {
                let is_credential = |name: &String| names.contains(name.as_str());
                let wanted = section.assignments.iter().filter(|assignment| is_credential(&assignment.name));
                copy = Some(Section {
                    name: GROUP.to_owned(),
                    line: section.line,
                    assignments: wanted.cloned().collect(),
                });
                if !registry.has_group(&group) {
                    // It has no meaning but this one.
                    section.assignments.retain(|assignment| !is_credential(&assignment.name));
                }
            }
            followed.push(section);
            followed.extend(copy);
        }
        document.sections = followed;
    }
}

/// The group that the last line about it names.
fn named(documents: &[(PathBuf, Document)]) -> Option<String> {
    let sections = documents.iter().flat_map(|(_, document)| &document.sections);
    let assignments = sections.filter(|section| section.name.to_lowercase() == GROUP);
    let lines = assignments.flat_map(|section| &section.assignments);
    let last = lines.rev().find(|assignment| assignment.name == OPTION)?;
    Some(last.value.trim().to_lowercase()).filter(|name| !name.is_empty() && name != GROUP)
}

/// Of all options that are credentials, present names and former ones.
fn names() -> HashSet<&'static str> {
    let options = Credentials::options(GROUP).into_iter().filter(|option| option.key.name != OPTION);
    options.flat_map(|option| option.former_names.into_iter().chain([option.key.name])).collect()
}
