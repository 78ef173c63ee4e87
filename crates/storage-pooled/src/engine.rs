//! What a delivery engine asks of all pools at once: what to lease, when, and how long to wait.

use std::collections::{BTreeMap, HashSet};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use zaqar_model::{Delivery, DeliveryOutcome, DestinationNumber, LeaseId, Marker, SubscriptionId, Timestamp};
use zaqar_storage::{Deliveries, LeaseLimits, MessageStore, StorageError, StorageResult, SubscriptionShare};

use crate::PooledMessageStore;

impl PooledMessageStore {
    /// Leases from every pool its share; what one does not need goes to the others.
    pub(crate) async fn lease_from_all(
        &self,
        (lease, until): (LeaseId, Timestamp),
        limits: LeaseLimits,
        now: Timestamp,
    ) -> StorageResult<Vec<Delivery>> {
        let mut found: Vec<Delivery> = Vec::new();
        loop {
            let switches = self.pooled.switches();
            let mut has_strayed = false;
            let mut stores = self.delivering().await?;
            // Another begins each time: then nobody is always asked for what the others have left.
            if let Ok(count @ 1..) = u128::try_from(stores.len()) {
                stores.rotate_left(usize::try_from(lease.as_u128() % count).unwrap_or_default());
            }
            let asked = stores.len();
            let mut failures = Vec::new();
            while !stores.is_empty() && found.len() < limits.total {
                let count = stores.len();
                for (place, store) in std::mem::take(&mut stores).into_iter().enumerate() {
                    let left = limits.total - found.len();
                    let total = left.div_ceil(count - place);
                    let limits = LeaseLimits { total, ..limits };
                    match store.lease(lease, until, limits, now).await {
                        Ok(leased) => {
                            let is_all = leased.len() < total;
                            let (own, strays) = self.sort_out(leased, &store).await;
                            found.extend(own);
                            has_strayed |= !strays.is_empty();
                            // At once: the others are asked in the order of posting.
                            self.give_back(lease, &strays, &found, now).await;
                            if !is_all {
                                stores.push(store);
                            }
                        }
                        Err(error) => failures.push(error),
                    }
                }
            }
            let nobody_answered = failures.len() == asked && found.is_empty();
            if let Some(error) = failures.pop().filter(|_| nobody_answered) {
                return Err(error);
            }
            let is_over = !has_strayed && switches == self.pooled.switches();
            if is_over || found.len() >= limits.total {
                return Ok(found);
            }
            // A queue has moved meanwhile, perhaps to a pool that was asked before it came.
        }
    }

    /// Parts the deliveries of queues that live in this store from those that were leased from what a move has left
    /// behind there, or is only bringing.
    async fn sort_out(
        &self,
        leased: Vec<Delivery>,
        store: &Arc<dyn MessageStore>,
    ) -> (Vec<Delivery>, Vec<Delivery>) {
        let (mut own, mut strays) = (Vec::new(), Vec::new());
        let mut homes: BTreeMap<DestinationNumber, bool> = BTreeMap::new();
        for delivery in leased {
            let source = &delivery.subscription.source;
            let is_at_home = match homes.get(&source.number) {
                Some(known) => *known,
                None => {
                    let visit = self.pooled.visit(source).await;
                    let is_at_home =
                        visit.is_ok_and(|visit| visit.is_some_and(|visit| Arc::ptr_eq(&visit.store, store)));
                    homes.insert(source.number, is_at_home);
                    is_at_home
                }
            };
            if is_at_home {
                own.push(delivery);
            } else {
                strays.push(delivery);
            }
        }
        (own, strays)
    }

    /// A move may have taken a lease along that nobody has got: then the delivery is due again.
    async fn give_back(&self, lease: LeaseId, strays: &[Delivery], kept: &[Delivery], now: Timestamp) {
        if strays.is_empty() {
            return;
        }
        let kept: HashSet<_> = kept.iter().map(key).collect();
        let lost = strays.iter().filter(|delivery| !kept.contains(&key(delivery)));
        let reports = lost.map(|delivery| delivery.report(DeliveryOutcome::Postponed(now))).collect();
        if let Err(error) = self.record(lease, reports, now).await {
            tracing::warn!(%error, "deliveries of a queue that has moved wait until their lease ends");
        }
    }

    /// The earliest of all pools that can say it.
    pub(crate) async fn first_due(
        &self,
        share: SubscriptionShare,
        now: Timestamp,
    ) -> StorageResult<Option<Timestamp>> {
        loop {
            let switches = self.pooled.switches();
            let mut first = None;
            let mut answers = 0;
            let mut failure = None;
            for store in self.delivering().await? {
                match store.next_due(share, now).await {
                    Ok(due) => {
                        answers += 1;
                        // What is only being copied to a pool is paused there for ever.
                        let due = due.filter(|due| *due < Timestamp::NEVER);
                        first = [first, due].into_iter().flatten().min();
                    }
                    Err(error) => failure = Some(error),
                }
            }
            if let Some(error) = failure.filter(|_| answers == 0) {
                return Err(error);
            }
            if switches == self.pooled.switches() {
                return Ok(first);
            }
        }
    }

    /// Waits for the first pool that has something, or until there is another pool to ask.
    pub(crate) async fn wait_for_any(&self) -> StorageResult<()> {
        let mut changed = pin!(self.pooled.pools.changed());
        let stores = self.delivering().await?;
        let mut waits: Vec<_> = stores.iter().map(|store| store.wait_for_owed()).collect();
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

    /// The stores that keep deliveries. Those that cannot be opened now are left out: what they owe waits for them.
    async fn delivering(&self) -> StorageResult<Vec<Arc<dyn MessageStore>>> {
        let stores = self.pooled.all_stores().await?;
        if !self.pooled.capabilities().deliveries {
            return Err(StorageError::Unsupported("deliveries"));
        }
        Ok(stores.into_iter().flatten().filter(|store| store.capabilities().deliveries).collect())
    }
}

fn key(delivery: &Delivery) -> (SubscriptionId, Marker) {
    (delivery.subscription.id, delivery.position)
}
