//! The endpoints that are delivered to, each apart, and the projects that they belong to.
//!
//! An endpoint is a subscriber's URI within a project: what one tenant's endpoint does is no concern of another's.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use zaqar_model::{Clock, ProjectId, Timestamp};

use super::breaker::{Breaker, BreakerOptions};
use super::options::{Bounds, EngineOptions};
use super::rate::Rate;
use super::room::{Place, Room, Standing};

/// Nobody waits longer for room: who would have to comes back then.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// With fewer, nothing is forgotten.
const FEW: usize = 1024;
/// With more, those that nobody uses are forgotten whatever is known of them.
const MANY: usize = 100_000;

#[derive(Debug)]
pub(super) struct Endpoints {
    options: EngineOptions,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// By a hash of project and subscriber: URIs may be long.
    endpoints: HashMap<u64, Arc<Endpoint>>,
    hasher: RandomState,
    projects: HashMap<ProjectId, Arc<Project>>,
    /// With so many endpoints it is time to forget some.
    crowd: usize,
}

#[derive(Debug)]
pub(super) struct Endpoint {
    project: Arc<Project>,
    room: Arc<Semaphore>,
    standing: Mutex<Standing>,
    rate: Mutex<Rate>,
    breaker: Mutex<Breaker>,
    breaker_options: BreakerOptions,
}

#[derive(Debug)]
struct Project {
    room: Room,
    rate: Mutex<Rate>,
}

/// The leave to try an endpoint, until it is dropped.
#[derive(Debug)]
pub(super) struct Entry {
    place: Place,
    project: Arc<Project>,
    _room: [Option<OwnedSemaphorePermit>; 2],
}

/// Why an endpoint cannot be tried now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoEntry {
    /// There is no room in it or in its project.
    Full,
    /// When its breaker or its rate lets someone in.
    Until(Timestamp),
}

impl From<Timestamp> for NoEntry {
    fn from(at: Timestamp) -> Self {
        Self::Until(at)
    }
}

impl Endpoints {
    pub(super) fn new(options: &EngineOptions) -> Self {
        Self { options: *options, known: Mutex::default() }
    }

    pub(super) fn find(&self, project: &ProjectId, subscriber: &str, now: Timestamp) -> Arc<Endpoint> {
        let mut known = self.known.lock();
        let key = known.hasher.hash_one((project, subscriber));
        if let Some(endpoint) = known.endpoints.get(&key) {
            return Arc::clone(endpoint);
        }
        known.forget_some(now);
        let Bounds { concurrency, rate } = self.options.project;
        let project = known.projects.entry(project.clone()).or_insert_with(|| {
            Arc::new(Project { room: Room::new(concurrency), rate: Mutex::new(Rate::new(rate)) })
        });
        let Bounds { concurrency, rate } = self.options.endpoint;
        let endpoint = Arc::new(Endpoint {
            project: Arc::clone(project),
            room: Arc::new(Semaphore::new(concurrency.clamp(1, Semaphore::MAX_PERMITS))),
            standing: Mutex::default(),
            rate: Mutex::new(Rate::new(rate)),
            breaker: Mutex::default(),
            breaker_options: self.options.breaker,
        });
        known.endpoints.insert(key, Arc::clone(&endpoint));
        endpoint
    }
}

impl Known {
    /// Forgets endpoints of which there is nothing to know, so that there are never many more than are in use.
    fn forget_some(&mut self, now: Timestamp) {
        if self.endpoints.len() < self.crowd.max(FEW) {
            return;
        }
        self.endpoints.retain(|_, endpoint| {
            Arc::strong_count(endpoint) > 1
                || !endpoint.breaker.lock().is_at_rest(now)
                // As a new one it would have to look for room among those that are dead.
                || endpoint.standing() == Standing::Good
        });
        if self.endpoints.len() >= MANY {
            self.endpoints.retain(|_, endpoint| Arc::strong_count(endpoint) > 1);
        }
        self.projects.retain(|_, project| Arc::strong_count(project) > 1);
        self.crowd = self.endpoints.len() * 2;
    }
}

impl Endpoint {
    /// Waits a little for room and for the rates.
    ///
    /// # Errors
    ///
    /// It cannot be tried now.
    pub(super) async fn enter(
        &self,
        clock: &(dyn Clock + Send + Sync),
        longest_attempt: Duration,
    ) -> Result<Entry, NoEntry> {
        let now = clock.now();
        let at = self.breaker.lock().opens_to(now);
        if at > now {
            return Err(at.into());
        }
        let place = self.project.room.try_enter(self.standing()).ok_or(NoEntry::Full)?;
        let room =
            async { [self.project.room.take().await, Arc::clone(&self.room).acquire_owned().await.ok()] };
        let room = timeout(LONGEST_WAIT, room).await.map_err(|_| NoEntry::Full)?;
        let entry = Entry { place, project: Arc::clone(&self.project), _room: room };
        for rate in [&self.project.rate, &self.rate] {
            let wait = rate.lock().slot(clock.now())?;
            if !wait.is_zero() {
                sleep(wait).await;
            }
        }
        let now = clock.now();
        let longest = u64::try_from(longest_attempt.as_millis()).unwrap_or(u64::MAX);
        self.breaker.lock().admit(now, now.plus_millis(longest))?;
        Ok(entry)
    }

    pub(super) fn standing(&self) -> Standing {
        *self.standing.lock()
    }

    /// It takes its time.
    pub(super) fn doubt(&self) {
        *self.standing.lock() = Standing::Doubtful;
    }

    pub(super) fn answered(&self, in_time: bool) {
        self.breaker.lock().succeeded();
        *self.standing.lock() = if in_time { Standing::Good } else { Standing::Doubtful };
    }

    /// Answers until when it is left alone, if that begins now.
    pub(super) fn failed(&self, now: Timestamp, retry_after: Option<Duration>) -> Option<Timestamp> {
        self.doubt();
        let mut breaker = self.breaker.lock();
        if let Some(wait) = retry_after {
            breaker.wait_until(now.plus_secs(wait.as_secs()));
        }
        breaker.failed(&self.breaker_options, now)
    }
}

impl Entry {
    /// Goes among those that take long. Answers whether there is room.
    pub(super) fn try_slow_down(&mut self) -> bool {
        self.project.room.try_slow_down(&mut self.place)
    }
}

#[cfg(test)]
mod tests {
    use zaqar_model::{ProjectId, Timestamp};

    use super::{Endpoints, EngineOptions, FEW, Standing};

    #[test]
    fn one_that_is_well_is_remembered_among_many_new_ones() {
        let endpoints = Endpoints::new(&EngineOptions::default());
        let (project, now) = (ProjectId::new("p").unwrap(), Timestamp::from_secs(1));
        let find = |subscriber: &str| endpoints.find(&project, subscriber, now);
        find("well").answered(true);
        for number in 0..4 * FEW {
            find(&number.to_string());
        }
        assert_eq!(find("well").standing(), Standing::Good);
        assert!(endpoints.known.lock().endpoints.len() <= 2 * FEW);
    }
}
