//! Waiting for a queue to have more.

use std::pin::pin;
use std::sync::Arc;

use redis::{Value, cmd};
use tokio::sync::watch;
use tokio::time::sleep;
use zaqar_model::{Destination, Marker};
use zaqar_storage::{StorageError, StorageResult};

use crate::RedisMessageStore;
use crate::calls::plain;
use crate::connection::{Effect, Reply, Request, Servers};
use crate::hints::{Hints, LOOK};
use crate::keys::QueueKeys;

/// What stands in the header of a queue that is in use while it is exported.
const EXPORTED: &[u8] = b"e";

fn question(queue: &QueueKeys) -> Request {
    let mut end = cmd("HMGET");
    end.arg(queue.name("i")).arg("last").arg("transit");
    plain(&queue.shard, end)
}

/// Where a queue ends. It may have been dropped, or live elsewhere.
fn end(answer: Value) -> StorageResult<u64> {
    let mut parts = answer.list()?;
    let (end, transit) = (parts.next().unwrap_or(Value::Nil), parts.next().unwrap_or(Value::Nil));
    if !transit.is_nothing() && transit.bytes()?.as_ref() != EXPORTED {
        return Err(StorageError::Moved);
    }
    if end.is_nothing() { Ok(0) } else { end.number().map_err(|_| StorageError::NotFound("destination")) }
}

impl RedisMessageStore {
    pub(crate) async fn wait_behind(&self, at: &Destination, behind: Marker) -> StorageResult<()> {
        let queue = self.keys(at);
        let waiter = self.hints.enter(&queue);
        loop {
            let mut changed = pin!(waiter.changed.notified());
            changed.as_mut().enable();
            match end(self.read(question(&queue)).await?)? {
                end if end > behind.get() => return Ok(()),
                end => waiter.saw(end),
            }
            tokio::select! {
                () = changed => {}
                () = self.closed() => return Err(StorageError::unavailable("the store is closed")),
            }
        }
    }
}

/// Looks once a second at the queues that are waited for, in case that a hint was lost, and at the servers, in case that one
/// has taken another's place.
pub(crate) async fn look_after(servers: Arc<Servers>, hints: Arc<Hints>, mut closing: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = sleep(LOOK) => {}
            _ = closing.changed() => return,
        }
        let queues = hints.waited_for();
        let requests: Vec<Request> = queues.iter().map(question).collect();
        let look = async {
            servers.look_again().await;
            // While the servers are away, nothing arrives.
            let answers = servers.ask(&requests, Effect::Read).await.unwrap_or_default();
            queues.iter().zip(answers).for_each(|(queue, answer)| hints.found(queue, end(answer).ok()));
        };
        tokio::select! {
            () = look => {}
            _ = closing.changed() => return,
        }
    }
}
