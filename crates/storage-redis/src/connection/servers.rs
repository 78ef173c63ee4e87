//! Asking the server that serves a shard, whichever that is now.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use parking_lot::{Mutex, RwLock};
use redis::{Pipeline, ServerError, Value, cmd};
use tokio::time::{Instant, sleep, timeout};
use zaqar_storage::{StorageError, StorageResult};

use super::error::{Meaning, is_line, meaning};
use super::link::Link;
use super::node::{Away, Node};
use super::request::{Effect, Patience, Request};
use super::topology::{self, Topology};
use super::{Address, Dialer, Place, damaged};
use crate::scripts::Script;

/// How long the server is asked to end a connection.
const TIME_TO_BREAK_OFF: Duration = Duration::from_secs(2);

pub(crate) struct Servers {
    place: Place,
    pub(crate) dialer: Dialer,
    patience: Patience,
    links: usize,
    topology: RwLock<Option<Arc<Topology>>>,
    /// Whoever asks who serves what holds it meanwhile.
    looking: tokio::sync::Mutex<()>,
    nodes: Mutex<HashMap<Address, Arc<Node>>>,
    unknown: Mutex<Option<Away>>,
}

/// What is not done yet.
#[derive(Default)]
struct Pending {
    /// Places in the request, and the node that is to be asked for once, if not the one that serves the keys.
    places: Vec<(usize, Option<Address>)>,
    /// Why the last try has failed, and whether it is of use to wait.
    why: Option<(String, bool)>,
}

/// Why nothing came back from a server.
enum Failure {
    /// Nothing was sent.
    Away(Away),
    /// It was sent, and may have been done.
    Lost(String),
    Contract(StorageError),
}

impl Servers {
    pub(crate) fn new(place: Place, dialer: Dialer, patience: Patience, links: usize) -> Self {
        Self {
            place,
            dialer,
            patience,
            links,
            topology: RwLock::default(),
            looking: tokio::sync::Mutex::default(),
            nodes: Mutex::default(),
            unknown: Mutex::default(),
        }
    }

    /// Who serves what, as far as it is known.
    pub(crate) async fn topology(&self) -> Result<Arc<Topology>, Away> {
        if let Some(known) = self.topology.read().as_ref() {
            return Ok(Arc::clone(known));
        }
        let _alone = self.looking.lock().await;
        if let Some(known) = self.topology.read().as_ref() {
            return Ok(Arc::clone(known));
        }
        if let Some(away) = self.unknown.lock().clone().filter(|away| Instant::now() < away.until) {
            return Err(away);
        }
        match Box::pin(topology::look(&self.place, &self.known(), &self.dialer)).await {
            Ok(found) => {
                *self.unknown.lock() = None;
                Ok(self.learn(found))
            }
            Err(why) => {
                let mut unknown = self.unknown.lock();
                let failures = unknown.as_ref().map_or(0, |away| away.failures).saturating_add(1);
                let until = Instant::now() + self.patience.back_off.pause_after(failures);
                Err(unknown.insert(Away { why, until, failures }).clone())
            }
        }
    }

    fn learn(&self, found: Topology) -> Arc<Topology> {
        let found = Arc::new(found);
        // Whoever waits for a server that is no longer in use is told at once that no answer will come.
        let in_use = found.addresses();
        self.nodes.lock().retain(|address, node| {
            let is_in_use = in_use.contains(&address);
            if !is_in_use {
                node.end();
            }
            is_in_use
        });
        *self.topology.write() = Some(Arc::clone(&found));
        found
    }

    /// The nodes that are in use, or were when it was last known.
    fn known(&self) -> Vec<Address> {
        self.nodes.lock().keys().cloned().collect()
    }

    /// Looks once more who serves what, where that may change.
    pub(crate) async fn look_again(&self) {
        if !matches!(self.place, Place::One(_))
            && let Ok(found) = topology::look(&self.place, &self.known(), &self.dialer).await
            && self.topology.read().as_deref() != Some(&found)
        {
            self.learn(found);
        }
    }

    fn node(&self, address: &Address) -> Arc<Node> {
        let fresh = || Arc::new(Node::new(address.clone(), self.links, self.patience.back_off));
        Arc::clone(self.nodes.lock().entry(address.clone()).or_insert_with(fresh))
    }

