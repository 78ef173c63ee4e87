//! One PostgreSQL for all tests of a run.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{answer, cluster, psql};
use crate::directory::Directory;
use crate::ports::Reserved;
use crate::shared::{Program, Shared};

/// What is lost with the machine may be lost: it holds nothing that outlives a test.
const SETTINGS: [(&str, &str); 5] = [
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("synchronous_commit", "off"),
    ("max_connections", "500"),
    ("log_min_messages", "log"),
];

/// Used by this process until that ends.
#[derive(Debug)]
pub struct SharedPostgres {
    server: Shared,
}

impl SharedPostgres {
    /// A new and empty database of it.
    pub fn database() -> Database {
        static USED: OnceLock<SharedPostgres> = OnceLock::new();
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let shared = USED.get_or_init(Self::join);
        let name = format!("test_{}_{}", process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        // The system gives out a process's number again: a killed test of that number may have left its database.
        shared.run(&[&drop_database(&name), &format!("CREATE DATABASE {name}")]);
        Database { server: shared, name }
    }

    fn join() -> Self {
        Self { server: Shared::join(&Postgres) }
    }

    fn run(&self, statements: &[&str]) -> String {
        psql::run(&self.server.directory, self.server.port, "postgres", statements)
    }
}

/// Of one test. Dropped when it goes out of scope, whoever still uses it.
#[derive(Debug)]
pub struct Database {
    server: &'static SharedPostgres,
    name: String,
}

impl Database {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// By TCP, as a user who may do everything.
    pub fn uri(&self) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/{}", self.server.server.port, self.name)
    }

    /// What a statement answers: a row a line, its columns parted by `|`.
    pub fn run(&self, statement: &str) -> String {
        psql::run(&self.server.server.directory, self.server.server.port, &self.name, &[statement])
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.server.run(&[&drop_database(&self.name)]);
    }
}

fn drop_database(name: &str) -> String {
    format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")
}

#[derive(Debug)]
struct Postgres;

impl Program for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn command(&self, directory: &Directory, port: &Reserved) -> process::Command {
        cluster::create(directory);
        crate::account::Account::unprivileged().own(directory.path());
        let settings = SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned()));
        cluster::command(directory.path(), port.number(), &settings)
    }

    /// An end without a checkpoint, but with an end of all its processes.
    fn end(&self) -> &'static str {
        "QUIT"
    }

    fn answers(&self, directory: &Path, port: u16) -> bool {
        let socket: PathBuf = directory.join(format!(".s.PGSQL.{port}"));
        let Ok(connection) = UnixStream::connect(socket) else { return false };
        connection.set_read_timeout(Some(answer::SILENCE)).unwrap();
        answer::takes_sessions(connection)
    }
}
