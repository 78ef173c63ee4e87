//! Whether a pooler stands between: with one, each transaction may run in another session of the server. A statement that was
//! prepared in one is unknown in the next, or is that of another client there. So each connection asks for a mark in its own
//! session, and finds it there only if nobody stands between. Poolers refuse such a wish, or pass over it.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, Error, Socket};

const FIND: &str = "SELECT pg_catalog.current_setting('zaqar.connection', true) AS mark";

/// A statement is planned once a session, perhaps while its tables are still empty. Every one of them has an index for what it
/// looks up, and must not come to read a whole table that has grown meanwhile.
const SETTINGS: &str =
    "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_bitmapscan=off -c jit=off";

/// What is known of the way to the server.
#[derive(Debug, Default)]
pub(super) struct Pooler {
    has_refused: AtomicBool,
}

impl Pooler {
    /// Connects, and says whether the session was to have the mark.
    pub(super) async fn connect<T>(
        &self,
        config: &Config,
        tls: T,
        mark: &str,
    ) -> Result<(Client, Connection<Socket, T::Stream>, bool), Error>
    where
        T: MakeTlsConnect<Socket> + Clone,
    {
        if !self.has_refused.load(Ordering::Relaxed) {
            let mut marked = config.clone();
            let own = config.get_options().unwrap_or_default();
            marked.options(format!("-c zaqar.connection={mark} {SETTINGS} {own}"));
            match marked.connect(tls.clone()).await {
                Err(error) if error.code().is_some_and(refuses_parameters) => {
                    tracing::debug!(%error, "a pooler stands before PostgreSQL: no statements are prepared");
                    self.has_refused.store(true, Ordering::Relaxed);
                }
                connected => return connected.map(|(client, line)| (client, line, true)),
            }
        }
        config.connect(tls).await.map(|(client, line)| (client, line, false))
    }
}

/// By the class of the code: a breach of the protocol, something that is not supported, a value or a name that is not known.
fn refuses_parameters(code: &SqlState) -> bool {
    ["08", "0A", "22", "42"].iter().any(|class| code.code().starts_with(class))
}

/// Whether the session of the server has this mark.
pub(super) async fn has_mark(client: &Client, mark: &str) -> bool {
    let found = client.query_typed(FIND, &[]).await;
    found.is_ok_and(|rows| {
        rows.first().is_some_and(|row| row.try_get::<_, Option<&str>>("mark").ok().flatten() == Some(mark))
    })
}
