//! Groups that a file has twice. Both are used, so it is not an error, but a reader of one may overlook the other.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::ini::IniDocument;
use crate::problem::{Origin, Warning};
use crate::registry::Registry;

pub(crate) fn groups(documents: &[(PathBuf, IniDocument)], registry: &Registry) -> Vec<Warning> {
    documents.iter().flat_map(|(path, document)| in_file(path, document, registry)).collect()
}

fn in_file(path: &Path, document: &IniDocument, registry: &Registry) -> Vec<Warning> {
    let origin = |line| Origin::File { path: path.to_owned(), line };
    let mut first = HashMap::new();
    let mut warnings = Vec::new();
    // A header without options is probably left over from a sample file.
    for section in document.sections.iter().filter(|section| !section.assignments.is_empty()) {
        let group = registry.group_of(&section.name);
        if !registry.has_group(&group) {
            continue;
        }
        match first.get(&group) {
            None => drop(first.insert(group, section.line)),
            Some(line) => {
                let (first, origin) = (origin(*line), origin(section.line));
                warnings.push(Warning::DuplicateGroup { origin, group, first });
            }
        }
    }
    warnings
}
