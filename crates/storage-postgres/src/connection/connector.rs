//! Making connections. While the server is away, only now and then one is tried.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_postgres::{AsyncMessage, Config, Notification};
use tokio_postgres_rustls::MakeRustlsConnect;
use zaqar_storage::StorageError;

use super::Session;
use crate::schema::Tables;
use crate::uri::because;

/// For so long after a failure nothing is tried again: whoever asks meanwhile is told at once.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(250);
/// The first version that has what the statements need.
const OLDEST_SERVER: u32 = 13;

pub(crate) struct Connector {
    config: Config,
    tls: MakeRustlsConnect,
    tables: Tables,
    timeout: Duration,
    failure: Mutex<Option<(Instant, String)>>,
}

impl Connector {
    pub(crate) const fn new(
        config: Config,
        tls: MakeRustlsConnect,
        tables: Tables,
        timeout: Duration,
    ) -> Self {
        Self { config, tls, tables, timeout, failure: Mutex::new(None) }
    }

    pub(crate) async fn connect(&self) -> Result<Session, StorageError> {
        self.connect_and_listen(None).await
    }

    /// What is notified on the connection is sent to `heard`.
    pub(crate) async fn connect_and_listen(
        &self,
        heard: Option<mpsc::UnboundedSender<Notification>>,
    ) -> Result<Session, StorageError> {
        if let Some((at, why)) = &*self.failure.lock()
            && at.elapsed() < PAUSE_AFTER_FAILURE
        {
            return Err(StorageError::unavailable(why.clone()));
        }
        let connected = match timeout(self.timeout, self.try_once(heard)).await {
            Ok(connected) => connected,
            Err(_) => Err("no connection to PostgreSQL in time".to_owned()),
        };
        match connected {
            Ok(session) => {
                *self.failure.lock() = None;
                Ok(session)
            }
            Err(why) => {
                *self.failure.lock() = Some((Instant::now(), why.clone()));
                Err(StorageError::unavailable(why))
            }
        }
    }

    async fn try_once(&self, heard: Option<mpsc::UnboundedSender<Notification>>) -> Result<Session, String> {
        let connected = self.config.connect(self.tls.clone()).await;
        let (client, mut connection) = connected.map_err(|error| because(&error))?;
        let version = connection.parameter("server_version").unwrap_or_default();
        let major = version.split(|c: char| !c.is_ascii_digit()).next().and_then(|major| major.parse().ok());
        if major.is_some_and(|major: u32| major < OLDEST_SERVER) {
            return Err(format!("PostgreSQL {version} is too old: {OLDEST_SERVER} or later is needed"));
        }
        let in_doubt = Arc::new(AtomicBool::new(false));
        let doubt = Arc::clone(&in_doubt);
        tokio::spawn(async move {
            let mut messages = pin!(poll_fn(move |context| connection.poll_message(context)));
            // It ends with its client, or with the line.
            while let Some(Ok(message)) = messages.as_mut().await {
                match message {
                    AsyncMessage::Notice(notice) => {
                        let detail = notice.detail().unwrap_or_default();
                        if detail.contains("might not have been replicated") {
                            doubt.store(true, Ordering::SeqCst);
                        }
                        tracing::debug!(notice = notice.message(), "PostgreSQL says");
                    }
                    AsyncMessage::Notification(notification) => {
                        if let Some(heard) = &heard {
                            let _ = heard.send(notification);
                        }
                    }
                    _ => {}
                }
            }
        });
        Ok(Session::new(client, self.tables.clone(), in_doubt))
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").field("hosts", &self.config.get_hosts()).finish_non_exhaustive()
    }
}
