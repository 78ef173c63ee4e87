//! The table of actions: the name of each, the members of its body, and the permission that a pre-signed URL needs
//! for it.

use zaqar_model::DestinationKind;

use crate::members::Type;

/// The kind of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActionKind {
    /// Authenticates the connection.
    Authenticate,
    /// Rejected, because only REST has it. Upstream accepts the name and closes the connection.
    RestOnly,
    /// An operation of the domain, which `dispatch.rs` calls.
    Operation(Operation),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    ListQueues,
    CreateQueue,
    GetQueue,
    DeleteQueue,
    QueueStats,
    PurgeQueue,
    PostMessages,
    ListMessages,
    GetMessage,
    GetMessages,
    DeleteMessage,
    DeleteMessages,
    CreateClaim,
    GetClaim,
    UpdateClaim,
    DeleteClaim,
    CreateSubscription,
    ListSubscriptions,
    GetSubscription,
    UpdateSubscription,
    DeleteSubscription,
}

/// The queue or topic that an action is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActionTarget {
    /// None.
    Nothing,
    /// All queues or topics of a project.
    Queues,
    Topics,
    /// The queue in `queue_name`.
    Queue,
    /// The topic in `topic_name`.
    Topic,
    /// A queue or a topic: both have messages and subscriptions.
    QueueOrTopic,
}

/// A member of a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    /// `None`: any type.
    pub(crate) value_type: Option<Type>,
    pub(crate) required: bool,
    /// Whether `null` counts as absent.
    pub(crate) nullable: bool,
}

/// The permission that a pre-signed URL needs: an HTTP method on this part of a queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Presigned {
    pub(crate) method: &'static str,
    pub(crate) part: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Action {
    pub(crate) name: &'static str,
    pub(crate) kind: ActionKind,
    pub(crate) target: ActionTarget,
    pub(crate) presigned: Option<Presigned>,
    pub(crate) members: &'static [Member],
}

const fn required(name: &'static str, value_type: Type) -> Member {
    Member { name, value_type: Some(value_type), required: true, nullable: false }
}

const fn optional(name: &'static str, value_type: Type) -> Member {
    Member { name, value_type: Some(value_type), required: false, nullable: false }
}

/// An optional member that upstream's schema does not validate, so that clients may send `null`.
const fn nullable(name: &'static str, value_type: Option<Type>) -> Member {
    Member { name, value_type, required: false, nullable: true }
}

const fn action(
    name: &'static str,
    operation: Operation,
    target: ActionTarget,
    members: &'static [Member],
) -> Action {
    Action { name, kind: ActionKind::Operation(operation), target, presigned: None, members }
}

const fn without_target(name: &'static str, kind: ActionKind) -> Action {
    Action { name, kind, target: ActionTarget::Nothing, presigned: None, members: &[] }
}

const fn rest_only(name: &'static str) -> Action {
    without_target(name, ActionKind::RestOnly)
}

impl Action {
    const fn presigned(mut self, method: &'static str, part: &'static str) -> Self {
        self.presigned = Some(Presigned { method, part });
        self
    }

    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        ACTIONS.iter().find(|action| action.name == name)
    }

    /// The kind that a listing returns.
    pub(crate) fn destination_kind(&self) -> DestinationKind {
        if matches!(self.target, ActionTarget::Topics) {
            DestinationKind::Topic
        } else {
            DestinationKind::Queue
        }
    }

    /// The members that name the queue or topic.
    pub(crate) const fn destination_members(&self) -> &'static [&'static str] {
        match self.target {
            ActionTarget::Nothing | ActionTarget::Queues | ActionTarget::Topics => &[],
            ActionTarget::Queue => &["queue_name"],
            ActionTarget::Topic => &["topic_name"],
            ActionTarget::QueueOrTopic => &["queue_name", "topic_name"],
        }
    }

    /// The names of all members of its body.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.destination_members().iter().copied().chain(self.members.iter().map(|member| member.name))
    }

    /// Whether the body is optional.
    pub(crate) fn needs_no_body(&self) -> bool {
        matches!(self.target, ActionTarget::Nothing | ActionTarget::Queues | ActionTarget::Topics)
    }
}

