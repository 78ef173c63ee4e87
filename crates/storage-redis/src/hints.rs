//! Hints that something has come in or is due: to whoever waits here, and through the channels of the shards to the other
//! servers. A hint may be lost, so what is waited for is looked at once a second.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use parking_lot::Mutex;
use redis::{PushKind, Value, cmd};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::sleep;

use crate::calls::plain;
use crate::connection::{Effect, Link, Servers};
use crate::keys::{QueueKeys, SHARDS, ShardKeys};

/// How often those who wait are looked after without a hint.
pub(crate) const LOOK: Duration = Duration::from_secs(1);

/// What others are told.
#[derive(Clone, Debug)]
enum Said {
    Arrived(QueueKeys),
    Due(ShardKeys),
}

#[derive(Debug)]
pub(crate) struct Hints {
    places: Mutex<HashMap<String, Place>>,
    due: Notify,
    outgoing: mpsc::UnboundedSender<Said>,
}

/// A queue that somebody waits for.
#[derive(Debug)]
struct Place {
    queue: QueueKeys,
    changed: Arc<Notify>,
    waiting: usize,
    /// The end that was seen last.
    seen: u64,
}

/// What goes out is taken from here by [`announce`].
#[derive(Debug)]
pub(crate) struct Outgoing(mpsc::UnboundedReceiver<Said>);

/// The names of the channels. They belong to no database, so they hold its number.
#[derive(Clone, Debug)]
pub(crate) struct Channels {
    prefix: Arc<str>,
    database: i64,
}

impl Channels {
    pub(crate) fn new(prefix: &Arc<str>, database: i64) -> Self {
        Self { prefix: Arc::clone(prefix), database }
    }

    fn name(&self, shard: &ShardKeys) -> String {
        shard.name(&format!("hints:{}", self.database))
    }
}

impl Hints {
    pub(crate) fn new() -> (Arc<Self>, Outgoing) {
        let (outgoing, receiver) = mpsc::unbounded_channel();
        let hints = Self { places: Mutex::default(), due: Notify::new(), outgoing };
        (Arc::new(hints), Outgoing(receiver))
    }

    /// Something stands in a queue that did not before.
    pub(crate) fn arrived(&self, queue: &QueueKeys) {
        self.wake(&queue.number);
        let _ = self.outgoing.send(Said::Arrived(queue.clone()));
    }

    /// Something may be due that was not.
    pub(crate) fn due(&self, shard: &ShardKeys) {
        self.due.notify_one();
        let _ = self.outgoing.send(Said::Due(shard.clone()));
    }

    pub(crate) async fn wait_for_due(&self) {
        self.due.notified().await;
    }

    fn wake(&self, queue: &str) {
        if let Some(place) = self.places.lock().get(queue) {
            place.changed.notify_waiters();
        }
    }

    fn wake_all(&self) {
        self.places.lock().values().for_each(|place| place.changed.notify_waiters());
        self.due.notify_one();
    }

    fn hear(&self, text: &str) {
        for word in text.split(',') {
            if word == "d" { self.due.notify_one() } else { self.wake(word) }
        }
    }

    /// Registers somebody who waits for a queue.
    pub(crate) fn enter(self: &Arc<Self>, queue: &QueueKeys) -> Waiter {
        let mut places = self.places.lock();
        let fresh = || Place { queue: queue.clone(), changed: Arc::default(), waiting: 0, seen: 0 };
        let place = places.entry(queue.number.clone()).or_insert_with(fresh);
        place.waiting += 1;
        Waiter { hints: Arc::clone(self), queue: queue.number.clone(), changed: Arc::clone(&place.changed) }
    }

    /// The queues that are waited for.
    pub(crate) fn waited_for(&self) -> Vec<QueueKeys> {
        self.places.lock().values().map(|place| place.queue.clone()).collect()
    }

    /// A queue ends there now; `None` if it is dropped, or lives elsewhere.
    pub(crate) fn found(&self, queue: &QueueKeys, end: Option<u64>) {
        if let Some(place) = self.places.lock().get(&queue.number)
            && end.is_none_or(|end| end > place.seen)
        {
            place.changed.notify_waiters();
        }
    }
}

