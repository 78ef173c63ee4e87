//! What clients were told, and what follows from it.
//!
//! A request that got no answer may have been carried out or not. So whatever it concerns is first noted as possible,
//! then, with the answer, as certain.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::http::Client;
use crate::support::queues::{Taken, messages};

pub(crate) const QUEUES: [&str; 3] = ["one", "two", "three"];

/// Which message: its queue, its producer, and its place in the order in which that producer posted.
pub(crate) type Key = (&'static str, u64, u64);

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    state: Mutex<State>,
    answered: Condvar,
}

#[derive(Debug, Default)]
struct State {
    answers: u64,
    /// The last number that a producer has used in a queue.
    numbers: BTreeMap<(&'static str, u64), u64>,
    /// Batches as they were sent, and whether they were acknowledged.
    batches: Vec<(Vec<Key>, bool)>,
    /// The id of every message that was ever seen: one message has one id.
    ids: BTreeMap<Key, String>,
    /// Claims that were acknowledged and that nobody has tried to release since.
    held: BTreeMap<Key, String>,
    claims: BTreeMap<String, &'static str>,
    perhaps_deleted: BTreeSet<Key>,
    deleted: BTreeSet<Key>,
}

impl Ledger {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Waits until the clients have got so many answers more.
    pub(crate) fn wait_for_answers(&self, wanted: u64) {
        let mut state = self.state();
        state.answers = 0;
        let limit = Duration::from_secs(120);
        let (_state, waited) =
            self.answered.wait_timeout_while(state, limit, |state| state.answers < wanted).unwrap();
        assert!(!waited.timed_out(), "the server has stopped answering");
    }

    pub(crate) fn answer(&self) {
        self.state().answers += 1;
        self.answered.notify_all();
    }

    /// Makes the bodies of a new batch, to be posted in one request; the number is for [`Ledger::posted`].
    pub(crate) fn new_batch(&self, queue: &'static str, producer: u64, size: u64) -> (usize, Vec<Value>) {
        let mut state = self.state();
        let number = state.numbers.entry((queue, producer)).or_default();
        let first = *number + 1;
        *number += size;
        let keys: Vec<Key> = (first..first + size).map(|number| (queue, producer, number)).collect();
        let bodies = keys
            .iter()
            .map(|(_, producer, number)| json!({"producer": producer, "number": number}))
            .collect();
        state.batches.push((keys, false));
        (state.batches.len() - 1, bodies)
    }

    pub(crate) fn posted(&self, batch: usize) {
        self.state().batches[batch].1 = true;
    }

    /// A claim was acknowledged with these messages.
    pub(crate) fn claimed(&self, queue: &'static str, claim: &str, messages: &[Taken]) {
        let mut state = self.state();
        state.claims.insert(claim.to_owned(), queue);
        for message in messages {
            let key = key(queue, message);
            state.seen(key, message);
            assert!(!state.deleted.contains(&key), "{key:?} was deleted and is claimed by {claim}");
            if let Some(other) = state.held.insert(key, claim.to_owned()) {
                panic!("{key:?} is held by {other} and by {claim}");
            }
        }
    }

    /// Somebody is about to release this claim.
    pub(crate) fn about_to_release(&self, claim: &str) {
        let mut state = self.state();
        state.claims.remove(claim);
        state.held.retain(|_, holder| holder != claim);
    }

    /// Somebody is about to delete this message.
    pub(crate) fn about_to_delete(&self, queue: &'static str, message: &Taken) {
        let key = key(queue, message);
        let mut state = self.state();
        state.perhaps_deleted.insert(key);
        state.held.remove(&key);
    }

    pub(crate) fn deleted(&self, queue: &'static str, message: &Taken) {
        self.state().deleted.insert(key(queue, message));
    }

    /// Holds the rest of a queue, in the order in which it is listed, against the ledger.
    pub(crate) fn check_what_is_left(&self, queue: &'static str, left: &[Taken]) {
        let mut state = self.state();
        let mut keys = BTreeSet::new();
        let mut last: BTreeMap<u64, u64> = BTreeMap::new();
        for message in left {
            let key = key(queue, message);
            state.seen(key, message);
            assert!(keys.insert(key), "{key:?} is there twice");
            assert!(!state.deleted.contains(&key), "{key:?} was deleted and is there");
            let last = last.entry(key.1).or_default();
            assert!(*last < key.2, "{key:?} stands behind number {last} of its producer");
            *last = key.2;
        }
        for (batch, acknowledged) in state.batches.iter().filter(|(batch, _)| batch[0].0 == queue) {
            let arrived = |key: &Key| keys.contains(key) || state.ids.contains_key(key);
            let count = batch.iter().filter(|key| arrived(key)).count();
            assert!(count == 0 || count == batch.len(), "{count} of {batch:?} arrived");
            assert!(count > 0 || !acknowledged, "{batch:?} was acknowledged and is lost");
            for key in batch.iter().filter(|key| arrived(key)) {
                let gone = state.perhaps_deleted.contains(key);
                assert!(gone || keys.contains(key), "{key:?} is lost");
            }
        }
    }

    /// Every claim that was acknowledged and not released holds what it held.
    pub(crate) fn check_claims(&self, client: &mut Client) {
        let state = self.state();
        for (claim, queue) in &state.claims {
            let response =
                client.request("GET", &format!("/v2/queues/{queue}/claims/{claim}"), None).unwrap();
            let held = state.held.iter().filter(|(_, holder)| *holder == claim);
            let held: BTreeSet<_> = held.map(|(key, _)| *key).collect();
            if response.status == 404 {
                // It ended with its last message.
                assert!(held.is_empty(), "{claim} is lost, which held {held:?}");
                continue;
            }
            let shown: BTreeSet<_> = messages(&response).iter().map(|message| key(queue, message)).collect();
            assert!(held.is_subset(&shown), "{claim} held {held:?} and holds {shown:?}");
            for key in &shown {
                let holder = state.held.get(key).map_or("a claim that nobody was told of", String::as_str);
                let may_hold = holder == claim || state.perhaps_deleted.contains(key);
                assert!(may_hold, "{key:?} is held by {claim} and by {holder}");
            }
        }
    }
}

impl State {
    fn seen(&mut self, key: Key, message: &Taken) {
        let id = self.ids.entry(key).or_insert_with(|| message.id().to_owned());
        assert_eq!(id, message.id(), "{key:?} is there under two ids");
    }
}

fn key(queue: &'static str, message: &Taken) -> Key {
    (queue, message.body["producer"].as_u64().unwrap(), message.body["number"].as_u64().unwrap())
}
