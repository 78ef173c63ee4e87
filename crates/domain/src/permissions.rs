//! Who may do what: one rule an operation, with upstream's names. What a rule demands stands in the policy.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use zaqar_model::{Caller, DestinationKind};

use crate::policy::Policy;
use crate::{Error, Result, Zaqar};

/// The rules of the operations there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    QueuesGetAll,
    QueuesCreate,
    QueuesGet,
    QueuesDelete,
    QueuesUpdate,
    QueuesStats,
    QueuesPurge,
    QueuesShare,
    TopicsGetAll,
    TopicsCreate,
    TopicsGet,
    TopicsDelete,
    TopicsUpdate,
    TopicsStats,
    TopicsPurge,
    MessagesGetAll,
    MessagesCreate,
    MessagesGet,
    MessagesDelete,
    MessagesDeleteAll,
    ClaimsCreate,
    ClaimsGet,
    ClaimsUpdate,
    ClaimsDelete,
    SubscriptionGetAll,
    SubscriptionCreate,
    SubscriptionGet,
    SubscriptionDelete,
    SubscriptionUpdate,
    SubscriptionConfirm,
    PingGet,
    HealthGet,
    PoolsGetAll,
    PoolsCreate,
    PoolsGet,
    PoolsUpdate,
    PoolsDelete,
    FlavorsGetAll,
    FlavorsCreate,
    FlavorsGet,
    FlavorsUpdate,
    FlavorsDelete,
}

impl Rule {
    pub const ALL: [Self; 42] = [
        Self::QueuesGetAll,
        Self::QueuesCreate,
        Self::QueuesGet,
        Self::QueuesDelete,
        Self::QueuesUpdate,
        Self::QueuesStats,
        Self::QueuesPurge,
        Self::QueuesShare,
        Self::TopicsGetAll,
        Self::TopicsCreate,
        Self::TopicsGet,
        Self::TopicsDelete,
        Self::TopicsUpdate,
        Self::TopicsStats,
        Self::TopicsPurge,
        Self::MessagesGetAll,
        Self::MessagesCreate,
        Self::MessagesGet,
        Self::MessagesDelete,
        Self::MessagesDeleteAll,
        Self::ClaimsCreate,
        Self::ClaimsGet,
        Self::ClaimsUpdate,
        Self::ClaimsDelete,
        Self::SubscriptionGetAll,
        Self::SubscriptionCreate,
        Self::SubscriptionGet,
        Self::SubscriptionDelete,
        Self::SubscriptionUpdate,
        Self::SubscriptionConfirm,
        Self::PingGet,
        Self::HealthGet,
        Self::PoolsGetAll,
        Self::PoolsCreate,
        Self::PoolsGet,
        Self::PoolsUpdate,
        Self::PoolsDelete,
        Self::FlavorsGetAll,
        Self::FlavorsCreate,
        Self::FlavorsGet,
        Self::FlavorsUpdate,
        Self::FlavorsDelete,
    ];

    /// The name by which a policy file calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::QueuesGetAll => "queues:get_all",
            Self::QueuesCreate => "queues:create",
            Self::QueuesGet => "queues:get",
            Self::QueuesDelete => "queues:delete",
            Self::QueuesUpdate => "queues:update",
            Self::QueuesStats => "queues:stats",
            Self::QueuesPurge => "queues:purge",
            Self::QueuesShare => "queues:share",
            Self::TopicsGetAll => "topics:get_all",
            Self::TopicsCreate => "topics:create",
            Self::TopicsGet => "topics:get",
            Self::TopicsDelete => "topics:delete",
            Self::TopicsUpdate => "topics:update",
            Self::TopicsStats => "topics:stats",
            Self::TopicsPurge => "topics:purge",
            Self::MessagesGetAll => "messages:get_all",
            Self::MessagesCreate => "messages:create",
            Self::MessagesGet => "messages:get",
            Self::MessagesDelete => "messages:delete",
            Self::MessagesDeleteAll => "messages:delete_all",
            Self::ClaimsCreate => "claims:create",
            Self::ClaimsGet => "claims:get",
            Self::ClaimsUpdate => "claims:update",
            Self::ClaimsDelete => "claims:delete",
            Self::SubscriptionGetAll => "subscription:get_all",
            Self::SubscriptionCreate => "subscription:create",
            Self::SubscriptionGet => "subscription:get",
            Self::SubscriptionDelete => "subscription:delete",
            Self::SubscriptionUpdate => "subscription:update",
            Self::SubscriptionConfirm => "subscription:confirm",
            Self::PingGet => "ping:get",
            Self::HealthGet => "health:get",
            Self::PoolsGetAll => "pools:get_all",
            Self::PoolsCreate => "pools:create",
            Self::PoolsGet => "pools:get",
            Self::PoolsUpdate => "pools:update",
            Self::PoolsDelete => "pools:delete",
            Self::FlavorsGetAll => "flavors:get_all",
            Self::FlavorsCreate => "flavors:create",
            Self::FlavorsGet => "flavors:get",
            Self::FlavorsUpdate => "flavors:update",
            Self::FlavorsDelete => "flavors:delete",
        }
    }

    /// The rule of the same operation on a queue or a topic. Those on what is in them are the same for both.
    pub(crate) const fn on(self, kind: DestinationKind) -> Self {
        match (kind, self) {
            (DestinationKind::Topic, Self::QueuesGetAll) => Self::TopicsGetAll,
            (DestinationKind::Topic, Self::QueuesCreate) => Self::TopicsCreate,
            (DestinationKind::Topic, Self::QueuesGet) => Self::TopicsGet,
            (DestinationKind::Topic, Self::QueuesDelete) => Self::TopicsDelete,
            (DestinationKind::Topic, Self::QueuesUpdate) => Self::TopicsUpdate,
            (DestinationKind::Topic, Self::QueuesStats) => Self::TopicsStats,
            (DestinationKind::Topic, Self::QueuesPurge) => Self::TopicsPurge,
            (_, rule) => rule,
        }
    }
}

