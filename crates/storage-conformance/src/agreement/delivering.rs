//! Does one step about deliveries on both, and compares what is owed, to whom, in which order.

use std::collections::{BTreeSet, HashMap};

use zaqar_model::{
    Attempt, AttemptEnd, AttemptFilter, AttemptRecord, DelaySeconds, Delivery, DeliveryOutcome,
    DeliveryReport, Excerpt, FailedDelivery, Marker, NewMessage, PageRequest, Paused, Subscription,
    SubscriptionId, SubscriptionTtl, Suspension, Timestamp, TtlSeconds,
};
use zaqar_storage::{
    ClaimRequest, Claims, Deliveries, Due, LeaseRequest, MessageStore, Messages, Post, Redelivery,
    SubscriptionChange, SubscriptionKey, SubscriptionShare, Subscriptions,
};

use super::deliveries::{Lease, Outcome, Step};
use super::ledger::Number;
use super::pair::{Pair, answers};
use super::{Disagreement, agree};
use crate::bench::{deliveries_of, subscriptions_of};
use crate::samples::{
    attempt, fresh_batch_id, fresh_claim_id, fresh_lease_id, fresh_subscription_id, json_object, message,
    pop_of, poster, terms,
};

/// More than there is of anything.
const MANY: usize = 10_000;
const ALL: SubscriptionShare = SubscriptionShare::each(MANY);

pub(super) async fn perform(pair: &mut Pair, step: &Step) -> Result<(), Disagreement> {
    answer(pair, step).await?;
    let share = if let Step::Lease { share, .. } = step { *share } else { ALL };
    next_due(pair, share).await
}

