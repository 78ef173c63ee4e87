//! First attempts, one after the other for each subscription, so that they are made in the order of posting.

use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::sleep;
use zaqar_domain::Zaqar;
use zaqar_model::{Delivery, DeliveryOutcome, Destination, Paused, SubscriptionId, Timestamp};

use super::capacity::EndpointClass;
use super::deliver::Ended;
use super::endpoints::Route;
use super::health::Turn;
use super::{Engine, Leased};

/// What stands behind an attempt that takes longer is given back: it would only wait, and take room from others.
const A_WHILE: Duration = Duration::from_millis(250);
/// Nobody waits longer for the pace of an endpoint. As long as the slowest pace has it.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The deliveries that wait for their first attempt. A lane is there as long as somebody works on it.
#[derive(Default)]
pub(super) struct Lanes(Mutex<HashMap<SubscriptionId, VecDeque<Leased>>>);

impl Lanes {
    /// Answers whether the lane is new.
    fn push(&self, leased: Leased) -> bool {
        let mut lanes = self.0.lock();
        let id = leased.owed.delivery.subscription.id;
        let is_new = !lanes.contains_key(&id);
        lanes.entry(id).or_default().push_back(leased);
        is_new
    }

    /// The next in a lane; the lane is gone where there is none.
    fn next(&self, id: SubscriptionId) -> Option<Leased> {
        let mut lanes = self.0.lock();
        let next = lanes.get_mut(&id).and_then(VecDeque::pop_front);
        if next.is_none() {
            lanes.remove(&id);
        }
        next
    }

    /// Whether a first attempt of a subscription is under way or waits.
    pub(super) fn is_used(&self, id: SubscriptionId) -> bool {
        self.0.lock().contains_key(&id)
    }

    fn drain(&self, id: SubscriptionId) -> VecDeque<Leased> {
        self.0.lock().get_mut(&id).map(std::mem::take).unwrap_or_default()
    }
}

impl Engine {
    /// Hands out a delivery: to its lane, or to its own task if it was tried before. So is a request to confirm, since
    /// those of a project go to many subscribers and have no order, and what has expired, since it is not sent.
    pub(super) fn dispatch(self: &Arc<Self>, leased: Leased) {
        let engine = Arc::clone(self);
        let delivery = &leased.owed.delivery;
        if self.has_expired(delivery) {
            tokio::spawn(async move { engine.expire(leased).await });
            return;
        }
        if Turn::after(delivery.attempts) == Turn::Retry || Zaqar::is_confirmation(delivery) {
            tokio::spawn(async move { engine.try_again(leased).await });
            return;
        }
        let id = leased.owed.delivery.subscription.id;
        if self.lanes.push(leased) {
            tokio::spawn(async move {
                while let Some(leased) = engine.lanes.next(id) {
                    engine.try_first(leased).await;
                }
            });
        }
    }

    async fn try_first(&self, leased: Leased) {
        let id = leased.owed.delivery.subscription.id;
        let source = leased.owed.delivery.subscription.source.clone();
        if let Some(at) = self.wait_for_slot(&leased).await {
            self.drain_and_pause(&source, id, at, Some(leased)).await;
            return;
        }
        let until = leased.until;
        let route = self.route(&leased.owed.delivery);
        let patience = self.patience(&leased.owed.delivery);
        let mut delivering = pin!(self.deliver(leased));
        let ended = tokio::select! {
            biased;
            ended = &mut delivering => ended,
            () = sleep(patience) => {
                // Both go on: who waits for a worker must not be given one and leave it idle.
                let holding = self.drain_and_pause(&source, id, until, None);
                let (is_held, ended) = tokio::join!(holding, delivering);
                // Where it could not be held back in good order, the order comes back when the leases have ended.
                if is_held {
                    self.pause(&source, id, Paused::All, route.opens_to(self.now())).await;
                }
                ended
            }
        };
        if let Ended::NotNow(leased, at) = ended {
            self.drain_and_pause(&source, id, at, Some(*leased)).await;
        }
    }

    /// Waits where the endpoint takes less than there is, in its lane, so that nothing else is kept from anybody. Answers
    /// until when all is to be held back instead.
    async fn wait_for_slot(&self, leased: &Leased) -> Option<Timestamp> {
        let wait = self.route(&leased.owed.delivery).slot_in(self.now());
        if wait > LONGEST_WAIT || wait > A_WHILE && self.capacity.is_crowded() {
            return Some(self.in_time(wait));
        }
        if !wait.is_zero() {
            sleep(wait).await;
        }
        None
    }

    fn route(&self, delivery: &Delivery) -> Arc<Route> {
        self.endpoints.find(&delivery.subscription.source, &delivery.subscription.subscriber, self.now())
    }

    /// How long an attempt may take until what stands behind it is given back.
    fn patience(&self, delivery: &Delivery) -> Duration {
        let is_good = || self.route(delivery).class() == EndpointClass::Good;
        if self.capacity.is_crowded() && !is_good() { Duration::ZERO } else { A_WHILE }
    }

    /// What cannot be tried now is put off, and the other retries of its subscription with it: they would find the same.
    /// Others that were not tried yet may have their turn earlier.
    async fn try_again(&self, leased: Leased) {
        let delivery = &leased.owed.delivery;
        let (source, id) = (delivery.subscription.source.clone(), delivery.subscription.id);
        // Requests to confirm go to many endpoints.
        let is_alone = Zaqar::is_confirmation(delivery);
        if let Ended::NotNow(leased, at) = self.deliver(leased).await {
            if !is_alone {
                self.pause(&source, id, Paused::Retries, at).await;
            }
            self.recorder.record(*leased, DeliveryOutcome::Postponed(at));
        }
    }

    /// Lets nothing of a subscription be leased before `at`, and gives back what waits in its lane and `first`. Answers
    /// whether that is done, so that what is leased afterwards comes in the order of posting again.
    pub(super) async fn drain_and_pause(
        &self,
        source: &Destination,
        id: SubscriptionId,
        at: Timestamp,
        first: Option<Leased>,
    ) -> bool {
        let is_paused = self.pause(source, id, Paused::All, at).await;
        // What was leased before the pause is in its lane after this.
        self.leases.wait_for_those_under_way().await;
        let now = self.now();
        let waiting = first.into_iter().chain(self.lanes.drain(id));
        let mut recorded = Vec::new();
        for leased in waiting {
            recorded.push(self.recorder.record_and_tell(leased, DeliveryOutcome::Postponed(now)));
        }
        let mut is_done = is_paused;
        for recorded in recorded {
            is_done &= recorded.await.is_ok();
        }
        is_done
    }

    /// Answers whether it could be done.
    pub(super) async fn pause(
        &self,
        source: &Destination,
        id: SubscriptionId,
        paused: Paused,
        until: Timestamp,
    ) -> bool {
        let paused = self.zaqar.pause_deliveries(source, id, paused, until).await;
        if let Err(error) = &paused {
            tracing::debug!(%error, subscription = %id, "a subscription could not be paused");
        }
        paused.is_ok()
    }
}
