//! Errors when an embedded store is opened.

use std::error::Error;
use std::io;
use std::path::PathBuf;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot open {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is in use by another process{}", path.display(), owner(*by))]
    InUse { path: PathBuf, by: Option<u32> },
    #[error(
        "{} has the format version {found} and this server knows versions up to {known}: \
         it was written by a newer server",
        path.display()
    )]
    NewerFormat { path: PathBuf, found: u64, known: u64 },
    #[error("{} is damaged or not a file of this store: {source}", path.display())]
    Damaged { path: PathBuf, source: Box<dyn Error + Send + Sync> },
}

fn owner(process: Option<u32>) -> String {
    process.map(|id| format!(" (process {id})")).unwrap_or_default()
}
