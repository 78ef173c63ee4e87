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
use zaqar_domain::{EndpointHealth, EndpointState};
use zaqar_model::{Clock, Destination, MessageId, ProjectId, Timestamp};

use super::capacity::{Capacity, EndpointClass, Place};
use super::health::{BreakerOptions, Health, Sign, Turn};
use super::options::{Bounds, EngineOptions};
use super::rate::Rate;

/// Nobody waits longer for room: who would have to comes back then.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// What happens on a way again and again is logged once in so many seconds.
const SAID_EVERY: u64 = 10;
/// With fewer, nothing is forgotten.
const FEW: usize = 1024;
/// With more, those that nobody uses are forgotten whatever is known of them.
const MANY: usize = 100_000;

/// All of them. Whoever shows a subscription asks here how its endpoint is.
#[derive(Debug)]
pub(super) struct Endpoints {
    options: EngineOptions,
    known: Mutex<Known>,
}

/// By hashes: URIs may be long.
#[derive(Debug, Default)]
struct Known {
    /// By project, source and subscriber.
    routes: HashMap<u64, Arc<Route>>,
    /// By project and subscriber.
    endpoints: HashMap<u64, Arc<Endpoint>>,
    hasher: RandomState,
    projects: HashMap<ProjectId, Arc<Project>>,
    /// With so many routes it is time to forget some.
    crowd: usize,
}

/// The way from one queue to an endpoint. How the endpoint takes what comes by it is known of this way alone: what one
/// queue's messages do to an endpoint does not silence another queue's.
#[derive(Debug)]
pub(super) struct Route {
    endpoint: Arc<Endpoint>,
    health: Mutex<Health>,
    breaker: BreakerOptions,
    given_up: Mutex<Tally>,
    left_alone: Mutex<Tally>,
}

#[derive(Debug)]
struct Endpoint {
    project: Arc<Project>,
    capacity: Arc<Semaphore>,
    /// Retries leave some of the room to first attempts.
    retry_capacity: Arc<Semaphore>,
    class: Mutex<EndpointClass>,
    rate: Mutex<Rate>,
}

#[derive(Debug)]
struct Project {
    capacity: Capacity,
    rate: Mutex<Rate>,
}

/// The leave to try an endpoint, until it is dropped.
#[derive(Debug)]
pub(super) struct Entry {
    place: Place,
    route: Arc<Route>,
    /// Whether it is known how the attempt ended.
    is_noted: bool,
    _room: [Option<OwnedSemaphorePermit>; 3],
}

/// Why an endpoint cannot be tried now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoEntry {
    /// There is no room in it or in its project.
    Full,
    /// When its health or its rate lets someone in.
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

    pub(super) fn find(&self, source: &Destination, subscriber: &str, now: Timestamp) -> Arc<Route> {
        let mut known = self.known.lock();
        let key = known.key(source, subscriber);
        if let Some(route) = known.routes.get(&key) {
            return Arc::clone(route);
        }
        known.forget_some(now);
        let endpoint = known.endpoint(&self.options, &source.project, subscriber);
        let (health, given_up, left_alone) = Default::default();
        let breaker = self.options.breaker;
        let route = Arc::new(Route { endpoint, health, breaker, given_up, left_alone });
        known.routes.insert(key, Arc::clone(&route));
        route
    }
}

impl EndpointHealth for Endpoints {
    fn state(&self, source: &Destination, subscriber: &str, now: Timestamp) -> EndpointState {
        let known = self.known.lock();
        let route = known.routes.get(&known.key(source, subscriber)).cloned();
        drop(known);
        route.map_or(EndpointState::Healthy, |route| route.health.lock().state(now))
    }
}

impl Known {
    fn key(&self, source: &Destination, subscriber: &str) -> u64 {
        self.hasher.hash_one((&source.project, source.number, subscriber))
    }

