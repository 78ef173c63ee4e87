//! pgbouncer, which lends few sessions of a PostgreSQL to many clients, a transaction at a time.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;

use rustix::process::Signal;

use super::Postgres;
use super::answer;
use crate::account::Account;
use crate::directory::Directory;
use crate::ports::Reserved;
use crate::process::Process;
use crate::programs;

#[derive(Debug)]
pub struct PgBouncer {
    pub process: Process,
    port: Reserved,
    _directory: Directory,
}

impl PgBouncer {
    /// In front of a PostgreSQL, with `settings` of pgbouncer.ini.
    pub fn start(server: &Postgres, settings: &[(&str, &str)]) -> Self {
        let program = program();
        let directory = Directory::new();
        Account::unprivileged().own(directory.path());
        let port = Reserved::new();
        let configuration = directory.join("pgbouncer.ini");
        let own = [
            ("listen_addr", "127.0.0.1".to_owned()),
            ("listen_port", port.number().to_string()),
            ("unix_socket_dir", String::new()),
            ("pool_mode", "transaction".to_owned()),
            // Whoever asks is `postgres`.
            ("auth_type", "any".to_owned()),
            ("max_client_conn", "1000".to_owned()),
        ];
        let own = own.map(|(name, value)| format!("{name} = {value}\n"));
        let given = settings.iter().map(|(name, value)| format!("{name} = {value}\n"));
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=postgres\n[pgbouncer]\n{}",
            server.address().port(),
            own.into_iter().chain(given).collect::<String>()
        );
        fs::write(&configuration, text).unwrap();

        let address = port.address;
        let process = Process::new(
            "pgbouncer",
            Signal::INT,
            directory.join("log"),
            move || {
                let mut command = Account::unprivileged().command(&program);
                command.arg(&configuration);
                command
            },
            move || answers(address),
        );
        Self { process, port, _directory: directory }
    }

    pub fn address(&self) -> SocketAddr {
        self.port.address
    }

    pub fn uri(&self, database: &str) -> String {
        format!("postgresql://postgres@{}/{database}", self.address())
    }
}

fn program() -> PathBuf {
    programs::in_path("pgbouncer").unwrap_or_else(|| programs::missing("pgbouncer", "pgbouncer"))
}

fn answers(address: SocketAddr) -> bool {
    let Ok(connection) = TcpStream::connect(address) else { return false };
    connection.set_read_timeout(Some(answer::SILENCE)).unwrap();
    answer::takes_sessions(connection)
}
