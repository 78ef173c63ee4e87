//! Servers under test: each is a process of its own, so that what it uses can be told from what the client uses.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// Killed when it goes out of scope.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    _directory: Option<tempfile::TempDir>,
}

impl Server {
    /// Waits for the line that says that it is ready; `None` where there is no such program.
    pub(crate) fn start(
        mut command: Command,
        ready: &str,
        address: SocketAddr,
        directory: Option<tempfile::TempDir>,
    ) -> Option<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn().ok()?;
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains(ready)), "the server has not started");
        Some(Self { child, address, _directory: directory })
    }

    /// The service with these options, each named `SECTION__OPTION` as in the environment, and no data.
    pub(crate) fn zaqar(options: &[(&str, String)]) -> Self {
        let (directory, address) = (tempfile::tempdir().unwrap(), free_address());
        let mut command = Command::new(env!("CARGO_BIN_EXE_zaqar"));
        command.arg("server").arg("--data-dir").arg(directory.path());
        command.env("OS_DRIVERS_TRANSPORT_WSGI__PORT", address.port().to_string());
        command.env("OS_DRIVERS_TRANSPORT_WEBSOCKET__PORT", "0");
        command.env("OS_DEFAULT__LOG_LEVEL", "warn");
        command.envs(options.iter().map(|(name, value)| (format!("OS_{name}"), value)));
        Self::start(command, "curl", address, Some(directory)).unwrap()
    }

    /// Processor seconds that it has used.
    pub(crate) fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
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

pub(crate) fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
