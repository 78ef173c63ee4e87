//! Hints that something has come in or is due: to whoever waits here, and through `NOTIFY` to the other servers. A hint
//! may be lost, so what is waited for is looked at once a second.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{sleep, timeout};

use crate::connection::{Connector, Session, values};

/// How often those who wait are looked after without a hint.
pub(crate) const LOOK: Duration = Duration::from_secs(1);
/// For how long a server may take over a hint. One that is stopped would take for ever.
const PATIENCE: Duration = Duration::from_secs(2);
/// When nothing was heard for so long, the server is asked whether it is still there.
const SILENCE: Duration = Duration::from_secs(5);
/// Longer texts are not notified.
const MOST_QUEUES_IN_A_HINT: usize = 300;

/// What others are told.
#[derive(Clone, Copy, Debug)]
enum Said {
    Arrived(i64),
    Due,
}

#[derive(Debug)]
pub(crate) struct Hints {
    places: Mutex<HashMap<i64, Place>>,
    due: Notify,
    outgoing: mpsc::UnboundedSender<Said>,
}

/// A queue that somebody waits for.
#[derive(Debug)]
struct Place {
    changed: Arc<Notify>,
    waiting: usize,
    /// The end that was seen last.
    seen: i64,
}

/// What goes out is taken from here by [`announce`].
#[derive(Debug)]
pub(crate) struct Outgoing(mpsc::UnboundedReceiver<Said>);

impl Hints {
    pub(crate) fn new() -> (Arc<Self>, Outgoing) {
        let (outgoing, receiver) = mpsc::unbounded_channel();
        let hints = Self { places: Mutex::default(), due: Notify::new(), outgoing };
        (Arc::new(hints), Outgoing(receiver))
    }

    /// Something stands in a queue that did not before.
    pub(crate) fn arrived(&self, queue: i64) {
        self.wake(queue);
        let _ = self.outgoing.send(Said::Arrived(queue));
    }

    /// Something may be due that was not.
    pub(crate) fn due(&self) {
        self.due.notify_one();
        let _ = self.outgoing.send(Said::Due);
    }

    pub(crate) async fn wait_for_due(&self) {
        self.due.notified().await;
    }

    fn wake(&self, queue: i64) {
        if let Some(place) = self.places.lock().get(&queue) {
            place.changed.notify_waiters();
        }
    }

    fn wake_all(&self) {
        self.places.lock().values().for_each(|place| place.changed.notify_waiters());
        self.due.notify_one();
    }

    /// Registers somebody who waits for a queue.
    pub(crate) fn enter(self: &Arc<Self>, queue: i64) -> Waiter {
        let mut places = self.places.lock();
        let fresh = || Place { changed: Arc::default(), waiting: 0, seen: 0 };
        let place = places.entry(queue).or_insert_with(fresh);
        place.waiting += 1;
        Waiter { hints: Arc::clone(self), queue, changed: Arc::clone(&place.changed) }
    }

    /// The queues that are waited for.
    pub(crate) fn waited_for(&self) -> Vec<i64> {
        self.places.lock().keys().copied().collect()
    }

    /// A queue ends there now; `None` if it is not here any more.
    pub(crate) fn found(&self, queue: i64, end: Option<i64>) {
        if let Some(place) = self.places.lock().get(&queue)
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
    queue: i64,
    pub(crate) changed: Arc<Notify>,
}

impl Waiter {
    pub(crate) fn saw(&self, end: i64) {
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

/// Tells the other servers, behind the commits and on a connection of its own: whoever notifies within a transaction holds
/// a lock of the whole server until it is committed.
pub(crate) async fn announce(
    connector: Arc<Connector>,
    channel: String,
    Outgoing(mut outgoing): Outgoing,
    mut closing: watch::Receiver<bool>,
) {
    let mut session: Option<Session> = None;
    loop {
        let first = tokio::select! {
            first = outgoing.recv() => first,
            _ = closing.changed() => return,
        };
        let Some(first) = first else { return };
        let (mut queues, mut is_due) = (BTreeSet::new(), false);
        let mut note = |said| match said {
            Said::Arrived(queue) => drop(queues.insert(queue)),
            Said::Due => is_due = true,
        };
        note(first);
        while let Ok(next) = outgoing.try_recv() {
            note(next);
        }
        let text = spelled(&queues, is_due);
        if session.is_none() {
            session = connector.connect().await.ok();
        }
        if let Some(open) = &session {
            let notify = "SELECT pg_notify($1::text, $2::text)";
            let told = timeout(PATIENCE, open.query(notify, values![channel => TEXT, text => TEXT])).await;
            if !matches!(told, Ok(Ok(_))) || connector.has_left_behind(open) {
                session = None;
            }
        }
    }
}

/// `d` if something is due, and the queues; `*` if there are too many.
fn spelled(queues: &BTreeSet<i64>, is_due: bool) -> String {
    let mut words: Vec<String> = is_due.then(|| "d".to_owned()).into_iter().collect();
    if queues.len() > MOST_QUEUES_IN_A_HINT {
        words.push("*".to_owned());
    } else {
        words.extend(queues.iter().map(i64::to_string));
    }
    words.join(",")
}

async fn answers(session: &Session) -> bool {
    matches!(timeout(PATIENCE, session.script("")).await, Ok(Ok(())))
}

/// Hears what other servers tell.
pub(crate) async fn listen(
    connector: Arc<Connector>,
    channel: String,
    hints: Arc<Hints>,
    mut closing: watch::Receiver<bool>,
) {
    let listen = format!("LISTEN \"{}\"", channel.replace('"', "\"\""));
    loop {
        let (heard, mut hearing) = mpsc::unbounded_channel();
        if let Ok(session) = connector.connect_and_listen(Some(heard)).await
            && matches!(timeout(PATIENCE, session.script(&listen)).await, Ok(Ok(())))
        {
            // What was told before is lost.
            hints.wake_all();
            loop {
                let notification = tokio::select! {
                    notification = timeout(SILENCE, hearing.recv()) => notification,
                    _ = closing.changed() => return,
                };
                let notification = match notification {
                    Ok(Some(notification)) => notification,
                    Ok(None) => break,
                    Err(_) if connector.has_left_behind(&session) || !answers(&session).await => break,
                    Err(_) => continue,
                };
                for word in notification.payload().split(',') {
                    match word {
                        "*" => hints.wake_all(),
                        "d" => hints.due.notify_one(),
                        queue => queue.parse().map_or((), |queue| hints.wake(queue)),
                    }
                }
            }
        }
        tokio::select! {
            () = sleep(LOOK) => {}
            _ = closing.changed() => return,
        }
    }
}
