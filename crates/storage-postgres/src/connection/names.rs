//! The names under which the server lists connections. Each has its own, so that it can be told of a connection that was lost
//! whether what was sent on it is at its end. A number of the server's process would not do: behind pgbouncer it changes.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::sleep;
use tokio_postgres::Client;

use super::{Failed, Session, values};

/// The server cuts what is longer than 63 bytes.
const LONGEST_PREFIX: usize = 24;
/// How often it is looked whether a connection is at its end.
const LOOK: Duration = Duration::from_millis(5);

/// No two servers have the same.
const DRAW: &str = "SELECT left(replace(pg_catalog.gen_random_uuid()::text, '-', ''), 12)";
const LISTED: &str = "SELECT 1 FROM pg_catalog.pg_stat_activity WHERE application_name = $1::text LIMIT 1";

/// Names for the connections of one connector.
#[derive(Debug)]
pub(super) struct Names {
    /// As it is configured.
    prefix: String,
    /// What the others do not have; unknown until the first connection.
    own: OnceLock<String>,
    drawn: AtomicU64,
}

impl Names {
    pub(super) fn beginning_with(prefix: &str) -> Self {
        let prefix = prefix.chars().scan(0, |length, letter| {
            *length += letter.len_utf8();
            (*length <= LONGEST_PREFIX).then_some(letter)
        });
        Self { prefix: prefix.collect(), own: OnceLock::new(), drawn: AtomicU64::new(0) }
    }

    /// A name for the next connection. The first has none.
    pub(super) fn next(&self) -> Option<String> {
        let own = self.own.get()?;
        let number = self.drawn.fetch_add(1, Ordering::Relaxed);
        Some(format!("{} {own}-{number}", self.prefix))
    }

    /// Lets the server draw what tells these names from all others.
    pub(super) async fn draw(&self, client: &Client) {
        if self.own.get().is_none()
            && let Ok(rows) = client.query_typed(DRAW, &[]).await
            && let Some(Ok(own)) = rows.first().map(|row| row.try_get(0))
        {
            // Another connection may have been faster.
            let _ = self.own.set(own);
        }
    }
}

/// Waits until the server lists no connection of this name any more. What was sent on it was done by then, or never will be.
pub(super) async fn wait_for_end(session: &Session, name: &str) -> Result<(), Failed> {
    while session.first(LISTED, values![name => TEXT]).await?.is_some() {
        sleep(LOOK).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn a_name_is_not_cut_by_the_server() {
        let names = Names::beginning_with(&"ä".repeat(100));
        assert_eq!(names.next(), None);
        names.own.set("0123456789ab".to_owned()).unwrap();
        assert_eq!(names.next().unwrap(), format!("{} 0123456789ab-0", "ä".repeat(12)));
        names.drawn.store(u64::MAX, std::sync::atomic::Ordering::Relaxed);
        assert!(names.next().unwrap().len() <= 63);
    }
}
