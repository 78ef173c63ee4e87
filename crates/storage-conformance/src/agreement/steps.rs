//! What may be done, and how often each is drawn.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};

use super::pair::QUEUES;

/// One operation. Messages, claims and markers are picked from those that are known when its turn comes, rather from
/// those that are alive.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Post {
        queue: usize,
        client: u8,
        messages: Vec<Draft>,
    },
    List {
        queue: usize,
        from: Option<usize>,
        limit: usize,
        show: Show,
    },
    Get {
        queue: usize,
        messages: Vec<usize>,
    },
    Claim {
        queue: usize,
        limit: usize,
        ttl: u32,
        grace: u32,
        max_claim_count: Option<u32>,
    },
    GetClaim {
        queue: usize,
        claim: usize,
    },
    Renew {
        queue: usize,
        claim: usize,
        ttl: u32,
        grace: u32,
    },
    Release {
        queue: usize,
        claim: usize,
    },
    Delete {
        queue: usize,
        message: usize,
        claim: Option<usize>,
    },
    DeleteMany {
        queue: usize,
        messages: Vec<usize>,
        claims: Option<Vec<usize>>,
    },
    Pop {
        queue: usize,
        limit: usize,
    },
    Stats {
        queue: usize,
    },
    Purge {
        queue: usize,
    },
    /// Drops the queue; a later one of its name takes its place.
    Drop {
        queue: usize,
    },
    /// Moves exhausted messages, as the domain does; perhaps broken off by a restart and made again.
    DeadLetter {
        from: usize,
        to: usize,
        broken_off: bool,
    },
    Discard {
        queue: usize,
    },
    /// Looks at what ended claims have left. The maximum is always the same: a store may have forgotten what it has looked
    /// at before.
    SetAside {
        queue: usize,
    },
    Advance {
        millis: u64,
    },
    /// To one of the next moments at which something in the queue begins or ends, or a millisecond before it.
    AdvanceTo {
        queue: usize,
        nth: usize,
        early: bool,
    },
    Expire,
    Reopen,
}

/// A message to be posted.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) ttl: u32,
    pub(super) delay: u32,
    pub(super) size: usize,
    pub(super) checksum: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Show {
    pub(super) without_client: Option<u8>,
    pub(super) claimed: bool,
    pub(super) delayed: bool,
}

pub(super) fn sequence(steps: usize) -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..=steps)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => post(),
        4 => list(),
        2 => get(),
        8 => claim(),
        2 => (queue(), pick()).prop_map(|(queue, claim)| Step::GetClaim { queue, claim }),
        3 => renew(),
        5 => (queue(), pick()).prop_map(|(queue, claim)| Step::Release { queue, claim }),
        4 => delete(),
        3 => delete_many(),
        2 => (queue(), 0..5_usize).prop_map(|(queue, limit)| Step::Pop { queue, limit }),
        1 => queue().prop_map(|queue| Step::Stats { queue }),
        1 => queue().prop_map(|queue| Step::Purge { queue }),
        1 => queue().prop_map(|queue| Step::Drop { queue }),
        3 => (queue(), 1..QUEUES, any::<bool>()).prop_map(|(from, beyond, broken_off)| {
            Step::DeadLetter { from, to: (from + beyond) % QUEUES, broken_off }
        }),
        1 => queue().prop_map(|queue| Step::Discard { queue }),
        2 => queue().prop_map(|queue| Step::SetAside { queue }),
        3 => millis().prop_map(|millis| Step::Advance { millis }),
        5 => (queue(), 0..4_usize, any::<bool>())
            .prop_map(|(queue, nth, early)| Step::AdvanceTo { queue, nth, early }),
        2 => Just(Step::Expire),
        2 => Just(Step::Reopen),
    ]
}

/// Rather the first queue: what happens in one place meets more.
fn queue() -> impl Strategy<Value = usize> {
    prop_oneof![7 => Just(0), 1 => 1..QUEUES]
}

fn pick() -> impl Strategy<Value = usize> {
    0..160_usize
}

/// Whole seconds, so that times meet exactly, and sometimes less.
pub(super) fn millis() -> impl Strategy<Value = u64> {
    prop_oneof![
        6 => (1..20_u64).prop_map(|seconds| seconds * 1000),
        1 => (20..90_u64).prop_map(|seconds| seconds * 1000),
        2 => 1..2000_u64,
    ]
}

fn ttl() -> impl Strategy<Value = u32> {
    prop_oneof![1 => 1..90_u32, 1 => Just(3600)]
}

fn post() -> impl Strategy<Value = Step> {
    let delay = prop_oneof![4 => Just(0), 1 => 1..20_u32];
    let size = prop_oneof![9 => 0..60_usize, 1 => 3_000..6_000_usize];
    let draft = (ttl(), delay, size, any::<bool>()).prop_map(|(ttl, delay, size, checksum)| Draft {
        ttl,
        delay,
        size,
        checksum,
    });
    (queue(), 0..2_u8, vec(draft, 1..6)).prop_map(|(queue, client, messages)| Step::Post {
        queue,
        client,
        messages,
    })
}

fn list() -> impl Strategy<Value = Step> {
    let show = (option::of(0..2_u8), any::<bool>(), any::<bool>())
        .prop_map(|(without_client, claimed, delayed)| Show { without_client, claimed, delayed });
    (queue(), option::of(0..8_usize), 0..8_usize, show).prop_map(|(queue, from, limit, show)| Step::List {
        queue,
        from,
        limit,
        show,
    })
}

fn get() -> impl Strategy<Value = Step> {
    (queue(), vec(pick(), 0..6)).prop_map(|(queue, messages)| Step::Get { queue, messages })
}

fn claim() -> impl Strategy<Value = Step> {
    let max_claim_count = prop_oneof![2 => Just(None), 3 => (1..3_u32).prop_map(Some)];
    (queue(), 0..6_usize, 1..60_u32, 0..60_u32, max_claim_count).prop_map(
        |(queue, limit, ttl, grace, max_claim_count)| Step::Claim {
            queue,
            limit,
            ttl,
            grace,
            max_claim_count,
        },
    )
}

fn renew() -> impl Strategy<Value = Step> {
    (queue(), pick(), 1..60_u32, 0..60_u32).prop_map(|(queue, claim, ttl, grace)| Step::Renew {
        queue,
        claim,
        ttl,
        grace,
    })
}

fn delete() -> impl Strategy<Value = Step> {
    (queue(), pick(), option::of(pick())).prop_map(|(queue, message, claim)| Step::Delete {
        queue,
        message,
        claim,
    })
}

fn delete_many() -> impl Strategy<Value = Step> {
    (queue(), vec(pick(), 0..5), option::weighted(0.7, vec(pick(), 1..3)))
        .prop_map(|(queue, messages, claims)| Step::DeleteMany { queue, messages, claims })
}
