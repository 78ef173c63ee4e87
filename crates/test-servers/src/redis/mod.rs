//! Redis and Valkey, for one test.

pub(crate) mod ask;
pub(crate) mod cluster;
pub(crate) mod engine;
pub(crate) mod sentinels;
pub(crate) mod shared;

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

use crate::account::Account;
use crate::directory::Directory;
use crate::ports::Reserved;
use crate::process::Process;
pub use engine::Engine;

const CONFIGURATION: &str = "server.conf";
pub(crate) const SOCKET: &str = "socket";

/// One server, alone or one of several.
#[derive(Debug)]
pub struct Redis {
    pub process: Process,
    port: Reserved,
    directory: Directory,
}

impl Redis {
    /// With `options` of its configuration. Where they do not say otherwise it keeps nothing on disk.
    pub fn start(engine: Engine, options: &[(&str, &str)]) -> Self {
        Self::serve(engine, &[], Reserved::new(), options)
    }

    fn serve(engine: Engine, arguments: &'static [&str], port: Reserved, options: &[(&str, &str)]) -> Self {
        let directory = Directory::new();
        configure(directory.path(), port.number(), options);
        let (path, address) = (directory.path().to_owned(), port.address);
        let process = Process::new(
            engine.name(),
            Signal::TERM,
            directory.join("log"),
            move || command(engine, &path, arguments),
            move || connect(address).is_ok_and(ask::takes_commands),
        );
        Self { process, port, directory }
    }

    pub fn address(&self) -> SocketAddr {
        self.port.address
    }

    pub fn uri(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// What a command answers; a list has a line each.
    pub fn run(&self, words: &[&str]) -> String {
        self.try_run(words).unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    fn try_run(&self, words: &[&str]) -> io::Result<String> {
        ask::ask(connect(self.address())?, words)
    }

    /// A value of `INFO`.
    pub fn info(&self, name: &str) -> Option<String> {
        let all = self.try_run(&["INFO", "everything"]).ok()?;
        all.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim_end().to_owned()))
    }

    /// Where its files are.
    pub fn data(&self) -> PathBuf {
        self.directory.path().to_owned()
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let connection = TcpStream::connect(address)?;
    connection.set_read_timeout(Some(ask::SILENCE))?;
    Ok(connection)
}

/// The configuration of a server that has its files in this directory. The server itself changes it later.
pub(crate) fn configure(directory: &Path, port: u16, options: &[(&str, &str)]) {
    let path = directory.display().to_string();
    let own = [
        ("bind", "127.0.0.1".to_owned()),
        ("port", port.to_string()),
        ("unixsocket", directory.join(SOCKET).display().to_string()),
        ("dir", path),
        // No snapshots.
        ("save", "\"\"".to_owned()),
        // Usually a primary waits some seconds for more replicas before it gives one its data.
        ("repl-diskless-sync-delay", "0".to_owned()),
    ];
    let own = own.map(|(name, value)| format!("{name} {value}\n"));
    let given = options.iter().map(|(name, value)| format!("{name} {value}\n"));
    fs::write(directory.join(CONFIGURATION), own.into_iter().chain(given).collect::<String>()).unwrap();
}

pub(crate) fn command(engine: Engine, directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Account::Own.command(engine.program());
    command.arg(directory.join(CONFIGURATION)).args(arguments);
    command
}
