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

fn question(queue: &QueueKeys) -> Request {
    let mut end = cmd("HGET");
    end.arg(queue.name("i")).arg("last");
    plain(&queue.shard, end)
}

/// Where a queue ends; `None` if it was dropped.
fn end(answer: Value) -> Option<u64> {
    if answer.is_nothing() { Some(0) } else { answer.number().ok() }
}

impl RedisMessageStore {
    pub(crate) async fn wait_behind(&self, at: &Destination, behind: Marker) -> StorageResult<()> {
        let queue = self.keys(at);
        let waiter = self.hints.enter(&queue);
        loop {
            let mut changed = pin!(waiter.changed.notified());
            changed.as_mut().enable();
            match end(self.read(question(&queue)).await?) {
                None => return Err(StorageError::NotFound("destination")),
                Some(end) if end > behind.get() => return Ok(()),
                Some(end) => waiter.saw(end),
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
            queues.iter().zip(answers).for_each(|(queue, answer)| hints.found(queue, end(answer)));
        };
        tokio::select! {
            () = look => {}
            _ = closing.changed() => return,
        }
    }
}
