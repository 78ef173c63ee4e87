//! Servers under test: each is a process of its own, so that what it uses can be told from what the client uses.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use super::{ports, processes};

/// The service's program with these options.
fn binary(options: &[(&str, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zaqar"));
    command.envs(ports::FREE).env("OS_DEFAULT__LOG_LEVEL", "warn");
    command.envs(options.iter().map(|(name, value)| (format!("OS_{name}"), value)));
    command
}

/// Killed when it goes out of scope.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// Of the WebSocket interface, if it has one.
    pub(crate) websocket: Option<SocketAddr>,
    _directory: Option<tempfile::TempDir>,
}

impl Server {
    /// Waits for the line that says where it listens.
    pub(crate) fn start(mut command: Command, directory: Option<tempfile::TempDir>) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let line = line_with(&mut child, "listening on ");
        let mut addresses = line.split("://").skip(1).map(|rest| {
            let address = rest.split_whitespace().next().unwrap_or_default();
            address.parse().unwrap()
        });
        let (address, websocket) = (addresses.next().unwrap(), addresses.next());
        Self { child, address, websocket, _directory: directory }
    }

    /// A server that has to be told where to listen; `None` where there is no such program. Waits for the line that
    /// says that it is ready.
    pub(crate) fn start_at(
        address: SocketAddr,
        mut command: Command,
        ready: &str,
        directory: tempfile::TempDir,
    ) -> Option<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn().ok()?;
        line_with(&mut child, ready);
        Some(Self { child, address, websocket: None, _directory: Some(directory) })
    }

    /// The service with these options, each named `SECTION__OPTION` as in the environment, and no data.
    pub(crate) fn zaqar(options: &[(&str, String)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut command = binary(options);
        command.arg("server").arg("--data-dir").arg(directory.path());
        Self::start(command, Some(directory))
    }

    /// Makes the tables of the stores that these options name.
    pub(crate) fn make_tables(options: &[(&str, String)]) {
        let made = binary(options).args(["db", "upgrade"]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Processor seconds that it has used.
    pub(crate) fn cpu(&self) -> f64 {
        processes::cpu(self.id())
    }

    /// What it holds of the machine's memory, in KiB.
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn line_with(child: &mut Child, words: &str) -> String {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    lines.find(|line| line.contains(words)).unwrap()
}