    fn endpoint(&mut self, options: &EngineOptions, project: &ProjectId, subscriber: &str) -> Arc<Endpoint> {
        let key = self.hasher.hash_one((project, subscriber));
        if let Some(endpoint) = self.endpoints.get(&key) {
            return Arc::clone(endpoint);
        }
        let Bounds { concurrency, rate } = options.project;
        let project = self.projects.entry(project.clone()).or_insert_with(|| {
            Arc::new(Project { capacity: Capacity::new(concurrency), rate: Mutex::new(Rate::new(rate)) })
        });
        let Bounds { concurrency, rate } = options.endpoint;
        let places = |count: usize| Arc::new(Semaphore::new(count.clamp(1, Semaphore::MAX_PERMITS)));
        let endpoint = Arc::new(Endpoint {
            project: Arc::clone(project),
            capacity: places(concurrency),
            retry_capacity: places(concurrency / 2),
            class: Mutex::default(),
            rate: Mutex::new(Rate::new(rate)),
        });
        self.endpoints.insert(key, Arc::clone(&endpoint));
        endpoint
    }

    /// Forgets endpoints of which there is nothing to know, so that there are never many more than are in use.
    fn forget_some(&mut self, now: Timestamp) {
        if self.routes.len() < self.crowd.max(FEW) {
            return;
        }
        self.routes.retain(|_, route| {
            Arc::strong_count(route) > 1
                || !route.health.lock().is_at_rest(now)
                // As a new one it would have to look for room among those that are dead.
                || route.endpoint.class() == EndpointClass::Good
        });
        if self.routes.len() >= MANY {
            self.routes.retain(|_, route| Arc::strong_count(route) > 1);
        }
        self.endpoints.retain(|_, endpoint| Arc::strong_count(endpoint) > 1);
        self.projects.retain(|_, project| Arc::strong_count(project) > 1);
        self.crowd = self.routes.len() * 2;
    }
}

impl Endpoint {
    fn class(&self) -> EndpointClass {
        *self.class.lock()
    }
}

impl Route {
    /// Waits a little for room and for the rates. A retry takes its turn only where that keeps no first attempt waiting.
    ///
    /// # Errors
    ///
    /// It cannot be tried now.
    pub(super) async fn enter(
        self: &Arc<Self>,
        turn: Turn,
        clock: &(dyn Clock + Send + Sync),
        longest_attempt: Duration,
    ) -> Result<Entry, NoEntry> {
        let Endpoint { project, capacity, retry_capacity, rate, .. } = &*self.endpoint;
        self.look(clock.now())?;
        let place = project.capacity.try_enter(self.class()).ok_or(NoEntry::Full)?;
        let capacity = async {
            let retry = match turn {
                Turn::First => None,
                Turn::Retry => Arc::clone(retry_capacity).acquire_owned().await.ok(),
            };
            [retry, project.capacity.take().await, Arc::clone(capacity).acquire_owned().await.ok()]
        };
        let capacity = timeout(LONGEST_WAIT, capacity).await.map_err(|_| NoEntry::Full)?;
        for rate in [&project.rate, rate] {
            let wait = rate.lock().slot(clock.now())?;
            if !wait.is_zero() {
                sleep(wait).await;
            }
        }
        let wait = self.health.lock().slot(clock.now(), LONGEST_WAIT)?;
        if !wait.is_zero() {
            sleep(wait).await;
        }
        let now = clock.now();
        let longest = u64::try_from(longest_attempt.as_millis()).unwrap_or(u64::MAX);
        self.health.lock().admit(now, now.plus_millis(longest))?;
        Ok(Entry { place, route: Arc::clone(self), is_noted: false, _room: capacity })
    }

    /// Takes nothing, of the rates neither.
    fn look(&self, now: Timestamp) -> Result<(), Timestamp> {
        let health = self.health.lock();
        let opens = health.opens_to(now);
        let slot = health.slot_in(now);
        let at = if slot > LONGEST_WAIT { opens.max(after(now, slot)) } else { opens };
        if at > now { Err(at) } else { Ok(()) }
    }

    /// How long it is until its pace allows one more.
    pub(super) fn slot_in(&self, now: Timestamp) -> Duration {
        self.health.lock().slot_in(now)
    }

    /// When its health lets an attempt begin: `now`, or later.
    pub(super) fn opens_to(&self, now: Timestamp) -> Timestamp {
        self.health.lock().opens_to(now)
    }

    pub(super) fn class(&self) -> EndpointClass {
        self.endpoint.class()
    }

    /// Whether a retry is to leave its turn to a first attempt that waits.
    pub(super) fn is_short(&self, now: Timestamp) -> bool {
        self.health.lock().is_short(now)
    }

