//! A case that is written but not listed would never run.

#![allow(clippy::unwrap_used, reason = "a test: what is not as expected fails it")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");

/// `noun/file/case` of every public function in the files of cases.
fn written() -> BTreeSet<String> {
    let mut cases = BTreeSet::new();
    for noun in directories(&Path::new(SOURCES).join("cases")) {
        for entry in fs::read_dir(&noun).unwrap() {
            let file = entry.unwrap().path();
            if file.file_name().unwrap() == "mod.rs" {
                continue;
            }
            for line in fs::read_to_string(&file).unwrap().lines() {
                let Some(rest) = line.strip_prefix("pub async fn ") else { continue };
                let name = rest.split('(').next().unwrap();
                cases.insert(format!("{}/{}/{name}", stem(&noun), stem(&file)));
            }
        }
    }
    cases
}

/// The same, as the lists of macros have them: nesting by indentation.
fn listed() -> BTreeSet<String> {
    let text = fs::read_to_string(Path::new(SOURCES).join("list.rs")).unwrap();
    let (mut noun, mut file) = ("", "");
    let mut cases = BTreeSet::new();
    for line in text.lines() {
        let name = line.trim();
        match line.len() - line.trim_start().len() {
            12 => noun = name.trim_end_matches(" {"),
            16 => file = name.trim_end_matches(" {"),
            20 if name.ends_with(',') => {
                cases.insert(format!("{noun}/{file}/{}", name.trim_end_matches(',')));
            }
            _ => {}
        }
    }
    cases
}

fn directories(of: &Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect()
}

fn stem(path: &Path) -> &str {
    path.file_stem().unwrap().to_str().unwrap()
}

#[test]
fn every_case_is_listed() {
    let (written, listed) = (written(), listed());
    assert!(written.len() > 200, "the cases are found at all");
    assert_eq!(written, listed);
}
