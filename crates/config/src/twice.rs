//! Groups that a file has twice. Both count, so it is no error; but whoever looks at one may not know of the other.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::ini::Document;
use crate::problem::{Origin, Warning};
use crate::registry::Registry;

pub(crate) fn groups(documents: &[(PathBuf, Document)], registry: &Registry) -> Vec<Warning> {
    documents.iter().flat_map(|(path, document)| in_file(path, document, registry)).collect()
}

fn in_file(path: &Path, document: &Document, registry: &Registry) -> Vec<Warning> {
    let origin = |line| Origin::File { path: path.to_owned(), line };
    let mut first = HashMap::new();
    let mut warnings = Vec::new();
    // A header with nothing below it is what is left of a sample file.
    for section in document.sections.iter().filter(|section| !section.assignments.is_empty()) {
        let group = registry.group_of(&section.name);
        if !registry.has_group(&group) {
            continue;
        }
        match first.get(&group) {
            None => drop(first.insert(group, section.line)),
            Some(line) => {
                let (first, origin) = (origin(*line), origin(section.line));
                warnings.push(Warning::GroupTwice { origin, group, first });
            }
        }
    }
    warnings
}
