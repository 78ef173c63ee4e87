//! OpenStack's Zaqar.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::available_parallelism;

use super::support::server::Server;

/// Its data are in the same Redis, in another database.
pub(crate) fn start(redis: &str) -> Server {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = directory.join("../../target/test-tools/upstream/bin/python");
    assert!(python.exists(), "run scripts/install-test-tools");
    let mut command = Command::new(python);
    command.arg(directory.join("benches/shared_stores/upstream.py"));
    command.arg(format!("{redis}?dbid=1")).arg(available_parallelism().unwrap().to_string());
    // A library of its own complains about what is not installed.
    command.stderr(Stdio::null());
    Server::start(command, None)
}
