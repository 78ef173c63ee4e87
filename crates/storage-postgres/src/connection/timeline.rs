//! Which server is the primary now. A primary that was stopped, and comes back after another one has taken over, does not know
//! it: it would tell what is no longer true. Each server that takes over begins a new timeline, so the numbers tell.

use parking_lot::Mutex;
use tokio_postgres::Client;

/// The identity of the database system, and the number of its timeline.
const FIND: &str = "SELECT system_identifier,
  ('x' || substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8))::bit(32)::int4 AS number
FROM pg_catalog.pg_control_system()";

/// The timeline that a server writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timeline {
    system: i64,
    number: i32,
}

impl Timeline {
    /// That of the server behind a connection. `None` where it does not tell, as services for hire may not.
    pub(crate) async fn of(client: &Client) -> Option<Self> {
        let rows = client.query_typed(FIND, &[]).await.ok()?;
        let row = rows.first()?;
        Some(Self { system: row.try_get("system_identifier").ok()?, number: row.try_get("number").ok()? })
    }

    const fn is_behind(self, other: Self) -> bool {
        self.system == other.system && self.number < other.number
    }
}

/// The latest timeline that was met.
#[derive(Debug, Default)]
pub(crate) struct Latest(Mutex<Option<Timeline>>);

impl Latest {
    /// Whether another server has taken over from the one with this timeline.
    pub(crate) fn is_ahead_of(&self, timeline: Option<Timeline>) -> bool {
        matches!((timeline, *self.0.lock()), (Some(own), Some(latest)) if own.is_behind(latest))
    }

    /// Notes a timeline. `false`: another server has taken over from that one.
    pub(crate) fn admit(&self, timeline: Option<Timeline>) -> bool {
        let mut latest = self.0.lock();
        match (timeline, *latest) {
            (Some(own), Some(latest)) if own.is_behind(latest) => false,
            (Some(own), _) => {
                *latest = Some(own);
                true
            }
            (None, _) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Latest, Timeline};

    #[test]
    fn a_server_from_which_another_has_taken_over_is_refused_and_one_of_another_system_is_not() {
        let latest = Latest::default();
        let timeline = |system, number| Some(Timeline { system, number });
        assert!(latest.admit(timeline(7, 1)) && latest.admit(timeline(7, 1)));
        assert!(!latest.is_ahead_of(timeline(7, 1)));
        assert!(latest.admit(timeline(7, 2)));
        assert!(latest.is_ahead_of(timeline(7, 1)) && !latest.admit(timeline(7, 1)));
        assert!(latest.admit(None) && !latest.is_ahead_of(None));
        assert!(latest.admit(timeline(8, 1)) && !latest.is_ahead_of(timeline(8, 1)));
    }
}
