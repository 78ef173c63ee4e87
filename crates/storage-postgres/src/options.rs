//! How a store is reached, and how much of the server it may take.

use std::sync::Arc;
use std::time::Duration;

use zaqar_storage::{StorageError, StorageResult};

use crate::connection::Connector;
use crate::schema::Tables;
use crate::uri;

/// The options of a store.
#[derive(Clone)]
pub struct Options {
    /// A `postgresql://` URI as libpq takes it.
    pub uri: String,
    /// The schema that holds the tables: several stores may share a database.
    pub schema: String,
    /// Connections that post: one serves many requests with one commit.
    pub post_connections: usize,
    /// Connections that claim, and as many that delete.
    pub claim_connections: usize,
    /// Connections for everything else.
    pub connections: usize,
    /// For how long a connection to one of the hosts is tried.
    pub connect_timeout: Duration,
    /// For how long a request is waited for.
    pub request_timeout: Duration,
}

impl Options {
    pub fn new(uri: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            schema: "zaqar".to_owned(),
            post_connections: 1,
            claim_connections: 3,
            connections: 4,
            connect_timeout: Duration::from_secs(3),
            request_timeout: Duration::from_secs(10),
        }
    }

    /// Takes the URI apart, and reads the certificates that it names.
    pub(crate) fn connector(&self) -> StorageResult<(Arc<Connector>, Tables)> {
        let address = uri::parse(&self.uri).map_err(StorageError::driver)?;
        let tls = address.tls.connector().map_err(StorageError::driver)?;
        let tables = Tables::new(&self.schema);
        let timeout = address.config.get_connect_timeout().copied().unwrap_or(self.connect_timeout);
        let mut config = address.config;
        config.connect_timeout(timeout);
        // A peer that is gone without a word is noticed by then.
        config.tcp_user_timeout(self.request_timeout).keepalives_idle(self.request_timeout);
        Ok((Arc::new(Connector::new(&config, tls, tables.clone(), timeout)), tables))
    }
}

impl std::fmt::Debug for Options {
    /// Without the URI: it may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("schema", &self.schema).finish_non_exhaustive()
    }
}
