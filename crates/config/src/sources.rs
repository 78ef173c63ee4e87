//! Where configuration comes from, and the reading of files and directories.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::ini::{self, Document};
use crate::problem::{Origin, Problem, Problems};

/// A larger file is no configuration, in bytes.
const LARGEST: u64 = 4 << 20;

/// Where configuration comes from. The environment stands above all files.
#[derive(Clone, Default)]
pub struct Sources {
    /// In the order of the command line; the later ones stand above the earlier.
    pub paths: Vec<Source>,
    /// Variables, as [`std::env::vars_os`] lists them; those that name no option are left alone.
    pub environment: Vec<(OsString, OsString)>,
}

/// A file or directory with configuration. It must exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// What `--config-file` names.
    File(PathBuf),
    /// What `--config-dir` names: its files `*.conf` are read, sorted by name.
    Directory(PathBuf),
}

/// Leaves the environment out, as it holds passwords that are none of ours.
impl fmt::Debug for Sources {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { paths, environment: _ } = self;
        formatter.debug_struct("Sources").field("paths", paths).finish_non_exhaustive()
    }
}

impl Sources {
    /// The files' contents, the lowest first, as far as they can be read.
    pub(crate) fn documents(&self, problems: &mut Problems) -> Vec<(PathBuf, Document)> {
        let mut paths = Vec::new();
        for source in &self.paths {
            match source {
                Source::File(path) => paths.push(path.clone()),
                Source::Directory(directory) => match configuration_files(directory) {
                    Ok(files) => paths.extend(files),
                    Err(error) => problems.errors.push(unreadable(directory, &error)),
                },
            }
        }
        let mut documents = Vec::new();
        for path in paths {
            match read(&path) {
                Ok(bytes) => documents.push((path, ini::parse(&bytes))),
                Err(error) => problems.errors.push(unreadable(&path, &error)),
            }
        }
        for (path, document) in &documents {
            problems.errors.extend(document.errors.iter().map(|error| Problem::Malformed {
                origin: Origin::File { path: path.clone(), line: error.line },
                reason: error.reason.to_owned(),
            }));
        }
        documents
    }
}

fn configuration_files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let is_configuration = |name: &OsStr| {
        let name = name.as_encoded_bytes();
        name.ends_with(b".conf") && !name.starts_with(b".")
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if is_configuration(&entry.file_name()) {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// Reads at most one byte too many, so that a file without end (`/dev/zero`) is refused and not awaited.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let length = File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if u64::try_from(length).is_ok_and(|length| length <= LARGEST) {
        Ok(bytes)
    } else {
        Err(io::Error::other(format!("the file is larger than {} MiB", LARGEST >> 20)))
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Problem {
    Problem::Unreadable { path: path.to_owned(), reason: error.to_string() }
}
