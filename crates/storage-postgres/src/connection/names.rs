//! The names under which the server lists connections. Each has its own, so that it can be told of a connection that was lost
//! whether what was sent on it is at its end. A number of the server's process would not do: behind pgbouncer it changes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::sleep;
use zaqar_model::{IdSource, RandomIds};

use super::{Failed, Session, values};

/// The server cuts what is longer than 63 bytes.
const LONGEST_PREFIX: usize = 24;
/// How often it is looked whether a connection is at its end.
const LOOK: Duration = Duration::from_millis(5);

const LISTED: &str = "SELECT 1 FROM pg_catalog.pg_stat_activity WHERE application_name = $1::text LIMIT 1";

/// Names for the connections of one connector.
#[derive(Debug)]
pub(super) struct Names {
    /// As it is configured, and then what no other connector has.
    prefix: String,
    drawn: AtomicU64,
}

impl Names {
    pub(super) fn beginning_with(prefix: &str) -> Self {
        let kept = prefix.chars().scan(0, |length, letter| {
            *length += letter.len_utf8();
            (*length <= LONGEST_PREFIX).then_some(letter)
        });
        let own = RandomIds.next_u128() >> 80;
        Self { prefix: format!("{} {own:012x}", kept.collect::<String>()), drawn: AtomicU64::new(0) }
    }

    pub(super) fn next(&self) -> String {
        format!("{}-{}", self.prefix, self.drawn.fetch_add(1, Ordering::Relaxed))
    }
}

/// What is in no other name.
pub(super) fn mark_of(name: &str) -> &str {
    name.rsplit(' ').next().unwrap_or_default()
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
        let first = names.next();
        let (prefix, own) = first.split_once(' ').unwrap();
        assert_eq!(prefix, "ä".repeat(12));
        let own = own.strip_suffix("-0").unwrap();
        assert_eq!((own.len(), own.chars().all(|digit| digit.is_ascii_hexdigit())), (12, true));
        names.drawn.store(u64::MAX, std::sync::atomic::Ordering::Relaxed);
        assert!(names.next().len() <= 63);
        assert_ne!(Names::beginning_with("").next(), Names::beginning_with("").next());
    }
}
