//! Clients that share out work among them.

use std::cell::Cell;
use std::net::SocketAddr;

use futures_util::future::join_all;

use super::support::http::{Connection, http, ids_in, request};

/// Messages in a claim.
pub(crate) const TEN: usize = 10;
/// Messages that are posted at once where their time does not matter.
pub(crate) const BATCH: usize = 100;

/// A piece of work until so much is done: each piece answers how much of it that was.
pub(crate) async fn share_out<C>(clients: &mut [C], much: usize, piece: impl AsyncFn(&mut C) -> usize) {
    let left = Cell::new(much);
    // One begins no more than what the others leave.
    let begun = Cell::new(0_usize);
    let (piece, left, begun) = (&piece, &left, &begun);
    join_all(clients.iter_mut().map(|client| async move {
        while left.get() > begun.get() {
            begun.set(begun.get() + 1);
            let done = piece(client).await;
            begun.set(begun.get() - 1);
            left.set(left.get().saturating_sub(done));
        }
    }))
    .await;
}

/// Clients of a Zaqar.
pub(crate) struct Clients {
    connections: Vec<Connection>,
}

impl Clients {
    pub(crate) async fn open(address: SocketAddr, clients: usize) -> Self {
        let connections = join_all((0..clients).map(|_| Connection::open(address, http))).await;
        Self { connections }
    }

    /// Posts so many messages, one a request.
    pub(crate) async fn post(&mut self, queue: &str, messages: usize) {
        let post = post(queue, &[message("")]);
        share_out(&mut self.connections, messages, async |client| {
            client.exchange(&post).await;
            1
        })
        .await;
    }

    /// Posts so many messages, many a request.
    pub(crate) async fn fill(&mut self, queue: &str, messages: usize) {
        self.send(&post(queue, &vec![message(""); BATCH]), messages.div_ceil(BATCH)).await;
    }

    /// Sends the same request so many times.
    pub(crate) async fn send(&mut self, request: &[u8], times: usize) {
        share_out(&mut self.connections, times, async |client| {
            client.exchange(request).await;
            1
        })
        .await;
    }

    /// Claims so many messages, ten at once, and deletes them by their ids.
    pub(crate) async fn claim_and_delete(&mut self, queue: &str, messages: usize) {
        let claim = claim(queue, TEN);
        share_out(&mut self.connections, messages / TEN, async |client| {
            let ids = ids_in(client.exchange(&claim).await).join(",");
            if ids.is_empty() {
                return 0;
            }
            let delete = format!("/v2/queues/{queue}/messages?ids={ids}");
            client.exchange(&request("DELETE", &delete, "")).await;
            1
        })
        .await;
    }

    /// What is answered to somebody who looks at it.
    pub(crate) async fn get(&mut self, path: &str) -> String {
        let answer = self.connections[0].exchange(&request("GET", path, "")).await;
        String::from_utf8_lossy(answer).rsplit("\r\n").next().unwrap_or_default().to_owned()
    }
}

/// A message of 1 KiB that outlives the measurement, with more attributes.
pub(crate) fn message(attributes: &str) -> String {
    format!("{{\"ttl\": 86400, {attributes}\"body\": \"{}\"}}", "x".repeat(1022))
}

pub(crate) fn post(queue: &str, messages: &[String]) -> Vec<u8> {
    let document = format!("{{\"messages\": [{}]}}", messages.join(","));
    request("POST", &format!("/v2/queues/{queue}/messages"), &document)
}

/// A claim that outlives the measurement.
pub(crate) fn claim(queue: &str, messages: usize) -> Vec<u8> {
    let path = format!("/v2/queues/{queue}/claims?limit={messages}");
    request("POST", &path, "{\"ttl\": 43200, \"grace\": 60}")
}