    /// Has commands done and returns the answers in their order. What is not done is tried again within the time of a
    /// request, unless it may have been done.
    pub(crate) async fn ask(&self, requests: &[Request], effect: Effect) -> StorageResult<Vec<Value>> {
        let deadline = Instant::now() + self.patience.request;
        let attempts = self.patience.back_off.attempts;
        let mut answers: Vec<Option<Value>> = requests.iter().map(|_| None).collect();
        let mut places: Vec<(usize, Option<Address>)> =
            (0..requests.len()).map(|place| (place, None)).collect();
        let mut tries = 0;
        while !places.is_empty() {
            let tried = self.try_once(requests, &places, &mut answers, effect).await;
            let (why, pause) = match tried {
                Ok(Pending { places: left, why }) => {
                    places = left;
                    match why {
                        None => continue,
                        Some((why, false)) => (why, Duration::ZERO),
                        Some((why, true)) => (why, self.patience.back_off.pause_after(tries + 1)),
                    }
                }
                // The others may have been done.
                Err(Failure::Contract(StorageError::Unavailable(why)))
                    if effect == Effect::Write && requests.len() > 1 =>
                {
                    return Err(StorageError::OutcomeUnknown(why));
                }
                Err(Failure::Contract(error)) => return Err(error),
                Err(Failure::Away(away)) if away.failures > attempts => {
                    return Err(not_done(&answers, effect, away.why));
                }
                Err(Failure::Away(away)) => (away.why, away.until.saturating_duration_since(Instant::now())),
                Err(Failure::Lost(why)) if effect == Effect::Write => {
                    return Err(StorageError::outcome_unknown(why));
                }
                Err(Failure::Lost(why)) => (why, Duration::ZERO),
            };
            tries += 1;
            if tries > attempts.saturating_mul(2) || Instant::now() + pause > deadline {
                return Err(not_done(&answers, effect, why));
            }
            sleep(pause).await;
            places.retain(|(place, _)| answers[*place].is_none());
        }
        Ok(answers.into_iter().flatten().collect())
    }

    /// Asks each server that serves some of it, all at the same time.
    async fn try_once(
        &self,
        requests: &[Request],
        places: &[(usize, Option<Address>)],
        answers: &mut [Option<Value>],
        effect: Effect,
    ) -> Result<Pending, Failure> {
        let topology = self.topology().await.map_err(Failure::Away)?;
        let mut groups: BTreeMap<&Address, Vec<(usize, bool)>> = BTreeMap::new();
        for (place, asked_once) in places {
            let Some(address) = asked_once.as_ref().or_else(|| topology.serving(&requests[*place].tag))
            else {
                *self.topology.write() = None;
                let until = Instant::now() + self.patience.back_off.pause_after(1);
                let why = "no node of the cluster serves the key".to_owned();
                return Err(Failure::Away(Away { why, until, failures: 1 }));
            };
            groups.entry(address).or_default().push((*place, asked_once.is_some()));
        }
        let sending = groups.into_iter().map(|(address, group)| self.send(address, requests, group, effect));
        let mut pending = Pending::default();
        let mut failure = None;
        for sent in join_all(sending).await {
            match sent {
                Ok((done, left)) => {
                    done.into_iter().for_each(|(place, value)| answers[place] = Some(value));
                    pending.places.extend(left.places);
                    pending.why = pending.why.or(left.why);
                }
                Err(Failure::Away(away)) => {
                    failure.get_or_insert(Failure::Away(away));
                }
                Err(other) => failure = Some(other),
            }
        }
        failure.map_or(Ok(pending), Err)
    }

