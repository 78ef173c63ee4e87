//! Clients that post, claim and delete, and note what they were told.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::support::http::Client;
use super::support::queues;

/// After a refusal. A client that is told 503 does not ask again at once.
const PAUSE: Duration = Duration::from_millis(20);

/// The queues that are worked on: so many that each node of a cluster has some.
pub(crate) fn queues_of_work() -> Vec<String> {
    (0..6).map(|number| format!("work{number}")).collect()
}

/// What a poster was told of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) body: u64,
    pub(crate) is_acknowledged: bool,
    pub(crate) begun: Instant,
    pub(crate) ended: Instant,
}

/// A message in the answer to a claim.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) id: String,
    pub(crate) body: u64,
    pub(crate) is_deleted: bool,
}

/// Posts messages with bodies of their own until it is to end.
pub(crate) fn post(
    address: SocketAddr,
    poster: usize,
    queues: &[String],
    acknowledged: &AtomicUsize,
    ends: &AtomicBool,
) -> Vec<Told> {
    let mut client = Client::new(address);
    let mut told = Vec::new();
    for number in 0_u64.. {
        if ends.load(Ordering::SeqCst) {
            break;
        }
        let body = (u64::try_from(poster).unwrap() << 32) | number;
        let queue = &queues[usize::try_from(number).unwrap() % queues.len()];
        let begun = Instant::now();
        let answer = queues::post(&mut client, queue, &[json!(body)]);
        let answer = answer.expect("our own server answers");
        let is_acknowledged = answer.status == 201;
        told.push(Told { body, is_acknowledged, begun, ended: Instant::now() });
        if is_acknowledged {
            acknowledged.fetch_add(1, Ordering::SeqCst);
        } else {
            assert_eq!(answer.status, 503, "{}", answer.text());
            thread::sleep(PAUSE);
        }
    }
    told
}

/// Claims and deletes until it is to end, and then until nothing is left.
pub(crate) fn consume(address: SocketAddr, queues: &[String], ends: &AtomicBool) -> Vec<Held> {
    let mut client = Client::new(address);
    let mut held = Vec::new();
    let mut idle = 0;
    for queue in queues.iter().cycle() {
        let is_ending = ends.load(Ordering::SeqCst);
        if is_ending && idle >= queues.len() {
            break;
        }
        let claimed = queues::claim(&mut client, queue, 10).expect("our own server answers");
        if !matches!(claimed.status, 201 | 204) {
            assert_eq!(claimed.status, 503, "{}", claimed.text());
            thread::sleep(PAUSE);
            continue;
        }
        let messages = queues::messages(&claimed);
        idle = if messages.is_empty() { idle + 1 } else { 0 };
        if messages.is_empty() && !is_ending {
            thread::sleep(Duration::from_millis(1));
        }
        for message in messages {
            let deleted = queues::delete(&mut client, &message.href).expect("our own server answers");
            assert!(matches!(deleted.status, 204 | 503), "{}: {}", deleted.status, deleted.text());
            let (id, body) = (message.id().to_owned(), message.body.as_u64().unwrap());
            held.push(Held { id, body, is_deleted: deleted.status == 204 });
        }
    }
    held
}
