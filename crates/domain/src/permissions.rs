//! Who may do what: one rule an operation, with upstream's names. What a rule demands is decided in one place, which
//! the policy language replaces.

use zaqar_model::{Caller, DestinationKind};

use crate::{Error, Result};

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
}

impl Rule {
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

/// Whether `caller` may do what `rule` stands for.
pub(crate) fn permit(caller: &Caller, rule: Rule) -> Result<()> {
    let allowed = match rule {
        Rule::HealthGet => caller.has_role("admin"),
        _ => true,
    };
    if allowed { Ok(()) } else { Err(Error::Forbidden) }
}

#[cfg(test)]
mod tests {
    use zaqar_model::{Caller, DestinationKind, ProjectId};

    use super::{Rule, permit};
    use crate::Error;

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
    fn health_is_for_administrators_and_queues_for_everybody() {
        let project = ProjectId::new("p").unwrap();
        let member = Caller { project: project.clone(), client: None, roles: vec!["member".into()] };
        let admin = Caller { project, client: None, roles: vec!["Admin".into()] };
        assert!(permit(&member, Rule::QueuesCreate).is_ok());
        assert!(matches!(permit(&member, Rule::HealthGet), Err(Error::Forbidden)));
        assert!(permit(&admin, Rule::HealthGet).is_ok());
    }
}
