//! PostgreSQL, for one test.

pub(crate) mod answer;
pub(crate) mod cluster;
pub(crate) mod pgbouncer;
pub(crate) mod psql;
pub(crate) mod shared;
mod standby;

use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;

use rustix::process::Signal;

use crate::account::Account;
use crate::directory::Directory;
use crate::ports::Reserved;
use crate::process::Process;

/// Everybody may log in from this machine, as anybody; `postgres` may do everything.
#[derive(Debug)]
pub struct Postgres {
    pub process: Process,
    settings: Vec<(String, String)>,
    port: Reserved,
    directory: Directory,
}

impl Postgres {
    /// With `settings` of postgresql.conf. As durable as PostgreSQL is where they do not say otherwise.
    pub fn start(settings: &[(&str, &str)]) -> Self {
        let directory = Directory::new();
        cluster::create(&directory);
        let settings = settings.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        Self::serve(directory, settings.collect())
    }

    /// Serves the files that are in the directory.
    fn serve(directory: Directory, settings: Vec<(String, String)>) -> Self {
        // For its socket.
        Account::unprivileged().own(directory.path());
        let port = Reserved::new();
        let (address, path, given) = (port.address, directory.path().to_owned(), settings.clone());
        let process = Process::new(
            "PostgreSQL",
            // Ends sessions, too.
            Signal::INT,
            directory.join("log"),
            move || cluster::command(&path, address.port(), &given),
            move || answers(address),
        );
        Self { process, settings, port, directory }
    }

    pub fn address(&self) -> SocketAddr {
        self.port.address
    }

    pub fn uri(&self, database: &str) -> String {
        format!("postgresql://postgres@{}/{database}", self.address())
    }

    /// What a statement answers: a row a line, its columns parted by `|`.
    pub fn run(&self, statement: &str) -> String {
        psql::run(self.directory.path(), self.port.number(), "postgres", &[statement])
    }

    /// Where its files are, `pg_hba.conf` among them.
    pub fn data(&self) -> PathBuf {
        cluster::data(self.directory.path())
    }
}

fn answers(address: SocketAddr) -> bool {
    let Ok(connection) = TcpStream::connect(address) else { return false };
    connection.set_read_timeout(Some(answer::SILENCE)).unwrap();
    answer::takes_sessions(connection)
}