/// The policy in force, which may be replaced while requests are answered.
#[derive(Debug)]
pub(crate) struct PolicyInForce {
    /// A bit for each rule that is open to everybody: by default nearly all are, and most requests need no more.
    open: AtomicU64,
    policy: RwLock<Arc<Policy>>,
}

impl Default for PolicyInForce {
    fn default() -> Self {
        let policy = Policy::default();
        Self { open: AtomicU64::new(open_rules(&policy)), policy: RwLock::new(Arc::new(policy)) }
    }
}

impl PolicyInForce {
    fn replace(&self, policy: Policy) {
        let open = open_rules(&policy);
        let mut current = self.policy.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(policy);
        self.open.store(open, Ordering::Release);
    }

    fn allows(&self, caller: &Caller, rule: Rule) -> bool {
        if self.open.load(Ordering::Acquire) & bit(rule) != 0 {
            return true;
        }
        let policy = Arc::clone(&self.policy.read().unwrap_or_else(PoisonError::into_inner));
        policy.allows(caller, rule)
    }
}

fn open_rules(policy: &Policy) -> u64 {
    Rule::ALL.iter().filter(|rule| policy.is_open(**rule)).fold(0, |bits, rule| bits | bit(*rule))
}

const fn bit(rule: Rule) -> u64 {
    1 << rule as u32
}

impl Zaqar {
    /// From now on, `policy` decides who may do what.
    pub fn set_policy(&self, policy: Policy) {
        self.policy.replace(policy);
    }

    /// Whether `caller` may do what `rule` stands for.
    pub(crate) fn permit(&self, caller: &Caller, rule: Rule) -> Result<()> {
        if self.policy.allows(caller, rule) { Ok(()) } else { Err(Error::Forbidden) }
    }
}

#[cfg(test)]
mod tests {
    use zaqar_model::DestinationKind;

    use super::Rule;

    #[test]
    fn a_topic_has_rules_of_its_own() {
        let on_a_topic = |rule: Rule| rule.on(DestinationKind::Topic).name();
        for (rule, name) in [
            (Rule::QueuesGetAll, "topics:get_all"),
            (Rule::QueuesCreate, "topics:create"),
            (Rule::QueuesGet, "topics:get"),
            (Rule::QueuesDelete, "topics:delete"),
            (Rule::QueuesUpdate, "topics:update"),
            (Rule::QueuesStats, "topics:stats"),
            (Rule::QueuesPurge, "topics:purge"),
            (Rule::MessagesCreate, "messages:create"),
        ] {
            assert_eq!(on_a_topic(rule), name);
            assert_eq!(rule.on(DestinationKind::Queue), rule);
        }
    }

    #[test]
    fn every_rule_has_a_bit_of_its_own() {
        let bits = Rule::ALL.map(super::bit);
        assert_eq!(
            bits.iter().fold(0, |all, bit| all | bit).count_ones(),
            u32::try_from(bits.len()).unwrap()
        );
    }
}