/// The names of all actions.
pub fn action_names() -> impl Iterator<Item = &'static str> {
    ACTIONS.iter().map(|action| action.name)
}

pub(crate) const ACTIONS: [Action; 41] = [
    without_target("authenticate", ActionKind::Authenticate),
    action("queue_list", Operation::ListQueues, ActionTarget::Queues, LISTING),
    action("queue_create", Operation::CreateQueue, ActionTarget::Queue, QUEUE),
    action("queue_get", Operation::GetQueue, ActionTarget::Queue, &[]),
    action("queue_delete", Operation::DeleteQueue, ActionTarget::Queue, &[]),
    action("queue_get_stats", Operation::QueueStats, ActionTarget::Queue, &[]),
    action("queue_purge", Operation::PurgeQueue, ActionTarget::Queue, PURGE),
    action("topic_list", Operation::ListQueues, ActionTarget::Topics, LISTING),
    action("topic_create", Operation::CreateQueue, ActionTarget::Topic, QUEUE),
    action("topic_get", Operation::GetQueue, ActionTarget::Topic, &[]),
    action("topic_delete", Operation::DeleteQueue, ActionTarget::Topic, &[]),
    action("topic_get_stats", Operation::QueueStats, ActionTarget::Topic, &[]),
    action("topic_purge", Operation::PurgeQueue, ActionTarget::Topic, PURGE),
    action(
        "message_post",
        Operation::PostMessages,
        ActionTarget::QueueOrTopic,
        &[required("messages", Type::List)],
    )
    .presigned("POST", "messages"),
    action("message_list", Operation::ListMessages, ActionTarget::QueueOrTopic, MESSAGE_LISTING)
        .presigned("GET", "messages"),
    action(
        "message_get",
        Operation::GetMessage,
        ActionTarget::QueueOrTopic,
        &[required("message_id", Type::Text)],
    )
    .presigned("GET", "messages"),
    action(
        "message_get_many",
        Operation::GetMessages,
        ActionTarget::QueueOrTopic,
        &[required("message_ids", Type::List)],
    )
    .presigned("GET", "messages"),
    action("message_delete", Operation::DeleteMessage, ActionTarget::QueueOrTopic, MESSAGE_DELETION)
        .presigned("DELETE", "messages"),
    action("message_delete_many", Operation::DeleteMessages, ActionTarget::QueueOrTopic, MESSAGES_DELETION)
        .presigned("DELETE", "messages"),
    action("claim_create", Operation::CreateClaim, ActionTarget::Queue, CLAIM).presigned("POST", "claims"),
    action("claim_get", Operation::GetClaim, ActionTarget::Queue, &[required("claim_id", Type::Text)])
        .presigned("GET", "claims"),
    action("claim_update", Operation::UpdateClaim, ActionTarget::Queue, CLAIM_UPDATE)
        .presigned("PATCH", "claims"),
    action("claim_delete", Operation::DeleteClaim, ActionTarget::Queue, &[required("claim_id", Type::Text)])
        .presigned("DELETE", "claims"),
    action("subscription_create", Operation::CreateSubscription, ActionTarget::QueueOrTopic, SUBSCRIPTION)
        .presigned("POST", "subscriptions"),
    action(
        "subscription_list",
        Operation::ListSubscriptions,
        ActionTarget::QueueOrTopic,
        SUBSCRIPTION_LISTING,
    )
    .presigned("GET", "subscriptions"),
    action("subscription_get", Operation::GetSubscription, ActionTarget::QueueOrTopic, SUBSCRIPTION_ID)
        .presigned("GET", "subscriptions"),
    action(
        "subscription_update",
        Operation::UpdateSubscription,
        ActionTarget::QueueOrTopic,
        SUBSCRIPTION_UPDATE,
    )
    .presigned("PATCH", "subscriptions"),
    action("subscription_delete", Operation::DeleteSubscription, ActionTarget::QueueOrTopic, SUBSCRIPTION_ID)
        .presigned("DELETE", "subscriptions"),
    rest_only("get_home_doc"),
    rest_only("check_node_health"),
    rest_only("ping_node"),
    rest_only("pool_list"),
    rest_only("pool_create"),
    rest_only("pool_get"),
    rest_only("pool_update"),
    rest_only("pool_delete"),
    rest_only("flavor_list"),
    rest_only("flavor_create"),
    rest_only("flavor_get"),
    rest_only("flavor_update"),
    rest_only("flavor_delete"),
];

