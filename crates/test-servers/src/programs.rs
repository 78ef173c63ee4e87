//! Where the servers' programs are.

use std::path::{Path, PathBuf};
use std::process::Command;

const HOW_TO_GET_THEM: &str = "run scripts/install-test-tools, or all tests with scripts/test";

/// Everything that test runs leave behind for the next.
pub(crate) fn target() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target")
}

/// Where the processes of a run find the servers that they share.
pub(crate) fn place() -> PathBuf {
    std::env::var_os("ZAQAR_TEST_SERVERS").map_or_else(|| target().join("test-servers"), PathBuf::from)
}

/// Debian keeps PostgreSQL's programs out of the path, a directory a version: the newest. Elsewhere those in the path.
pub(crate) fn of_postgres() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter(|entry| entry.path().join("bin/initdb").exists())
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin")))
        })
        .max();
    if let Some((_, directory)) = newest {
        return directory;
    }
    let initdb = in_path("initdb").unwrap_or_else(|| missing("PostgreSQL", "postgresql"));
    initdb.canonicalize().unwrap().parent().unwrap().to_owned()
}

pub(crate) fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian has some servers where only root looks.
    let directories = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    directories.map(|directory| directory.join(name)).find(|program| program.is_file())
}

/// A test that cannot run has not passed.
pub(crate) fn missing(what: &str, package: &str) -> ! {
    panic!("{what} is missing (Debian's package `{package}`): {HOW_TO_GET_THEM}")
}

/// What a program prints, once it has ended well.
pub(crate) fn output_of(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {errors}");
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}
