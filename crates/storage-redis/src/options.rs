//! How a store is reached, and what it waits for.

use std::path::PathBuf;
use std::time::Duration;

use zaqar_storage::{StorageError, StorageResult};

use crate::connection::{BackOff, Dialer, Patience, Replicas, Servers};
use crate::uri;

/// The options of a store.
#[derive(Clone, PartialEq)]
pub struct Options {
    /// Where the servers are: see [`InvalidUri`](crate::InvalidUri) for what is not taken.
    pub uri: String,
    /// What the names of all keys begin with: several stores may share a server.
    pub prefix: String,
    /// Connections to each server.
    pub connections: usize,
    /// For how long a connection is tried.
    pub connect_timeout: Duration,
    /// For how long an answer is waited for. `socket_timeout` of the URI takes precedence.
    pub response_timeout: Duration,
    /// For how long a request is tried.
    pub request_timeout: Duration,
    /// How often a connection is tried before requests are told at once that the server is away.
    pub max_reconnect_attempts: u32,
    /// The longest pause between two attempts, in seconds.
    pub reconnect_sleep: f64,
    /// A change is acknowledged when so many replicas have it.
    pub wait_for_replicas: u32,
    /// A change is acknowledged when it is on the disk of the primary and of as many replicas as are waited for.
    pub wait_for_aof: bool,
    /// The certificates that are trusted, where the URI does not name others; without both those of the system.
    pub tls_cafile: Option<PathBuf>,
    /// A certificate that the servers are shown, and its key, where the URI does not name others.
    pub tls_certfile: Option<PathBuf>,
    pub tls_keyfile: Option<PathBuf>,
}

impl Options {
    pub fn new(uri: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            prefix: "zaqar".to_owned(),
            connections: 2,
            connect_timeout: Duration::from_secs(5),
            response_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(20),
            max_reconnect_attempts: 10,
            reconnect_sleep: 1.0,
            wait_for_replicas: 0,
            wait_for_aof: false,
            tls_cafile: None,
            tls_certfile: None,
            tls_keyfile: None,
        }
    }

    /// What is wrong with them. No file is read.
    pub(crate) fn check(&self) -> Result<(), String> {
        uri::parse(&self.uri).map_err(|fault| format!("uri: {fault}"))?;
        if self.prefix.contains(['{', '}']) {
            return Err("prefix: it cannot hold a brace".to_owned());
        }
        if self.tls_certfile.is_some() != self.tls_keyfile.is_some() {
            return Err("tls_certfile and tls_keyfile are given together or not at all".to_owned());
        }
        Ok(())
    }

    /// Takes the URI apart, and reads the certificates that it names.
    pub(crate) fn servers(&self) -> StorageResult<Servers> {
        let target = uri::parse(&self.uri).map_err(StorageError::driver)?;
        self.check().map_err(StorageError::driver)?;
        let files = target.tls.or(&self.tls_cafile, &self.tls_certfile, &self.tls_keyfile);
        let tls = target.has_tls.then(|| files.config()).transpose().map_err(StorageError::driver)?;
        let (login, database) = (target.login, target.database);
        let dialer = Dialer { login, database, tls, timeout: self.connect_timeout };
        let longest = Duration::try_from_secs_f64(self.reconnect_sleep).unwrap_or(Duration::from_secs(1));
        let patience = Patience {
            answer: target.socket_timeout.unwrap_or(self.response_timeout),
            request: self.request_timeout,
            back_off: BackOff { attempts: self.max_reconnect_attempts, longest },
            replicas: Replicas { count: self.wait_for_replicas, on_disk: self.wait_for_aof },
        };
        Ok(Servers::new(target.place, dialer, patience, self.connections))
    }
}

impl std::fmt::Debug for Options {
    /// Without the URI: it may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
