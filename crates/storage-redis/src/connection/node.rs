//! One server, with the connections to it. While it is away, only now and then one is tried.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use tokio::time::Instant;

use super::link::Link;
use super::replication::Replication;
use super::{Address, Dialer};

/// How connections are tried again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BackOff {
    /// After so many failures in a row, requests are told at once that the server is away.
    pub(crate) attempts: u32,
    /// The longest pause between two of them. The first is a thirty-second of it, each is twice the one before.
    pub(crate) longest: Duration,
}

impl BackOff {
    pub(crate) fn pause_after(&self, failures: u32) -> Duration {
        (self.longest / 32 * 2_u32.saturating_pow(failures.saturating_sub(1).min(5))).min(self.longest)
    }
}

/// There is no connection, and nothing was sent.
#[derive(Clone, Debug)]
pub(crate) struct Away {
    pub(crate) why: String,
    /// Until then nobody tries.
    pub(crate) until: Instant,
    /// How often it has failed in a row.
    pub(crate) failures: u32,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) address: Address,
    back_off: BackOff,
    links: Vec<RwLock<Option<Arc<Link>>>>,
    next: AtomicUsize,
    /// Whoever makes a connection holds it meanwhile.
    dialing: tokio::sync::Mutex<()>,
    away: Mutex<Option<Away>>,
    pub(crate) replication: Replication,
}

impl Node {
    pub(crate) fn new(address: Address, links: usize, back_off: BackOff) -> Self {
        let links = (0..links.max(1)).map(|_| RwLock::default()).collect();
        Self {
            address,
            back_off,
            links,
            next: AtomicUsize::new(0),
            dialing: tokio::sync::Mutex::default(),
            away: Mutex::default(),
            replication: Replication::default(),
        }
    }

    /// One of its connections, in turn.
    pub(crate) async fn link(&self, dialer: &Dialer) -> Result<Arc<Link>, Away> {
        let place = &self.links[self.next.fetch_add(1, Ordering::Relaxed) % self.links.len()];
        let open = || place.read().as_ref().filter(|link| !link.is_dead()).map(Arc::clone);
        if let Some(link) = open() {
            return Ok(link);
        }
        if let Some(away) = self.is_away() {
            return Err(away);
        }
        let _alone = match self.dialing.try_lock() {
            Ok(alone) => alone,
            Err(_) => {
                // Nobody piles up behind a server that has been away for long: somebody tries already.
                let known = self.away.lock().clone().filter(|away| away.failures > self.back_off.attempts);
                if let Some(away) = known {
                    return Err(Away { until: Instant::now() + self.back_off.pause_after(1), ..away });
                }
                self.dialing.lock().await
            }
        };
        if let Some(link) = open() {
            return Ok(link);
        }
        if let Some(away) = self.is_away() {
            return Err(away);
        }
        match Box::pin(dialer.dial_for_requests(&self.address)).await {
            Ok(link) => {
                *self.away.lock() = None;
                let link = Arc::new(link);
                *place.write() = Some(Arc::clone(&link));
                Ok(link)
            }
            Err(why) => Err(self.note_failure(why)),
        }
    }

    fn is_away(&self) -> Option<Away> {
        self.away.lock().clone().filter(|away| Instant::now() < away.until)
    }

    fn note_failure(&self, why: String) -> Away {
        let mut away = self.away.lock();
        let failures = away.as_ref().map_or(0, |away| away.failures).saturating_add(1);
        let until = Instant::now() + self.back_off.pause_after(failures);
        away.insert(Away { why, until, failures }).clone()
    }

    /// The server is no longer in use.
    pub(crate) fn end(&self) {
        for place in &self.links {
            if let Some(link) = place.write().take() {
                link.end();
            }
        }
    }

    /// Gives up a connection. Those who wait for answers on it wait on.
    pub(crate) fn forget(&self, link: &Arc<Link>) {
        for place in &self.links {
            let mut place = place.write();
            if place.as_ref().is_some_and(|own| Arc::ptr_eq(own, link)) {
                *place = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::BackOff;

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let back_off = BackOff { attempts: 10, longest: Duration::from_millis(3200) };
        let pauses = [1, 2, 3, 6, 7, 100].map(|failures| back_off.pause_after(failures).as_millis());
        assert_eq!(pauses, [100, 200, 400, 3200, 3200, 3200]);
    }
}
