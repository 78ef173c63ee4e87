//! Where servers keep their files: in the system's directory for temporary files, since a user who runs a server need
//! not be able to see the one of the project, and since the path of a socket must be short.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Removed when it goes out of scope; or when the next is made, if the test that had it was killed.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    /// Locked as long as somebody uses the directory.
    owner: File,
    is_given_away: bool,
}

impl Directory {
    pub(crate) fn new() -> Self {
        let base =
            std::env::temp_dir().join(format!("zaqar-test-servers-{}", rustix::process::geteuid().as_raw()));
        fs::create_dir_all(&base).unwrap();
        // The servers' user passes through it.
        fs::set_permissions(&base, Permissions::from_mode(0o755)).unwrap();
        // Else somebody takes a directory that has no owner yet for one that has none any more.
        let gate = File::create(base.join("lock")).unwrap();
        gate.lock().unwrap();
        remove_abandoned(&base);
        let path = tempfile::Builder::new().prefix("").tempdir_in(&base).unwrap().keep();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        let owner = File::create(path.join("owner")).unwrap();
        owner.lock().unwrap();
        Self { path, owner, is_given_away: false }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Leaves it to another process, which owns it as long as it has this file open, and removes it.
    pub(crate) fn give_away(mut self) -> File {
        self.is_given_away = true;
        self.owner.try_clone().unwrap()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if !self.is_given_away {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

fn remove_abandoned(base: &Path) {
    for entry in fs::read_dir(base).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        let owner = File::open(entry.path().join("owner"));
        if owner.map_or(true, |owner| owner.try_lock().is_ok()) {
            // What cannot be removed yet, since its server is still ending, is removed the next time.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
