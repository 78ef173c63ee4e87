//! The table of actions: what each is called, what its body must hold, and what a pre-signed URL must allow for it.

use zaqar_model::DestinationKind;

use crate::members::Type;

/// What an action does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Does {
    /// Tells whose the connection is.
    Authenticate,
    /// Nothing: upstream names it and breaks the connection off. Here it is refused, and REST has it.
    OnlyByRest,
    /// An operation of the domain. How, is in `dispatch.rs`.
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

/// Which queue or topic an action is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// None in particular.
    Nothing,
    /// All of a kind: a listing.
    Queues,
    Topics,
    /// The one that the body names as `queue_name`.
    Queue,
    /// The one that the body names as `topic_name`.
    Topic,
    /// Either of them: messages and subscriptions are in both.
    QueueOrTopic,
}

/// A member of a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    /// `None`: anything.
    pub(crate) is: Option<Type>,
    pub(crate) required: bool,
    /// Whether `null` is as good as absent.
    pub(crate) nullable: bool,
}

/// What a pre-signed URL must allow: a method of HTTP on this part of a queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Presigned {
    pub(crate) method: &'static str,
    pub(crate) part: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Action {
    pub(crate) name: &'static str,
    pub(crate) does: Does,
    pub(crate) about: About,
    pub(crate) presigned: Option<Presigned>,
    pub(crate) members: &'static [Member],
}

const fn must(name: &'static str, is: Type) -> Member {
    Member { name, is: Some(is), required: true, nullable: false }
}

const fn may(name: &'static str, is: Type) -> Member {
    Member { name, is: Some(is), required: false, nullable: false }
}

/// A member that upstream's schema says nothing about, so that its clients may send `null`.
const fn besides_schema(name: &'static str, is: Option<Type>) -> Member {
    Member { name, is, required: false, nullable: true }
}

const fn action(
    name: &'static str,
    operation: Operation,
    about: About,
    members: &'static [Member],
) -> Action {
    Action { name, does: Does::Operation(operation), about, presigned: None, members }
}

const fn besides(name: &'static str, does: Does) -> Action {
    Action { name, does, about: About::Nothing, presigned: None, members: &[] }
}

const fn only_by_rest(name: &'static str) -> Action {
    besides(name, Does::OnlyByRest)
}

impl Action {
    const fn presigned(mut self, method: &'static str, part: &'static str) -> Self {
        self.presigned = Some(Presigned { method, part });
        self
    }

    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        ACTIONS.iter().find(|action| action.name == name)
    }

    /// What a listing shows.
    pub(crate) fn kind(&self) -> DestinationKind {
        if matches!(self.about, About::Topics) { DestinationKind::Topic } else { DestinationKind::Queue }
    }

    /// The members that name what it is about.
    pub(crate) const fn places(&self) -> &'static [&'static str] {
        match self.about {
            About::Nothing | About::Queues | About::Topics => &[],
            About::Queue => &["queue_name"],
            About::Topic => &["topic_name"],
            About::QueueOrTopic => &["queue_name", "topic_name"],
        }
    }

    /// The names of all members of its body.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.places().iter().copied().chain(self.members.iter().map(|member| member.name))
    }

    /// Whether a body may be left out.
    pub(crate) fn needs_no_body(&self) -> bool {
        matches!(self.about, About::Nothing | About::Queues | About::Topics)
    }
}

/// The names of all actions there are.
pub fn action_names() -> impl Iterator<Item = &'static str> {
    ACTIONS.iter().map(|action| action.name)
}

