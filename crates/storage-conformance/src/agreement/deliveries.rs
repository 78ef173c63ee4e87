//! Subscriptions and deliveries, the steps: what may be done to what is owed.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use zaqar_model::{DeliveryReport, LeaseId, SubscriptionId};
use zaqar_storage::SubscriptionShare;

use super::pair::QUEUES;
use super::steps::millis;

#[derive(Clone, Debug)]
pub(super) enum Step {
    Post {
        queue: usize,
        /// The time to live and the delay of each.
        times: Vec<(u32, u32)>,
    },
    Pop {
        queue: usize,
        limit: usize,
    },
    Purge {
        queue: usize,
    },
    /// Claims for so long that some messages live longer.
    Claim {
        queue: usize,
        limit: usize,
        ttl: u32,
    },
    Subscribe {
        queue: usize,
        subscriber: u8,
        ttl: u32,
        notified: bool,
        respects_delay: bool,
    },
    /// Lets a subscription be notified, or no longer.
    Notify {
        subscription: usize,
        notified: bool,
    },
    Unsubscribe {
        subscription: usize,
    },
    Lease {
        secs: u64,
        share: SubscriptionShare,
    },
    /// Records how the deliveries of a lease ended: each of them, or none.
    Record {
        lease: usize,
        outcomes: Vec<Option<Outcome>>,
    },
    /// For a short while: a restart may forget it.
    Pause {
        subscription: usize,
        retries_only: bool,
        secs: u64,
    },
    /// Holds a subscription back, or no longer.
    Suspend {
        subscription: usize,
        suspended: bool,
    },
    Redeliver {
        subscription: usize,
        message: usize,
    },
    RedeliverFailed {
        subscription: usize,
        within_secs: u64,
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
    GivenUp,
    Expired,
    Postponed(u64),
}

/// What was subscribed and leased so far.
#[derive(Debug, Default)]
pub(super) struct Register {
    /// With the queue that it is of.
    pub(super) subscriptions: Vec<(usize, SubscriptionId)>,
    pub(super) leases: Vec<Lease>,
}

#[derive(Debug)]
pub(super) struct Lease {
    pub(super) id: LeaseId,
    /// What it took, as the model and as the store has it; the outcomes are put in later.
    pub(super) taken: Vec<(DeliveryReport, DeliveryReport)>,
}

pub(super) fn sequence(steps: usize) -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..=steps)
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![
        3 => Just(Outcome::Delivered),
        3 => (0..60_u64).prop_map(Outcome::RetryAfter),
        2 => Just(Outcome::GivenUp),
        1 => Just(Outcome::Expired),
        1 => (0..60_u64).prop_map(Outcome::Postponed),
    ];
    let limit = || prop_oneof![1 => 1..4_usize, 1 => Just(10_000)];
    prop_oneof![
        6 => (queue(), vec((ttl(), delay()), 1..5)).prop_map(|(queue, times)| Step::Post { queue, times }),
        2 => (queue(), 1..4_usize).prop_map(|(queue, limit)| Step::Pop { queue, limit }),
        1 => queue().prop_map(|queue| Step::Purge { queue }),
        1 => (queue(), 1..4_usize, 1..90_u32)
            .prop_map(|(queue, limit, ttl)| Step::Claim { queue, limit, ttl }),
        4 => (queue(), 0..4_u8, ttl(), any::<bool>(), any::<bool>()).prop_map(
            |(queue, subscriber, ttl, notified, respects_delay)| Step::Subscribe {
                queue,
                subscriber,
                ttl,
                notified,
                respects_delay,
            },
        ),
        1 => (subscription(), any::<bool>())
            .prop_map(|(subscription, notified)| Step::Notify { subscription, notified }),
        1 => subscription().prop_map(|subscription| Step::Unsubscribe { subscription }),
        6 => (1..60_u64, limit(), limit()).prop_map(|(secs, first_attempts, retries)| {
            Step::Lease { secs, share: SubscriptionShare { first_attempts, retries } }
        }),
        6 => (0..3_usize, vec(option::weighted(0.8, outcome), 1..6))
            .prop_map(|(lease, outcomes)| Step::Record { lease, outcomes }),
        1 => (subscription(), any::<bool>(), 0..60_u64)
            .prop_map(|(subscription, retries_only, secs)| Step::Pause { subscription, retries_only, secs }),
        1 => (subscription(), any::<bool>())
            .prop_map(|(subscription, suspended)| Step::Suspend { subscription, suspended }),
        3 => (subscription(), any::<usize>())
            .prop_map(|(subscription, message)| Step::Redeliver { subscription, message }),
        1 => (subscription(), 0..90_u64).prop_map(|(subscription, within_secs)| {
            Step::RedeliverFailed { subscription, within_secs }
        }),
        1 => queue().prop_map(|queue| Step::Drop { queue }),
        4 => millis().prop_map(|millis| Step::Advance { millis }),
        1 => Just(Step::Expire),
        2 => Just(Step::Reopen),
    ]
}

fn ttl() -> impl Strategy<Value = u32> {
    prop_oneof![1 => 1..90_u32, 3 => Just(3600)]
}

fn delay() -> impl Strategy<Value = u32> {
    prop_oneof![2 => Just(0), 1 => 1..60_u32]
}

fn queue() -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(0), 1 => 1..QUEUES]
}

fn subscription() -> impl Strategy<Value = usize> {
    any::<usize>()
}