    /// Sends commands to one server. Returns what was done, with the places in the request, and what is left.
    async fn send(
        &self,
        address: &Address,
        requests: &[Request],
        group: Vec<(usize, bool)>,
        effect: Effect,
    ) -> Result<(Vec<(usize, Value)>, Pending), Failure> {
        let node = self.node(address);
        let link = match node.link(&self.dialer).await {
            Ok(link) => link,
            Err(away) => {
                // Another may have taken its place.
                self.forget_topology();
                return Err(Failure::Away(away));
            }
        };
        let mut commands = Pipeline::with_capacity(group.len());
        for (place, is_asked_once) in &group {
            if *is_asked_once {
                commands.add_command(cmd("ASKING"));
            }
            commands.add_command(requests[*place].command.clone());
        }
        let values = match timeout(self.patience.answer, link.send(&commands)).await {
            Ok(Ok(values)) => values,
            Ok(Err(error)) if !is_line(&error) => {
                return Err(Failure::Contract(StorageError::driver(error.to_string())));
            }
            ended => {
                node.forget(&link);
                if effect == Effect::Write {
                    Box::pin(self.break_off(&node, &link)).await;
                }
                self.forget_topology();
                let why = ended.map_or_else(
                    |_| "no answer in time".to_owned(),
                    |sent| sent.map_or_else(|error| error.to_string(), |_| String::new()),
                );
                return Err(Failure::Lost(format!("{address}: {why}")));
            }
        };
        let mut values = values.into_iter();
        let (mut done, mut left, mut missing) = (Vec::new(), Pending::default(), Vec::new());
        for (place, is_asked_once) in group {
            let value = if is_asked_once { values.nth(1) } else { values.next() };
            let error = match value {
                Some(Value::ServerError(error)) => error,
                Some(value) => {
                    done.push((place, value));
                    continue;
                }
                None => return Err(Failure::Contract(damaged())),
            };
            let (again, why) = self.sort_out(&error)?;
            if meaning(&error) == Meaning::NoScript {
                missing.extend(requests[place].script);
            }
            left.why = why.or(left.why);
            left.places.push((place, again));
        }
        if !missing.is_empty() {
            Box::pin(self.load(&missing, &link, &mut left)).await;
        }
        let replicas = self.patience.replicas;
        if let Some((place, _)) = done.first()
            && effect == Effect::Write
            && replicas.are_waited_for()
        {
            let tag = &requests[*place].tag;
            let waiting = node.replication.wait(address, &self.dialer, replicas, tag, self.patience.answer);
            let waited = Box::pin(waiting).await;
            waited.map_err(Failure::Lost)?;
        }
        Ok((done, left))
    }

    /// Sees to it that what was sent on a connection is done by now or never, if the server can be reached.
    async fn break_off(&self, node: &Node, link: &Link) {
        let breaking_off = async {
            let (Some(kill), Ok(other)) = (link.killing(), node.link(&self.dialer).await) else { return };
            // Without a right to that, or with a server that ends, the outcome is as unknown as before.
            if let Err(error) = other.ask(kill).await {
                tracing::debug!(%error, "a connection that was lost could not be ended on the server");
            }
        };
        let _ = timeout(TIME_TO_BREAK_OFF, breaking_off).await;
    }

    /// What is to be done about something that a server has not done: whom to ask, why, and whether it is of use to wait.
    #[allow(clippy::type_complexity, reason = "the parts of what is pending")]
    fn sort_out(&self, error: &ServerError) -> Result<(Option<Address>, Option<(String, bool)>), Failure> {
        match meaning(error) {
            Meaning::NoScript => Ok((None, None)),
            Meaning::AskOnce(address) => Ok((Some(address), Some((error.to_string(), false)))),
            Meaning::Elsewhere => {
                self.forget_topology();
                // That one is moved is said when the others know it already.
                Ok((None, Some((error.to_string(), error.code() != "MOVED"))))
            }
            Meaning::Soon => Ok((None, Some((error.to_string(), true)))),
            Meaning::LivesElsewhere => Err(Failure::Contract(StorageError::Moved)),
            Meaning::NotNow => Err(Failure::Contract(StorageError::unavailable(error.to_string()))),
            Meaning::Broken => Err(Failure::Contract(StorageError::driver(error.to_string()))),
        }
    }

    fn forget_topology(&self) {
        if !matches!(self.place, Place::One(_)) {
            *self.topology.write() = None;
        }
    }

    async fn load(&self, missing: &[&'static Script], link: &Link, left: &mut Pending) {
        let mut names = BTreeSet::new();
        for script in missing.iter().filter(|script| names.insert(script.name())) {
            let mut load = cmd("SCRIPT");
            load.arg("LOAD").arg(script.text());
            let loading = timeout(self.patience.answer, link.ask(load)).await;
            let failed = match loading {
                Ok(Ok(_)) => continue,
                Ok(Err(error)) => error.to_string(),
                Err(_) => "no answer in time".to_owned(),
            };
            // The next answer says it again.
            left.why.get_or_insert((failed, true));
        }
    }
}

/// Nothing more is tried. Where a part was done, nobody can say that nothing was.
fn not_done(answers: &[Option<Value>], effect: Effect, why: String) -> StorageError {
    if effect == Effect::Write && answers.iter().any(Option::is_some) {
        return StorageError::outcome_unknown(why);
    }
    StorageError::unavailable(why)
}

impl std::fmt::Debug for Servers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Servers").field("place", &self.place).finish_non_exhaustive()
    }
}