pub(crate) const ACTIONS: [Action; 41] = [
    besides("authenticate", Does::Authenticate),
    action("queue_list", Operation::ListQueues, About::Queues, LISTING),
    action("queue_create", Operation::CreateQueue, About::Queue, QUEUE),
    action("queue_get", Operation::GetQueue, About::Queue, &[]),
    action("queue_delete", Operation::DeleteQueue, About::Queue, &[]),
    action("queue_get_stats", Operation::QueueStats, About::Queue, &[]),
    action("queue_purge", Operation::PurgeQueue, About::Queue, PURGE),
    action("topic_list", Operation::ListQueues, About::Topics, LISTING),
    action("topic_create", Operation::CreateQueue, About::Topic, QUEUE),
    action("topic_get", Operation::GetQueue, About::Topic, &[]),
    action("topic_delete", Operation::DeleteQueue, About::Topic, &[]),
    action("topic_get_stats", Operation::QueueStats, About::Topic, &[]),
    action("topic_purge", Operation::PurgeQueue, About::Topic, PURGE),
    action("message_post", Operation::PostMessages, About::QueueOrTopic, &[must("messages", Type::List)])
        .presigned("POST", "messages"),
    action("message_list", Operation::ListMessages, About::QueueOrTopic, MESSAGE_LISTING)
        .presigned("GET", "messages"),
    action("message_get", Operation::GetMessage, About::QueueOrTopic, &[must("message_id", Type::Text)])
        .presigned("GET", "messages"),
    action(
        "message_get_many",
        Operation::GetMessages,
        About::QueueOrTopic,
        &[must("message_ids", Type::List)],
    )
    .presigned("GET", "messages"),
    action("message_delete", Operation::DeleteMessage, About::QueueOrTopic, MESSAGE_DELETION)
        .presigned("DELETE", "messages"),
    action("message_delete_many", Operation::DeleteMessages, About::QueueOrTopic, MESSAGES_DELETION)
        .presigned("DELETE", "messages"),
    action("claim_create", Operation::CreateClaim, About::Queue, CLAIM).presigned("POST", "claims"),
    action("claim_get", Operation::GetClaim, About::Queue, &[must("claim_id", Type::Text)])
        .presigned("GET", "claims"),
    action("claim_update", Operation::UpdateClaim, About::Queue, CLAIM_UPDATE).presigned("PATCH", "claims"),
    action("claim_delete", Operation::DeleteClaim, About::Queue, &[must("claim_id", Type::Text)])
        .presigned("DELETE", "claims"),
    action("subscription_create", Operation::CreateSubscription, About::QueueOrTopic, SUBSCRIPTION)
        .presigned("POST", "subscriptions"),
    action("subscription_list", Operation::ListSubscriptions, About::QueueOrTopic, SUBSCRIPTION_LISTING)
        .presigned("GET", "subscriptions"),
    action("subscription_get", Operation::GetSubscription, About::QueueOrTopic, SUBSCRIPTION_ID)
        .presigned("GET", "subscriptions"),
    action("subscription_update", Operation::UpdateSubscription, About::QueueOrTopic, SUBSCRIPTION_UPDATE)
        .presigned("PATCH", "subscriptions"),
    action("subscription_delete", Operation::DeleteSubscription, About::QueueOrTopic, SUBSCRIPTION_ID)
        .presigned("DELETE", "subscriptions"),
    only_by_rest("get_home_doc"),
    only_by_rest("check_node_health"),
    only_by_rest("ping_node"),
    only_by_rest("pool_list"),
    only_by_rest("pool_create"),
    only_by_rest("pool_get"),
    only_by_rest("pool_update"),
    only_by_rest("pool_delete"),
    only_by_rest("flavor_list"),
    only_by_rest("flavor_create"),
    only_by_rest("flavor_get"),
    only_by_rest("flavor_update"),
    only_by_rest("flavor_delete"),
];

const QUEUE: &[Member] = &[besides_schema("metadata", Some(Type::Object))];
const LISTING: &[Member] =
    &[may("marker", Type::Text), may("limit", Type::Integer), may("detailed", Type::Boolean)];
const PURGE: &[Member] = &[may("resource_types", Type::List)];
const MESSAGE_LISTING: &[Member] = &[
    may("marker", Type::Text),
    may("limit", Type::Integer),
    may("echo", Type::Boolean),
    may("include_claimed", Type::Boolean),
    // Read as Python reads truth.
    besides_schema("include_delayed", None),
];
const MESSAGE_DELETION: &[Member] = &[must("message_id", Type::Text), may("claim_id", Type::Text)];
const MESSAGES_DELETION: &[Member] =
    &[may("message_ids", Type::List), may("claim_ids", Type::List), may("pop", Type::Integer)];
const CLAIM: &[Member] =
    &[may("limit", Type::Integer), may("ttl", Type::Integer), may("grace", Type::Integer)];
const CLAIM_UPDATE: &[Member] =
    &[must("claim_id", Type::Text), may("ttl", Type::Integer), besides_schema("grace", Some(Type::Integer))];
const SUBSCRIPTION: &[Member] = &[
    may("subscriber", Type::Text),
    may("ttl", Type::Integer),
    may("options", Type::Object),
    besides_schema("marker", Some(Type::Text)),
];
const SUBSCRIPTION_LISTING: &[Member] =
    &[besides_schema("marker", Some(Type::Text)), besides_schema("limit", Some(Type::Integer))];
const SUBSCRIPTION_UPDATE: &[Member] = &[
    must("subscription_id", Type::Text),
    besides_schema("subscriber", Some(Type::Text)),
    besides_schema("ttl", Some(Type::Integer)),
    besides_schema("options", Some(Type::Object)),
];
const SUBSCRIPTION_ID: &[Member] = &[must("subscription_id", Type::Text)];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::ACTIONS;

    /// All that upstream's schema of requests names.
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
