//! Which hosts connections are kept to.
//!
//! The pool of connections has a bound for each host and none for all of them together. So only some hosts at a time get
//! into it: those that answer first, for as long as they are in use. Dead ones take no place.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// So many at a time.
const MOST_HOSTS: usize = 256;

#[derive(Debug)]
pub(super) struct KeptHosts {
    /// Until when there may be a connection to each of them, by scheme, host and port.
    until: Mutex<HashMap<String, Instant>>,
    longest: Duration,
}

impl KeptHosts {
    /// None is left of a host's connections when this time has passed since its last request began.
    pub(super) fn new(longest: Duration) -> Self {
        Self { until: Mutex::default(), longest }
    }

    /// Whether the connection of a request that begins now is kept.
    pub(super) fn holds(&self, host: &str, now: Instant) -> bool {
        let mut kept = self.until.lock();
        let until = kept.get_mut(host);
        until.map(|until| *until = now + self.longest).is_some()
    }

    /// A host has answered: from the next request on its connections are kept, if there is a place.
    pub(super) fn admit(&self, host: String, now: Instant) {
        let mut kept = self.until.lock();
        if kept.len() >= MOST_HOSTS {
            kept.retain(|_, until| *until > now);
        }
        if kept.len() < MOST_HOSTS {
            kept.insert(host, now + self.longest);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{KeptHosts, MOST_HOSTS};

    #[test]
    fn a_host_makes_room_when_its_connections_have_ended() {
        let (kept, begin) = (KeptHosts::new(Duration::from_secs(10)), Instant::now());
        let at = |second| begin + Duration::from_secs(second);
        let admit = |host: usize, second| kept.admit(host.to_string(), at(second));
        let holds = |host: usize, second| kept.holds(&host.to_string(), at(second));
        assert!(!holds(0, 0));
        for host in 0..MOST_HOSTS {
            admit(host, 0);
            assert!(holds(host, 0));
        }
        admit(MOST_HOSTS, 9);
        assert!(!holds(MOST_HOSTS, 9) && holds(0, 9));
        admit(MOST_HOSTS, 10);
        assert!(holds(MOST_HOSTS, 10));
        // The first one was used since.
        assert!(holds(0, 18) && !holds(1, 18));
    }
}
