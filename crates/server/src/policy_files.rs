//! The files of the policy: where they are, what they say together, and whether they have changed.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use zaqar_config::{Config, OsloPolicy, Source};
use zaqar_domain::{Policy, RuleProblem, RuleText};

use crate::cli::ConfigSources;
use crate::policy_file;
use crate::watched_files::{Stamp, WatchedFiles};

/// A larger file is no policy, in bytes.
const LARGEST: u64 = 1 << 20;
/// What upstream's file was called before; taken where there is none of the present name.
const FORMER_NAME: &str = "policy.json";

#[derive(Debug)]
pub(crate) struct PolicyFiles {
    /// Where relative names are looked for, in this order.
    places: Vec<PathBuf>,
    options: OsloPolicy,
}

impl PolicyFiles {
    pub(crate) fn new(config: &Config, sources: &ConfigSources) -> Self {
        let mut places: Vec<_> = sources.paths.iter().rev().map(directory).collect();
        if places.is_empty() {
            places.push(PathBuf::from("."));
        }
        Self { places, options: config.oslo_policy.clone() }
    }

    /// The files there are, in the order in which they are read.
    ///
    /// # Errors
    ///
    /// Those that were named and are not there.
    pub(crate) fn found(&self) -> Result<Vec<PathBuf>, Vec<String>> {
        let mut files = Vec::new();
        let mut errors = Vec::new();
        let defaults = OsloPolicy::default();
        match self.find_file() {
            Ok(Some(file)) => files.push(file),
            Ok(None) if self.options.policy_file == defaults.policy_file => {}
            Ok(None) => errors.push(self.absent("policy_file", &self.options.policy_file)),
            Err(error) => errors.push(error),
        }
        for name in &self.options.policy_dirs {
            let listed = match self.find(name) {
                Ok(Some(directory)) => files_in(&directory).map(Some),
                Ok(None) => Ok(None),
                Err(error) => Err(error),
            };
            match listed {
                Ok(Some(listed)) => files.extend(listed),
                Ok(None) if defaults.policy_dirs.contains(name) => {}
                Ok(None) => errors.push(self.absent("policy_dirs", name)),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(files) } else { Err(errors) }
    }

    fn find_file(&self) -> Result<Option<PathBuf>, String> {
        let name = &self.options.policy_file;
        match self.find(name)? {
            None if *name == OsloPolicy::default().policy_file => self.find(FORMER_NAME),
            found => Ok(found),
        }
    }

    /// The first of this name. A place that cannot be looked into is an error: what is there may forbid something.
    fn find(&self, name: &str) -> Result<Option<PathBuf>, String> {
        for path in self.candidates(name) {
            match fs::metadata(&path) {
                Ok(_) => return Ok(Some(path)),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(unreadable(&path, &error)),
            }
        }
        Ok(None)
    }

    fn candidates(&self, name: &str) -> Vec<PathBuf> {
        if Path::new(name).is_absolute() {
            return vec![PathBuf::from(name)];
        }
        self.places.iter().map(|place| place.join(name)).collect()
    }

    fn absent(&self, option: &str, name: &str) -> String {
        let paths: Vec<_> = self.candidates(name).iter().map(|path| path.display().to_string()).collect();
        format!("[oslo_policy] {option} = {name} does not exist: looked for {}", paths.join(", "))
    }
}

impl WatchedFiles for PolicyFiles {
    type Content = Policy;
    const NAME: &'static str = "the policy";

    fn stamp(&self) -> Stamp {
        let mut paths = self.candidates(&self.options.policy_file);
        paths.extend(self.candidates(FORMER_NAME));
        for name in &self.options.policy_dirs {
            for directory in self.candidates(name) {
                paths.extend(files_in(&directory).unwrap_or_default());
                paths.push(directory);
            }
        }
        Stamp::of(paths)
    }

    fn load(&self) -> Result<(Self::Content, Vec<String>), Vec<String>> {
        let mut rules: Vec<(String, RuleText)> = Vec::new();
        let mut lines = HashMap::new();
        let mut warnings = Vec::new();
        let mut errors = Vec::new();
        for path in self.found()? {
            match read(&path) {
                Ok(entries) => {
                    let mut seen = HashMap::new();
                    for entry in entries {
                        let place = format!("{}:{}", path.display(), entry.line);
                        if let Some(before) = seen.insert(entry.name.clone(), entry.line) {
                            warnings.push(format!(
                                "{place}: {}: stands in line {before} too; this one counts",
                                entry.name
                            ));
                        }
                        lines.insert(entry.name.clone(), place);
                        // So that what is wrong with a rule is told of the one that counts.
                        rules.retain(|(name, _)| *name != entry.name);
                        rules.push((entry.name, entry.text));
                    }
                }
                Err(error) => errors.push(error),
            }
        }
        let told = |RuleProblem { rule, reason }: RuleProblem| match lines.get(&rule) {
            Some(place) => format!("{place}: {rule}: {reason}"),
            None => format!("{rule}: {reason}"),
        };
        match Policy::new(&rules, &self.options.policy_default_rule) {
            Ok(policy) if errors.is_empty() => {
                warnings.extend(policy.remarks().into_iter().map(told));
                Ok((policy, warnings))
            }
            Ok(_) => Err(errors),
            Err(problems) => {
                errors.extend(problems.into_iter().map(told));
                Err(errors)
            }
        }
    }
}

fn directory(source: &Source) -> PathBuf {
    match source {
        Source::Directory(directory) => directory.clone(),
        Source::File(file) => match file.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        },
    }
}

/// The files of a directory that are not hidden, in the order of their names.
fn files_in(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let list = || -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if !hidden && !fs::metadata(entry.path())?.is_dir() {
                files.push(entry.path());
            }
        }
        files.sort();
        Ok(files)
    };
    list().map_err(|error| unreadable(directory, &error))
}

fn read(path: &Path) -> Result<Vec<policy_file::Entry>, String> {
    let mut bytes = Vec::new();
    let opened = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    let length = opened.map_err(|error| unreadable(path, &error))?;
    if u64::try_from(length).is_ok_and(|length| length > LARGEST) {
        return Err(format!("{}: the file is larger than {} MiB", path.display(), LARGEST >> 20));
    }
    let text = String::from_utf8(bytes).map_err(|_| format!("{}: the file is not UTF-8", path.display()))?;
    policy_file::parse(&text)
        .map_err(|fault| format!("{}:{}:{}: {}", path.display(), fault.line, fault.column, fault.reason))
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}