async fn answer(pair: &mut Pair, step: &Step) -> Result<(), Disagreement> {
    let now = pair.now();
    match step {
        Step::Post { queue, times } => {
            let to = &pair.queues[*queue];
            let new = times.iter().map(|(ttl, delay)| NewMessage {
                ttl: TtlSeconds::new(*ttl),
                delay: DelaySeconds::new(*delay),
                ..message()
            });
            let new: Vec<_> = new.collect();
            let post = Post { batch: fresh_batch_id(), client: &poster(), messages: &new };
            let model = pair.model.post(to, &post, now).await;
            if let Some((model, store)) = answers(model, pair.store.post(to, &post, now).await)? {
                pair.ledger.posted(*queue, &model, &store);
            }
        }
        Step::Pop { queue, limit } => {
            let at = &pair.queues[*queue];
            let pop = pop_of(*limit);
            let model = pair.model.pop(at, &pop, now).await;
            if let Some((model, store)) = answers(model, pair.store.pop(at, &pop, now).await)? {
                pair.messages_agree("popped", model, store)?;
            }
        }
        Step::Purge { queue } => {
            let at = &pair.queues[*queue];
            answers(pair.model.purge(at, now).await, pair.store.purge(at, now).await)?;
        }
        Step::Claim { queue, limit, ttl } => {
            let at = &pair.queues[*queue];
            let terms = terms(*ttl, 60);
            let request = ClaimRequest {
                id: fresh_claim_id(),
                terms,
                limit: *limit,
                dead_letters: None,
                outlives: true,
                is_repeated: false,
            };
            let model = pair.model.claim(at, &request, now).await;
            answers(model, pair.store.claim(at, &request, now).await)?;
        }
        Step::Subscribe { queue, subscriber, ttl, notified, respects_delay } => {
            let subscription = Subscription {
                id: fresh_subscription_id(),
                source: pair.queues[*queue].clone(),
                subscriber: format!("http://example.org/{subscriber}"),
                ttl: SubscriptionTtl::new(u64::from(*ttl)),
                renewed: now,
                options: json_object(&format!(r#"{{"respect_delay": {respects_delay}}}"#)),
                confirmed: true,
                declined: false,
                notified: *notified,
                suspended: None,
            };
            pair.deliveries.subscriptions.push((*queue, subscription.id));
            let model = pair.model.subscribe(subscription.clone(), now).await;
            answers(model, subscriptions_of(&*pair.store).subscribe(subscription, now).await)?;
        }
        Step::Lease { secs, share } => lease(pair, *secs, *share).await?,
        Step::Record { lease, outcomes } => record(pair, *lease, outcomes).await?,
        Step::Drop { queue } => {
            let at = &pair.queues[*queue];
            answers(pair.model.drop_destination(at, now).await, pair.store.drop_destination(at, now).await)?;
            pair.replace(*queue);
        }
        Step::Advance { millis } => pair.clock.advance_millis(*millis),
        Step::Expire => {
            answers(pair.model.expire(now).await, pair.store.expire(now).await)?;
        }
        Step::Reopen => reopen(pair).await,
        Step::Notify { subscription, .. }
        | Step::Unsubscribe { subscription }
        | Step::Pause { subscription, .. }
        | Step::Suspend { subscription, .. }
        | Step::Redeliver { subscription, .. }
        | Step::RedeliverFailed { subscription, .. } => {
            let known = &pair.deliveries.subscriptions;
            if let Some((queue, id)) = known.get(subscription % known.len().max(1)).copied() {
                about(pair, step, queue, id).await?;
                look(pair, queue, id).await?;
            }
        }
    }
    Ok(())
}

/// A step about one subscription.
async fn about(pair: &Pair, step: &Step, queue: usize, id: SubscriptionId) -> Result<(), Disagreement> {
    let (source, now) = (&pair.queues[queue], pair.now());
    let (model, subscriptions) = (&pair.model, subscriptions_of(&*pair.store));
    let deliveries = deliveries_of(&*pair.store);
    match step {
        Step::Notify { notified, .. } => {
            let change = SubscriptionChange { notified: Some(*notified), ..Default::default() };
            let of_model = model.update_subscription(source, id, change.clone(), now).await;
            answers(of_model, subscriptions.update_subscription(source, id, change, now).await)?;
        }
        Step::Unsubscribe { .. } => {
            answers(model.unsubscribe(source, id).await, subscriptions.unsubscribe(source, id).await)?;
        }
        Step::Suspend { suspended, .. } => {
            let suspension = Suspension { since: now, reason: Excerpt::new("410 Gone") };
            let suspended = Some(suspended.then_some(suspension));
            let change = SubscriptionChange { suspended, ..Default::default() };
            let of_model = model.update_subscription(source, id, change.clone(), now).await;
            answers(of_model, subscriptions.update_subscription(source, id, change, now).await)?;
        }
        Step::Pause { secs, retries_only, .. } => {
            let until = now.plus_secs(*secs);
            let paused = if *retries_only { Paused::Retries } else { Paused::All };
            let of_model = model.pause(source, id, paused, until).await;
            answers(of_model, deliveries.pause(source, id, paused, until).await)?;
        }
        Step::Redeliver { message, .. } => {
            let Some(number) = pair.ledger.pick(queue, *message) else { return Ok(()) };
            let ids = (pair.ledger.model_id(number), pair.ledger.store_id(number));
            let of_model = model.redeliver(source, id, Redelivery::Message(ids.0), now).await;
            let of_store = deliveries.redeliver(source, id, Redelivery::Message(ids.1), now).await;
            if let Some((of_model, of_store)) = answers(of_model, of_store)? {
                agree("owed once more", of_model, of_store)?;
            }
        }
        Step::RedeliverFailed { within_secs, .. } => {
            let since = Timestamp::from_millis(now.as_millis() - within_secs * 1000);
            let of_model = model.redeliver(source, id, Redelivery::FailedSince(since), now).await;
            let of_store = deliveries.redeliver(source, id, Redelivery::FailedSince(since), now).await;
            if let Some((of_model, of_store)) = answers(of_model, of_store)? {
                agree("owed once more", of_model, of_store)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Leases may end with the store that gave them; so they are let run out before it is opened again.
async fn reopen(pair: &mut Pair) {
    pair.clock.advance_secs(60);
    pair.deliveries.leases.clear();
    pair.reopen().await;
}

async fn lease(pair: &mut Pair, secs: u64, share: SubscriptionShare) -> Result<(), Disagreement> {
    let (id, now) = (fresh_lease_id(), pair.now());
    let until = now.plus_secs(secs);
    let known = pair.deliveries.subscriptions.iter();
    let subscriptions = known
        .map(|(queue, id)| (SubscriptionKey { source: pair.queues[*queue].clone(), id: *id }, MANY))
        .collect();
    let request = LeaseRequest { id, until, share, subscriptions, is_repeated: false };
    let model = pair.model.lease(&request, now).await;
    let store = deliveries_of(&*pair.store).lease(&request, now).await;
    let Some((model, store)) = answers(model, store)? else {
        return Ok(());
    };
    let (model, store) = (model.deliveries, store.deliveries);
    for deliveries in [&model, &store] {
        they_are_in_order(deliveries)?;
    }
    let of_model = sorted(model, |own| pair.ledger.model_number(own.message.message.id));
    let of_store = sorted(store, |own| pair.ledger.store_number(own.message.message.id));
    let keys = |own: &[(SubscriptionId, Option<Number>, Delivery)]| -> Vec<_> {
        own.iter().map(|(id, number, delivery)| (*id, *number, delivery.attempts)).collect()
    };
    agree("leased", keys(&of_model), keys(&of_store))?;
    let report = |delivery: &Delivery| delivery.report(DeliveryOutcome::Postponed(now));
    let taken = of_model.iter().zip(&of_store).map(|(own, other)| (report(&own.2), report(&other.2)));
    let lease = Lease { id, taken: taken.collect() };
    pair.deliveries.leases.push(lease);
    Ok(())
}

fn sorted(
    deliveries: Vec<Delivery>,
    number: impl Fn(&Delivery) -> Option<Number>,
) -> Vec<(SubscriptionId, Option<Number>, Delivery)> {
    let mut keyed: Vec<_> =
        deliveries.into_iter().map(|own| (own.subscription.id, number(&own), own)).collect();
    keyed.sort_by_key(|(id, number, _)| (*id, *number));
    keyed
}

fn they_are_in_order(deliveries: &[Delivery]) -> Result<(), Disagreement> {
    let mut last: HashMap<SubscriptionId, (bool, Marker)> = HashMap::new();
    for delivery in deliveries {
        let place = (delivery.attempts > 0, delivery.position);
        let before = last.insert(delivery.subscription.id, place);
        if before.is_some_and(|before| before >= place) {
            return Err(Disagreement(format!("{:?} is out of order", delivery.position)));
        }
    }
    Ok(())
}

async fn record(pair: &Pair, lease: usize, outcomes: &[Option<Outcome>]) -> Result<(), Disagreement> {
    let now = pair.now();
    let Some(lease) = pair.deliveries.leases.iter().rev().nth(lease) else { return Ok(()) };
    let (mut of_model, mut of_store) = (Vec::new(), Vec::new());
    for ((model, store), outcome) in lease.taken.iter().zip(outcomes.iter().cycle()) {
        let account: Attempt = attempt(now, Some(500));
        let outcome = match outcome {
            None => continue,
            Some(Outcome::Delivered) => DeliveryOutcome::Delivered(account),
            Some(Outcome::RetryAfter(secs)) => DeliveryOutcome::RetryAt(now.plus_secs(*secs), account),
            Some(Outcome::GivenUp) => DeliveryOutcome::GivenUp(Excerpt::new("410 Gone"), account),
            Some(Outcome::Expired) => DeliveryOutcome::Expired(Excerpt::new("expired")),
            Some(Outcome::Postponed(secs)) => DeliveryOutcome::Postponed(now.plus_secs(*secs)),
        };
        of_model.push(DeliveryReport { outcome: outcome.clone(), ..model.clone() });
        of_store.push(DeliveryReport { outcome, ..store.clone() });
    }
    answers(
        pair.model.record(lease.id, &of_model, now).await,
        deliveries_of(&*pair.store).record(lease.id, &of_store, now).await,
    )?;
    Ok(())
}

/// What failed, and which attempts are on record.
async fn look(pair: &Pair, queue: usize, id: SubscriptionId) -> Result<(), Disagreement> {
    let (source, now) = (&pair.queues[queue], pair.now());
    let page = PageRequest { marker: None, limit: MANY };
    let model = pair.model.failed(source, id, &page, now).await;
    if let Some((model, store)) =
        answers(model, deliveries_of(&*pair.store).failed(source, id, &page, now).await)?
    {
        let fields = |own: &FailedDelivery, number| (number, own.attempts, own.failed, own.reason.clone());
        let number = |own: &FailedDelivery| pair.ledger.model_number(own.message.message.id);
        let model: Vec<_> = model.items.iter().map(|own| fields(own, number(own))).collect();
        let number = |own: &FailedDelivery| pair.ledger.store_number(own.message.message.id);
        let store: Vec<_> = store.items.iter().map(|own| fields(own, number(own))).collect();
        agree("failed", model, store)?;
    }
    let page = PageRequest { marker: None, limit: MANY };
    let model = pair.model.attempts(source, id, &AttemptFilter::default(), &page, now).await;
    if let Some((model, store)) = answers(
        model,
        deliveries_of(&*pair.store).attempts(source, id, &AttemptFilter::default(), &page, now).await,
    )? {
        let model: Vec<_> =
            model.items.iter().map(|own| account(own, pair.ledger.model_number(own.message))).collect();
        let store: Vec<_> =
            store.items.iter().map(|own| account(own, pair.ledger.store_number(own.message))).collect();
        agree("attempts", model, store)?;
    }
    Ok(())
}

fn account(kept: &AttemptRecord, number: Option<Number>) -> (Option<Number>, Attempt, AttemptEnd) {
    (number, kept.attempt.clone(), kept.end)
}

/// What is due by now is due by now, and the next delivery is due when the model says: a store may have it looked for a little
/// early, as when a claim has let a message live longer since, but not at once, and never late.
async fn next_due(pair: &Pair, share: SubscriptionShare) -> Result<(), Disagreement> {
    let now = pair.now();
    let model = pair.model.due(share, MANY, now).await;
    let Some((model, store)) = answers(model, deliveries_of(&*pair.store).due(share, MANY, now).await)?
    else {
        return Ok(());
    };
    match (model, store) {
        (Due::Now(model), Due::Now(store)) => {
            let sorted = |due: Vec<SubscriptionKey>| BTreeSet::from_iter(due);
            agree("due now", sorted(model), sorted(store))
        }
        (Due::At(model), Due::At(store)) if now < store && store < model => Ok(()),
        (model, store) => agree("the next is due", model, store),
    }
}

/// What is still owed, after all leases have run out, and what is on record.
pub(super) async fn compare_everything(pair: &mut Pair) -> Result<(), Disagreement> {
    lease(pair, 60, ALL).await?;
    reopen(pair).await;
    lease(pair, 60, ALL).await?;
    for (queue, id) in pair.deliveries.subscriptions.clone() {
        look(pair, queue, id).await?;
    }
    pair.clock.advance_secs(3600);
    next_due(pair, ALL).await?;
    lease(pair, 60, ALL).await
}
