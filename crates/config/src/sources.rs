//! The sources of a configuration, and how files and directories are read.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::ini::{self, IniDocument};
use crate::problem::{Origin, Problem, Problems};

/// Maximum size of a file, in bytes.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// The sources of a configuration. The environment takes precedence over all files.
#[derive(Clone, Default)]
pub struct Sources {
    /// In the order of the command line; later ones take precedence.
    pub paths: Vec<Source>,
    /// Variables, as [`std::env::vars_os`] lists them. Those that do not name an option are ignored.
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

/// Omits the environment, which may contain passwords.
impl fmt::Debug for Sources {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { paths, environment: _ } = self;
        formatter.debug_struct("Sources").field("paths", paths).finish_non_exhaustive()
    }
}

impl Sources {
    /// Reads and parses the files, the lowest precedence first. Files that cannot be read become errors.
    pub(crate) fn documents(&self, problems: &mut Problems) -> Vec<(PathBuf, IniDocument)> {
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

/// Reads at most one byte more than allowed, so that an endless file (`/dev/zero`) is rejected.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let length = File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if u64::try_from(length).is_ok_and(|length| length <= MAX_FILE_BYTES) {
        Ok(bytes)
    } else {
        Err(io::Error::other(format!("the file is larger than {} MiB", MAX_FILE_BYTES >> 20)))
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Problem {
    Problem::Unreadable { path: path.to_owned(), reason: error.to_string() }
}