const QUEUE: &[Member] = &[nullable("metadata", Some(Type::Object))];
const LISTING: &[Member] =
    &[optional("marker", Type::Text), optional("limit", Type::Integer), optional("detailed", Type::Boolean)];
const PURGE: &[Member] = &[optional("resource_types", Type::List)];
const MESSAGE_LISTING: &[Member] = &[
    optional("marker", Type::Text),
    optional("limit", Type::Integer),
    optional("echo", Type::Boolean),
    optional("include_claimed", Type::Boolean),
    // Converted to a boolean as in Python.
    nullable("include_delayed", None),
];
const MESSAGE_DELETION: &[Member] = &[required("message_id", Type::Text), optional("claim_id", Type::Text)];
const MESSAGES_DELETION: &[Member] =
    &[optional("message_ids", Type::List), optional("claim_ids", Type::List), optional("pop", Type::Integer)];
const CLAIM: &[Member] =
    &[optional("limit", Type::Integer), optional("ttl", Type::Integer), optional("grace", Type::Integer)];
const CLAIM_UPDATE: &[Member] = &[
    required("claim_id", Type::Text),
    optional("ttl", Type::Integer),
    nullable("grace", Some(Type::Integer)),
];
const SUBSCRIPTION: &[Member] = &[
    optional("subscriber", Type::Text),
    optional("ttl", Type::Integer),
    optional("options", Type::Object),
    nullable("marker", Some(Type::Text)),
];
const SUBSCRIPTION_LISTING: &[Member] =
    &[nullable("marker", Some(Type::Text)), nullable("limit", Some(Type::Integer))];
const SUBSCRIPTION_UPDATE: &[Member] = &[
    required("subscription_id", Type::Text),
    nullable("subscriber", Some(Type::Text)),
    nullable("ttl", Some(Type::Integer)),
    nullable("options", Some(Type::Object)),
];
const SUBSCRIPTION_ID: &[Member] = &[required("subscription_id", Type::Text)];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::ACTIONS;

    /// The actions in upstream's schema.
    const UPSTREAM: [&str; 34] = [
        "authenticate",
        "check_node_health",
        "claim_create",
        "claim_delete",
        "claim_get",
        "claim_update",
        "flavor_create",
        "flavor_delete",
        "flavor_get",
        "flavor_list",
        "flavor_update",
        "get_home_doc",
        "message_delete",
        "message_delete_many",
        "message_get",
        "message_get_many",
        "message_list",
        "message_post",
        "ping_node",
        "pool_create",
        "pool_delete",
        "pool_get",
        "pool_list",
        "pool_update",
        "queue_create",
        "queue_delete",
        "queue_get",
        "queue_get_stats",
        "queue_list",
        "queue_purge",
        "subscription_create",
        "subscription_delete",
        "subscription_get",
        "subscription_list",
    ];

    #[test]
    fn the_table_has_every_action_of_upstream_those_of_topics_and_one_more() {
        let ours: BTreeSet<_> = ACTIONS.iter().map(|action| action.name).collect();
        assert_eq!(ours.len(), ACTIONS.len());
        let upstream = BTreeSet::from(UPSTREAM);
        let more: Vec<_> = ours.difference(&upstream).filter(|name| !name.starts_with("topic_")).collect();
        assert_eq!((upstream.difference(&ours).count(), more), (0, vec![&"subscription_update"]));
    }
}
