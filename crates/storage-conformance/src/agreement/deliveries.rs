//! Subscriptions and deliveries: what is owed to whom, in which order.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use zaqar_model::{
    Delivery, DeliveryOutcome, LeaseId, Marker, Metadata, NewMessage, Subscription, SubscriptionId,
    SubscriptionTtl, TtlSeconds,
};
use zaqar_storage::{Deliveries, MessageStore, Messages, Subscriptions};

use super::ledger::Number;
use super::pair::{Pair, QUEUES, answers};
use super::steps::millis;
use super::{Disagreement, agree};
use crate::MessageFixture;
use crate::minting::{fresh_lease_id, fresh_subscription_id, message, poster};

#[derive(Clone, Debug)]
pub(super) enum Step {
    Post {
        queue: usize,
        ttls: Vec<u32>,
    },
    Pop {
        queue: usize,
        limit: usize,
    },
    Subscribe {
        queue: usize,
        subscriber: u8,
        ttl: u32,
    },
    Unsubscribe {
        subscription: usize,
    },
    Lease {
        secs: u64,
    },
    /// Records how the deliveries of a lease ended: each of them, or none.
    Record {
        lease: usize,
        outcomes: Vec<Option<Outcome>>,
    },
    Drop {
        queue: usize,
    },
    Advance {
        millis: u64,
    },
    Expire,
    Reopen,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    Delivered,
    RetryAfter(u64),
    Exhausted,
}

/// What was subscribed and leased so far.
#[derive(Debug, Default)]
pub(super) struct Register {
    subscriptions: Vec<(usize, SubscriptionId)>,
    leases: Vec<Lease>,
}

#[derive(Debug)]
struct Lease {
    id: LeaseId,
    /// The subscription, and the message's place in the model and in the store.
    taken: Vec<(SubscriptionId, Marker, Marker)>,
}

pub(super) fn sequence(steps: usize) -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..=steps)
}

fn step() -> impl Strategy<Value = Step> {
    let ttl = || prop_oneof![1 => 1..90_u32, 3 => Just(3600)];
    let outcome = prop_oneof![
        3 => Just(Some(Outcome::Delivered)),
        3 => (0..60_u64).prop_map(|secs| Some(Outcome::RetryAfter(secs))),
        1 => Just(Some(Outcome::Exhausted)),
        2 => Just(None),
    ];
    prop_oneof![
        6 => (queue(), vec(ttl(), 1..5)).prop_map(|(queue, ttls)| Step::Post { queue, ttls }),
        2 => (queue(), 1..4_usize).prop_map(|(queue, limit)| Step::Pop { queue, limit }),
        4 => (queue(), 0..4_u8, ttl())
            .prop_map(|(queue, subscriber, ttl)| Step::Subscribe { queue, subscriber, ttl }),
        1 => any::<usize>().prop_map(|subscription| Step::Unsubscribe { subscription }),
        6 => (1..60_u64).prop_map(|secs| Step::Lease { secs }),
        6 => (0..3_usize, vec(outcome, 1..6)).prop_map(|(lease, outcomes)| Step::Record { lease, outcomes }),
        1 => queue().prop_map(|queue| Step::Drop { queue }),
        4 => millis().prop_map(|millis| Step::Advance { millis }),
        1 => Just(Step::Expire),
        2 => Just(Step::Reopen),
    ]
}

fn queue() -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(0), 1 => 1..QUEUES]
}

pub(super) async fn perform<F: MessageFixture>(pair: &mut Pair<F>, step: &Step) -> Result<(), Disagreement> {
    let now = pair.now();
    match step {
        Step::Post { queue, ttls } => {
            let to = &pair.queues[*queue];
            let new: Vec<_> =
                ttls.iter().map(|ttl| NewMessage { ttl: TtlSeconds::new(*ttl), ..message() }).collect();
            let model = pair.model.post(to, &poster(), new.clone(), now).await;
            if let Some((model, store)) = answers(model, pair.store.post(to, &poster(), new, now).await)? {
                pair.ledger.posted(*queue, &model, &store);
            }
        }
        Step::Pop { queue, limit } => {
            let at = &pair.queues[*queue];
            let model = pair.model.pop(at, *limit, now).await;
            if let Some((model, store)) = answers(model, pair.store.pop(at, *limit, now).await)? {
                pair.messages_agree("popped", model, store)?;
            }
        }
        Step::Subscribe { queue, subscriber, ttl } => {
            let subscription = Subscription {
                id: fresh_subscription_id(),
                source: pair.queues[*queue].clone(),
                subscriber: format!("http://example.org/{subscriber}"),
                ttl: SubscriptionTtl::new(u64::from(*ttl)),
                renewed: now,
                options: Metadata::default(),
                confirmed: true,
            };
            pair.deliveries.subscriptions.push((*queue, subscription.id));
            let model = pair.model.subscribe(subscription.clone(), now).await;
            answers(model, pair.store.subscribe(subscription, now).await)?;
        }
        Step::Unsubscribe { subscription } => {
            let known = &pair.deliveries.subscriptions;
            let Some((queue, id)) = known.get(subscription % known.len().max(1)) else { return Ok(()) };
            let source = &pair.queues[*queue];
            let model = pair.model.unsubscribe(source, *id).await;
            answers(model, pair.store.unsubscribe(source, *id).await)?;
        }
        Step::Lease { secs } => lease(pair, *secs).await?,
        Step::Record { lease, outcomes } => record(pair, *lease, outcomes).await?,
        Step::Drop { queue } => {
            let at = &pair.queues[*queue];
            answers(pair.model.drop_destination(at).await, pair.store.drop_destination(at).await)?;
            pair.replace(*queue);
        }
        Step::Advance { millis } => pair.clock.advance_millis(*millis),
        Step::Expire => {
            answers(pair.model.expire(now).await, pair.store.expire(now).await)?;
        }
        Step::Reopen => reopen(pair).await?,
    }
    next_due(pair).await
}

