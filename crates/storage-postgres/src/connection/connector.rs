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
use super::hosts::Hosts;
use super::names::{Names, mark_of, wait_for_end};
use super::pooler::{Pooler, has_mark};
use super::timeline::{Latest, Timeline};
use crate::schema::Tables;
use crate::uri::because;

/// For so long after a failure nothing is tried again: whoever asks meanwhile is told at once.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(250);
/// So long the server may take to notice that a connection is lost.
const PATIENCE_WITH_A_LOST_ONE: Duration = Duration::from_secs(2);
/// The first version that has what the statements need.
const OLDEST_SERVER: u32 = 13;

pub(crate) struct Connector {
    hosts: Hosts,
    tls: MakeRustlsConnect,
    tables: Tables,
    /// For how long each host is waited for.
    timeout: Duration,
    latest: Latest,
    names: Names,
    pooler: Pooler,
    failure: Mutex<Option<(Instant, String)>>,
}

impl Connector {
    pub(crate) fn new(config: &Config, tls: MakeRustlsConnect, tables: Tables, timeout: Duration) -> Self {
        let (hosts, latest) = (Hosts::of(config), Latest::default());
        let names = Names::beginning_with(config.get_application_name().unwrap_or_default());
        let (pooler, failure) = (Pooler::default(), Mutex::new(None));
        Self { hosts, tls, tables, timeout, latest, names, pooler, failure }
    }

    /// Whether a session is with a server that is the primary no longer.
    pub(crate) fn has_left_behind(&self, session: &Session) -> bool {
        self.latest.is_ahead_of(session.timeline)
    }

    pub(crate) async fn connect(&self) -> Result<Session, StorageError> {
        self.connect_and_listen(None).await
    }

    /// A connection behind one that was lost: what was sent on that one is at its end by then. Whoever repeats it before would
    /// do it twice, if the server is slow to begin. It is waited for only so long; then it is as unknown as it was.
    pub(crate) async fn connect_behind(&self, lost: &str) -> Option<Session> {
        let settle = async {
            let session = self.connect().await.ok()?;
            wait_for_end(&session, lost).await.ok()?;
            Some(session)
        };
        timeout(PATIENCE_WITH_A_LOST_ONE, settle).await.ok().flatten()
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
        let connected = self.hosts.first(|config| {
            let heard = heard.clone();
            async move {
                match timeout(self.timeout, self.connect_to(&config, heard)).await {
                    Ok(connected) => connected,
                    Err(_) => Err("no connection to PostgreSQL in time".to_owned()),
                }
            }
        });
        match connected.await {
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

    async fn connect_to(
        &self,
        config: &Config,
        heard: Option<mpsc::UnboundedSender<Notification>>,
    ) -> Result<Session, String> {
        let (mut config, name) = (config.clone(), self.names.next());
        config.application_name(&name);
        let connected = self.pooler.connect(&config, self.tls.clone(), mark_of(&name)).await;
        let (client, mut connection, is_marked) = connected.map_err(|error| because(&error))?;
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
        let has_mark = async { is_marked && has_mark(&client, mark_of(&name)).await };
        let (timeline, is_direct) = tokio::join!(Timeline::of(&client), has_mark);
        if !self.latest.admit(timeline) {
            return Err("another PostgreSQL has taken over from this one".to_owned());
        }
        Ok(Session::new(client, self.tables.clone(), in_doubt, timeline, name, is_direct))
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").field("hosts", &self.hosts.len()).finish_non_exhaustive()
    }
}
