//! The binary under test, in a process of its own.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::http::Client;
use super::lines::Lines;
use super::ports;

const BINARY: &str = env!("CARGO_BIN_EXE_zaqar");

/// Where the binary lies, and below it those of the examples.
pub(crate) fn directory_of_binaries() -> &'static Path {
    Path::new(BINARY).parent().unwrap()
}

/// The binary as a server on free ports, whatever its configuration says.
pub(crate) fn zaqar() -> Command {
    let mut command = binary();
    command.envs(ports::FREE);
    command
}

/// The binary with a command that is no server's: it listens nowhere, and sees the ports that its configuration names.
pub(crate) fn zaqar_command(words: &[&str]) -> Command {
    assert!(words.first().is_some_and(|word| *word != "server" && !word.starts_with('-')), "{words:?}");
    let mut command = binary();
    command.args(words);
    command
}

/// With an environment that nothing of the machine's leaks into.
fn binary() -> Command {
    let mut command = Command::new(BINARY);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null());
    command
}

/// A directory of its own with a configuration and data that several servers can use one after the other.
#[derive(Debug)]
pub(crate) struct Site {
    directory: Arc<TempDir>,
}

impl Site {
    /// A server with `options`, the lines of its zaqar.conf.
    pub(crate) fn new(options: &str) -> Self {
        let site = Self { directory: Arc::new(TempDir::new().unwrap()) };
        site.write("zaqar.conf", &format!("{options}\n"));
        site
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// `zaqar server` with this site's configuration and data directory, to be adorned.
    pub(crate) fn command(&self) -> Command {
        let mut command = zaqar();
        command
            .current_dir(self.directory.path())
            .args(["server", "--config-file"])
            .arg(self.path("zaqar.conf"));
        command.arg("--data-dir").arg(self.path("data"));
        command
    }

    pub(crate) fn start(&self) -> Server {
        let mut server = Server::start(self.command());
        server._directory = Some(Arc::clone(&self.directory));
        server
    }

    /// Runs the server to its end, for starts that are to be refused.
    pub(crate) fn run(&self) -> Output {
        self.command().output().unwrap()
    }
}

/// A server that is ready. Killed when it goes out of scope.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// Of the WebSocket interface.
    pub(crate) websocket: SocketAddr,
    /// Whether it speaks TLS.
    secured: bool,
    pub(crate) output: Lines,
    pub(crate) log: Lines,
    /// Removed after the server has ended, even when its site is forgotten before.
    _directory: Option<Arc<TempDir>>,
}

impl Server {
    pub(crate) fn start(command: Command) -> Self {
        Self::start_logging_to(Stdio::piped(), command)
    }

    pub(crate) fn start_logging_to(log: Stdio, mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let output = Lines::collect(child.stdout.take().unwrap());
        let log = child.stderr.take().map_or_else(|| Lines::collect(std::io::empty()), Lines::collect);
        let is_ready =
            |line: &str| line.contains("listening on ") || line.contains("working in the background");
        let Some(line) = output.find(is_ready) else {
            panic!("the server does not start:\n{}", log.all().join("\n"));
        };
        let urls: Vec<_> = line.rsplit("listening on ").next().unwrap().split(" and ").collect();
        let address = |scheme: &str| {
            let mut rests = urls.iter().filter_map(|url| url.split_once("://"));
            rests.find(|(given, _)| given.starts_with(scheme)).map(|(_, rest)| rest.parse().unwrap())
        };
        let nowhere = SocketAddr::from(([0; 4], 0));
        let [rest, websocket] = ["http", "ws"].map(|scheme| address(scheme).unwrap_or(nowhere));
        let secured = line.contains("https://");
        Self { child, address: rest, websocket, secured, output, log, _directory: None }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://{}", if self.secured { "https" } else { "http" }, self.address)
    }

    pub(crate) fn websocket_url(&self) -> String {
        format!("ws://{}", self.websocket)
    }

    /// A connection of its own.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.address)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub(crate) fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Asks it to stop and waits until it has.
    pub(crate) fn stop(self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// Ends it as a power cut ends a process.
    pub(crate) fn kill(self) {
        self.signal(Signal::KILL);
        self.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