/// Leases may end with the store that gave them; so they are let run out before it is opened again.
async fn reopen<F: MessageFixture>(pair: &mut Pair<F>) -> Result<(), Disagreement> {
    pair.clock.advance_secs(60);
    pair.deliveries.leases.clear();
    pair.reopen().await;
    Ok(())
}

async fn lease<F: MessageFixture>(pair: &mut Pair<F>, secs: u64) -> Result<(), Disagreement> {
    let (id, now) = (fresh_lease_id(), pair.now());
    let until = now.plus_secs(secs);
    let model = pair.model.lease(id, until, 10_000, now).await;
    let Some((model, store)) = answers(model, pair.store.lease(id, until, 10_000, now).await)? else {
        return Ok(());
    };
    for deliveries in [&model, &store] {
        first_attempts_are_in_order(deliveries)?;
    }
    let mut of_model: Vec<_> =
        model.iter().map(|own| key(own, pair.ledger.model_number(own.message.message.id))).collect();
    let mut of_store: Vec<_> =
        store.iter().map(|own| key(own, pair.ledger.store_number(own.message.message.id))).collect();
    of_model.sort_unstable();
    of_store.sort_unstable();
    let taken = of_model.iter().zip(&of_store).map(|(own, other)| (own.0, own.2, other.2)).collect();
    let without_place = |keys: Vec<(SubscriptionId, Option<Number>, Marker)>| {
        keys.into_iter().map(|(id, number, _)| (id, number)).collect::<Vec<_>>()
    };
    agree("leased", without_place(of_model), without_place(of_store))?;
    pair.deliveries.leases.push(Lease { id, taken });
    Ok(())
}

fn key(delivery: &Delivery, number: Option<Number>) -> (SubscriptionId, Option<Number>, Marker) {
    (delivery.subscription.id, number, delivery.position)
}

fn first_attempts_are_in_order(deliveries: &[Delivery]) -> Result<(), Disagreement> {
    let mut last: std::collections::HashMap<SubscriptionId, Marker> = std::collections::HashMap::new();
    for delivery in deliveries.iter().filter(|delivery| delivery.attempts == 0) {
        let before = last.insert(delivery.subscription.id, delivery.position);
        if before.is_some_and(|before| before >= delivery.position) {
            return Err(Disagreement(format!("{:?} is out of order", delivery.position)));
        }
    }
    Ok(())
}

async fn record<F: MessageFixture>(
    pair: &Pair<F>,
    lease: usize,
    outcomes: &[Option<Outcome>],
) -> Result<(), Disagreement> {
    let now = pair.now();
    let Some(lease) = pair.deliveries.leases.iter().rev().nth(lease) else { return Ok(()) };
    let (mut of_model, mut of_store) = (Vec::new(), Vec::new());
    for ((subscription, model, store), outcome) in lease.taken.iter().zip(outcomes.iter().cycle()) {
        let outcome = match outcome {
            None => continue,
            Some(Outcome::Delivered) => DeliveryOutcome::Delivered,
            Some(Outcome::RetryAfter(secs)) => DeliveryOutcome::RetryAt(now.plus_secs(*secs)),
            Some(Outcome::Exhausted) => DeliveryOutcome::Exhausted("410 Gone".to_owned()),
        };
        of_model.push((*subscription, *model, outcome.clone()));
        of_store.push((*subscription, *store, outcome));
    }
    answers(
        pair.model.record(lease.id, of_model, now).await,
        pair.store.record(lease.id, of_store, now).await,
    )?;
    Ok(())
}

/// The next delivery is due at the same time; what is due by now is due by now.
async fn next_due<F: MessageFixture>(pair: &Pair<F>) -> Result<(), Disagreement> {
    let now = pair.now();
    let model = pair.model.next_due(now).await;
    let Some((model, store)) = answers(model, pair.store.next_due(now).await)? else { return Ok(()) };
    agree("the next is due", model.map(|due| due.max(now)), store.map(|due| due.max(now)))
}

/// What is still owed, after all leases have run out.
pub(super) async fn compare_everything<F: MessageFixture>(pair: &mut Pair<F>) -> Result<(), Disagreement> {
    lease(pair, 60).await?;
    reopen(pair).await?;
    lease(pair, 60).await?;
    pair.clock.advance_secs(3600);
    next_due(pair).await?;
    lease(pair, 60).await
}
