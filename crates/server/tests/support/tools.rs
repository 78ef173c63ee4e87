//! Programs that tests run beside the binary. `scripts/install-test-tools` installs them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::server::directory_of_binaries;

const HOW_TO_GET_THEM: &str = "run scripts/install-test-tools, or all tests with scripts/test";

#[derive(Debug)]
pub(crate) struct Tools {
    /// A Python that has OpenStack's client library.
    pub(crate) python: PathBuf,
    /// A Python that has Keystone, and beside it what a Keystone begins with.
    pub(crate) keystone: PathBuf,
    /// Where a shell finds that Python, the binary under test, and what the system has.
    pub(crate) path: OsString,
}

impl Tools {
    /// Fails, with what to do, where one is missing: a test that cannot run has not passed.
    pub(crate) fn find() -> Self {
        let python = python_of("python");
        let bin = python.parent().unwrap().to_owned();
        let keystone = python_of("keystone");
        let curl = Command::new("curl").arg("--version").output();
        assert!(curl.is_ok_and(|output| output.status.success()), "curl is missing: {HOW_TO_GET_THEM}");

        let system = std::env::var_os("PATH").unwrap_or_default();
        let own = [bin, directory_of_binaries().to_owned()];
        let path = std::env::join_paths(own.into_iter().chain(std::env::split_paths(&system))).unwrap();
        Self { python, keystone, path }
    }
}

/// A Python that has OpenStack's Zaqar.
pub(crate) fn upstream_python() -> PathBuf {
    python_of("upstream")
}

fn python_of(environment: &str) -> PathBuf {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-tools");
    let python = tools.join(environment).join("bin/python");
    assert!(python.exists(), "{} is missing: {HOW_TO_GET_THEM}", python.display());
    python
}