/// Somebody who waits for a queue.
#[derive(Debug)]
pub(crate) struct Waiter {
    hints: Arc<Hints>,
    queue: String,
    pub(crate) changed: Arc<Notify>,
}

impl Waiter {
    pub(crate) fn saw(&self, end: u64) {
        if let Some(place) = self.hints.places.lock().get_mut(&self.queue) {
            place.seen = place.seen.max(end);
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut places = self.hints.places.lock();
        if let Some(place) = places.get_mut(&self.queue) {
            place.waiting -= 1;
            if place.waiting == 0 {
                places.remove(&self.queue);
            }
        }
    }
}

/// Tells the other servers. What comes while the last is told goes out together.
pub(crate) async fn announce(
    servers: Arc<Servers>,
    channels: Channels,
    Outgoing(mut outgoing): Outgoing,
    mut closing: watch::Receiver<bool>,
) {
    loop {
        let first = tokio::select! {
            first = outgoing.recv() => first,
            _ = closing.changed() => return,
        };
        let Some(first) = first else { return };
        let mut words: BTreeMap<String, (ShardKeys, BTreeSet<String>)> = BTreeMap::new();
        let mut note = |said| {
            let (shard, word) = match said {
                Said::Arrived(queue) => (queue.shard, queue.number),
                Said::Due(shard) => (shard, "d".to_owned()),
            };
            words.entry(shard.tag.clone()).or_insert_with(|| (shard, BTreeSet::new())).1.insert(word);
        };
        note(first);
        while let Ok(next) = outgoing.try_recv() {
            note(next);
        }
        let tell = |(shard, words): (ShardKeys, BTreeSet<String>)| {
            let mut publish = cmd("SPUBLISH");
            publish.arg(channels.name(&shard)).arg(words.into_iter().collect::<Vec<_>>().join(","));
            plain(&shard, publish)
        };
        let requests: Vec<_> = words.into_values().map(tell).collect();
        tokio::select! {
            // Whether they are told or not: they look by themselves.
            _ = servers.ask(&requests, Effect::Read) => {}
            _ = closing.changed() => return,
        }
    }
}

/// Hears what other servers tell.
pub(crate) async fn listen(
    servers: Arc<Servers>,
    channels: Channels,
    hints: Arc<Hints>,
    mut closing: watch::Receiver<bool>,
) {
    loop {
        tokio::select! {
            () = listen_once(&servers, &channels, &hints) => {}
            _ = closing.changed() => return,
        }
        tokio::select! {
            () = sleep(LOOK) => {}
            _ = closing.changed() => return,
        }
    }
}

/// Until a connection ends, or somebody else serves a shard.
async fn listen_once(servers: &Servers, channels: &Channels, hints: &Hints) {
    let (heard, mut hearing) = mpsc::unbounded_channel();
    let Ok(topology) = servers.topology().await else { return };
    let mut links: Vec<Link> = Vec::new();
    for address in topology.addresses() {
        let Ok(link) = servers.dialer.dial(address, Some(heard.clone())).await else { return };
        let shards = (0..SHARDS).map(|shard| ShardKeys::new(&channels.prefix, shard));
        let own = shards.filter(|shard| topology.serving(&shard.tag) == Some(address));
        let subscribing = own.map(|shard| {
            let mut subscribe = cmd("SSUBSCRIBE");
            subscribe.arg(channels.name(&shard));
            link.ask(subscribe)
        });
        if join_all(subscribing).await.iter().any(Result::is_err) {
            return;
        }
        links.push(link);
    }
    // What was told before is lost.
    hints.wake_all();
    loop {
        let push = tokio::select! {
            push = hearing.recv() => push,
            () = sleep(LOOK) => {
                // A server that is silent is not known from one that says nothing.
                if servers.topology().await.is_ok_and(|now| now == topology) {
                    continue;
                }
                return;
            }
        };
        match push.map(|push| (push.kind, push.data)) {
            Some((PushKind::SMessage, data)) => {
                if let Some(Value::BulkString(text)) = data.last() {
                    hints.hear(&String::from_utf8_lossy(text));
                }
            }
            Some((PushKind::SSubscribe, _)) => {}
            _ => return,
        }
    }
}