    pub(super) fn state(&self, now: Timestamp) -> EndpointState {
        self.health.lock().state(now)
    }

    /// It takes its time.
    pub(super) fn mark_slow(&self) {
        *self.endpoint.class.lock() = EndpointClass::Doubtful;
    }

    /// Notes how an attempt at a message ended. Answers until when nothing is sent, if that begins now.
    pub(super) fn note(
        &self,
        sign: Sign,
        at: (Turn, MessageId),
        in_time: bool,
        retry_after: Option<Duration>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let is_good = in_time && sign != Sign::Unwell;
        *self.endpoint.class.lock() = if is_good { EndpointClass::Good } else { EndpointClass::Doubtful };
        self.health.lock().note(sign, at, retry_after, now, &self.breaker)
    }

    /// Counts how often it is left alone. Answers how often it was since that was said last, if it is time to say so.
    pub(super) fn left_alone(&self, now: Timestamp) -> Option<u64> {
        self.left_alone.lock().count(now)
    }

    /// Counts a delivery that is given up. Answers how many were since it was said last, if it is time to say so.
    pub(super) fn given_up(&self, now: Timestamp) -> Option<u64> {
        self.given_up.lock().count(now)
    }
}

/// Counts what is too frequent to be logged each time.
#[derive(Debug, Default)]
struct Tally {
    count: u64,
    said: Timestamp,
}

impl Tally {
    fn count(&mut self, now: Timestamp) -> Option<u64> {
        self.count += 1;
        if now < self.said.plus_secs(SAID_EVERY) {
            return None;
        }
        self.said = now;
        Some(std::mem::take(&mut self.count))
    }
}

impl Entry {
    /// Goes among those that take long. Answers whether there is room.
    pub(super) fn try_slow_down(&mut self) -> bool {
        self.route.endpoint.project.capacity.try_slow_down(&mut self.place)
    }

    /// It is known how the attempt ended.
    pub(super) const fn noted(&mut self) {
        self.is_noted = true;
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if !self.is_noted {
            self.route.health.lock().give_back();
        }
    }
}

fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.plus_millis(u64::try_from(wait.as_micros().div_ceil(1000)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use zaqar_model::{
        Destination, DestinationKind, DestinationNumber, MessageId, ProjectId, QueueName, Timestamp,
    };

    use super::{EndpointClass, Endpoints, EngineOptions, FEW, Sign, Tally, Turn};

    fn source(number: u64) -> Destination {
        Destination {
            kind: DestinationKind::Queue,
            project: ProjectId::new("p").unwrap(),
            name: QueueName::new("q").unwrap(),
            number: DestinationNumber::new(number),
        }
    }

    #[test]
    fn one_that_is_well_is_remembered_among_many_new_ones() {
        let endpoints = Endpoints::new(&EngineOptions::default());
        let now = Timestamp::from_secs(1);
        let find = |subscriber: &str| endpoints.find(&source(1), subscriber, now);
        let _ = find("well").note(Sign::Well, (Turn::First, MessageId::from_u128(1)), true, None, now);
        for number in 0..4 * FEW {
            find(&number.to_string());
        }
        assert_eq!(find("well").class(), EndpointClass::Good);
        assert!(endpoints.known.lock().routes.len() <= 2 * FEW);
        assert!(endpoints.known.lock().endpoints.len() <= 2 * FEW);
    }

    #[test]
    fn what_one_queue_does_to_an_endpoint_does_not_silence_another_queue() {
        let endpoints = Endpoints::new(&EngineOptions::default());
        let now = Timestamp::from_secs(1);
        let (one, other) = (endpoints.find(&source(1), "url", now), endpoints.find(&source(2), "url", now));
        for message in 0..5 {
            let at = (Turn::First, MessageId::from_u128(message));
            let _ = one.note(Sign::Unwell, at, true, None, now);
        }
        assert!(one.opens_to(now) > now && other.opens_to(now) == now);
    }

    #[test]
    fn what_is_frequent_is_said_now_and_then_with_its_number() {
        let mut tally = Tally::default();
        let now = Timestamp::from_secs(100);
        let said = [0, 1, 9, 10].map(|seconds| tally.count(now.plus_secs(seconds)));
        assert_eq!(said, [Some(1), None, None, Some(3)]);
    }
}
