//! What a delivery engine asks of all pools at once: what is due, and how long to wait.

use std::collections::HashSet;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use futures_util::future::join_all;
use zaqar_model::Timestamp;
use zaqar_storage::{Due, MessageStore, StorageResult, SubscriptionKey, SubscriptionShare};

use crate::PooledMessageStore;

impl PooledMessageStore {
    /// What is due in all pools that can say it, each pool's in turn.
    pub(crate) async fn due_in_all(
        &self,
        share: SubscriptionShare,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Due> {
        let mut stores = self.delivering().await?;
        // Another begins each time: then nobody always gets what the others have left.
        if !stores.is_empty() {
            let first = self.pooled.due_asked.fetch_add(1, Ordering::Relaxed) % stores.len();
            stores.rotate_left(first);
        }
        let (mut due, mut next, mut failures) = (Vec::new(), None, Vec::new());
        let asking = stores.iter().filter_map(|store| store.deliveries());
        for answer in join_all(asking.map(|deliveries| deliveries.due(share, limit, now))).await {
            match answer {
                Ok(Due::Now(own)) => due.push(own),
                Ok(Due::At(at)) => next = [next, Some(at)].into_iter().flatten().min(),
                Ok(Due::Nothing) => {}
                Err(error) => failures.push(error),
            }
        }
        if failures.len() == stores.len()
            && let Some(error) = failures.pop()
        {
            return Err(error);
        }
        // A queue that moves meanwhile wakes whoever waits where it arrives.
        Ok(match next {
            _ if !due.is_empty() => Due::Now(in_turn(due, limit)),
            Some(next) => Due::At(next),
            None => Due::Nothing,
        })
    }

    /// Waits for the first pool that has something, or until there is another pool to ask.
    pub(crate) async fn wait_for_any(&self) -> StorageResult<()> {
        let mut changed = pin!(self.pooled.pools.changed());
        let stores = self.delivering().await?;
        let deliveries = stores.iter().filter_map(|store| store.deliveries());
        let mut waits: Vec<_> = deliveries.map(|deliveries| deliveries.wait_for_due()).collect();
        poll_fn(|context| {
            let mut is_woken = changed.as_mut().poll(context).is_ready();
            // One that fails is asked again when `expire` says so.
            waits.retain_mut(|wait| match wait.as_mut().poll(context) {
                Poll::Pending => true,
                Poll::Ready(Ok(())) => {
                    is_woken = true;
                    false
                }
                Poll::Ready(Err(_)) => {
                    self.pooled.pools.note_failed_wait();
                    false
                }
            });
            if is_woken { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        self.pooled.pools.check_open()
    }

    /// The stores that have deliveries. Those that cannot be opened now are left out: what they owe waits for them.
    async fn delivering(&self) -> StorageResult<Vec<Arc<dyn MessageStore>>> {
        let stores = self.pooled.all_stores().await?;
        Ok(stores.into_iter().flatten().filter(|store| store.deliveries().is_some()).collect())
    }
}

/// The first of each list, then the second of each, and so on: each subscription once, though a queue that moves may be in
/// two pools.
fn in_turn(lists: Vec<Vec<SubscriptionKey>>, limit: usize) -> Vec<SubscriptionKey> {
    let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
    let (mut all, mut seen) = (Vec::new(), HashSet::new());
    while all.len() < limit && !lists.is_empty() {
        lists.retain_mut(|list| {
            let next = list.next();
            let has_more = next.is_some();
            all.extend(next.filter(|key| seen.insert((key.source.number, key.id))));
            has_more
        });
    }
    all.truncate(limit);
    all
}
