//! Whether a pooler stands between: with one, each transaction may run in another session of the server. A statement that was
//! prepared in one is unknown in the next, or is that of another client there. So each connection asks for a mark in its own
//! session, and finds it there only if nobody stands between. Poolers refuse such a wish, or pass over it.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, Error, Socket};

const FIND: &str = "SELECT pg_catalog.current_setting('zaqar.connection', true) AS mark";

/// A plan may be made while its tables are still empty, and is kept. What statements look up has an index: so a plan does not come
/// to read a whole table that has grown meanwhile.
const SETTINGS: &str = "-c enable_seqscan=off -c enable_bitmapscan=off -c jit=off";

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
        let own = config.get_options().unwrap_or_default();
        // Some poolers take options in a form of their own.
        let takes_more = own.is_empty() || own.trim_start().starts_with('-');
        if takes_more && !self.has_refused.load(Ordering::Relaxed) {
            let mut marked = config.clone();
            marked.options(format!("-c zaqar.connection={mark} {SETTINGS} {own}"));
            match marked.connect(tls.clone()).await {
                Err(error) if may_be_for_the_mark(&error) => {
                    let (client, line) = config.connect(tls).await?;
                    tracing::debug!(%error, "a pooler stands before PostgreSQL: no statements are prepared");
                    self.has_refused.store(true, Ordering::Relaxed);
                    return Ok((client, line, false));
                }
                connected => return connected.map(|(client, line)| (client, line, true)),
            }
        }
        config.connect(tls).await.map(|(client, line)| (client, line, false))
    }
}

/// Poolers refuse with codes of many kinds. Not with those that tell of a wrong password, a missing database, a server that is
/// full, or one that is just starting or ending.
fn may_be_for_the_mark(error: &Error) -> bool {
    error
        .code()
        .is_some_and(|code| !["28", "3D", "53", "57"].iter().any(|class| code.code().starts_with(class)))
}

/// Whether the session of the server has this mark.
pub(super) async fn has_mark(client: &Client, mark: &str) -> bool {
    let found = client.query_typed(FIND, &[]).await;
    found.is_ok_and(|rows| {
        rows.first().is_some_and(|row| row.try_get::<_, Option<&str>>("mark").ok().flatten() == Some(mark))
    })
}
