//! What the process asks of the operating system.

use rustix::fs::Mode;
use rustix::process::{Resource, getrlimit, setrlimit, umask};

/// Takes as many file descriptors as the process may have. The limit that programs start with dates from `select`, and
/// a thousand idle clients would use it up.
pub(crate) fn raise_limit_of_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::warn!(%error, "the limit of open files stays as it is");
        }
    }
}

/// What is written from now on, only the user who runs the process can read: it is the tenants'.
pub(crate) fn keep_files_private() {
    umask(Mode::RWXG | Mode::RWXO);
}
