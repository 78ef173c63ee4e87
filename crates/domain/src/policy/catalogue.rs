//! The rules that upstream knows, with its defaults: who has written a policy for upstream finds all of them here.

/// A rule that a policy may redefine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownRule {
    pub name: &'static str,
    /// What it demands unless a policy says otherwise; empty for nothing.
    pub default: &'static str,
    pub about: &'static str,
    /// The requests that it is asked for, as method and path.
    pub operations: &'static [(&'static str, &'static str)],
}

pub const RULES: &[KnownRule] = &[
    KnownRule {
        name: "context_is_admin",
        default: "role:admin",
        about: "Who counts as an administrator. No operation asks for it; rules may.",
        operations: &[],
    },
    KnownRule {
        name: "admin_or_owner",
        default: "is_admin:True or project_id:%(project_id)s",
        about: "An administrator, or somebody of the project concerned. No operation asks for it; rules may.",
        operations: &[],
    },
    KnownRule {
        name: "queues:get_all",
        default: "",
        about: "List the queues of a project.",
        operations: &[("GET", "/v2/queues")],
    },
    KnownRule {
        name: "queues:create",
        default: "",
        about: "Make a queue.",
        operations: &[("PUT", "/v2/queues/{queue_name}")],
    },
    KnownRule {
        name: "queues:get",
        default: "",
        about: "Read the metadata of a queue.",
        operations: &[("GET", "/v2/queues/{queue_name}")],
    },
    KnownRule {
        name: "queues:delete",
        default: "",
        about: "Delete a queue with all that is in it.",
        operations: &[("DELETE", "/v2/queues/{queue_name}")],
    },
    KnownRule {
        name: "queues:update",
        default: "",
        about: "Change the metadata of a queue.",
        operations: &[("PATCH", "/v2/queues/{queue_name}")],
    },
    KnownRule {
        name: "queues:stats",
        default: "",
        about: "See how many messages a queue holds, and how old they are.",
        operations: &[("GET", "/v2/queues/{queue_name}/stats")],
    },
    KnownRule {
        name: "queues:purge",
        default: "",
        about: "Empty a queue of messages or subscriptions.",
        operations: &[("POST", "/v2/queues/{queue_name}/purge")],
    },
    KnownRule {
        name: "queues:share",
        default: "",
        about: "Sign a URL that gives access to a queue.",
        operations: &[("POST", "/v2/queues/{queue_name}/share")],
    },
    KnownRule {
        name: "topics:get_all",
        default: "",
        about: "List the topics of a project.",
        operations: &[("GET", "/v2/topics")],
    },
    KnownRule {
        name: "topics:create",
        default: "",
        about: "Make a topic.",
        operations: &[("PUT", "/v2/topics/{topic_name}")],
    },
    KnownRule {
        name: "topics:get",
        default: "",
        about: "Read the metadata of a topic.",
        operations: &[("GET", "/v2/topics/{topic_name}")],
    },
    KnownRule {
        name: "topics:delete",
        default: "",
        about: "Delete a topic with all that is in it.",
        operations: &[("DELETE", "/v2/topics/{topic_name}")],
    },
    KnownRule {
        name: "topics:update",
        default: "",
        about: "Change the metadata of a topic.",
        operations: &[("PATCH", "/v2/topics/{topic_name}")],
    },
    KnownRule {
        name: "topics:stats",
        default: "",
        about: "See how many messages a topic holds, and how old they are.",
        operations: &[("GET", "/v2/topics/{topic_name}/stats")],
    },
    KnownRule {
        name: "topics:purge",
        default: "",
        about: "Empty a topic of messages or subscriptions.",
        operations: &[("POST", "/v2/topics/{topic_name}/purge")],
    },
    KnownRule {
        name: "messages:get_all",
        default: "",
        about: "List messages, or read several by their ids.",
        operations: &[
            ("GET", "/v2/queues/{queue_name}/messages"),
            ("GET", "/v2/topics/{topic_name}/messages"),
        ],
    },
    KnownRule {
        name: "messages:create",
        default: "",
        about: "Post messages.",
        operations: &[
            ("POST", "/v2/queues/{queue_name}/messages"),
            ("POST", "/v2/topics/{topic_name}/messages"),
        ],
    },
    KnownRule {
        name: "messages:get",
        default: "",
        about: "Read one message.",
        operations: &[
            ("GET", "/v2/queues/{queue_name}/messages/{message_id}"),
            ("GET", "/v2/topics/{topic_name}/messages/{message_id}"),
        ],
    },
    KnownRule {
        name: "messages:delete",
        default: "",
        about: "Delete one message.",
        operations: &[
            ("DELETE", "/v2/queues/{queue_name}/messages/{message_id}"),
            ("DELETE", "/v2/topics/{topic_name}/messages/{message_id}"),
        ],
    },
    KnownRule {
        name: "messages:delete_all",
        default: "",
        about: "Delete several messages by their ids, or pop them.",
        operations: &[
            ("DELETE", "/v2/queues/{queue_name}/messages"),
            ("DELETE", "/v2/topics/{topic_name}/messages"),
        ],
    },
    KnownRule {
        name: "claims:create",
        default: "",
        about: "Claim messages.",
        operations: &[("POST", "/v2/queues/{queue_name}/claims")],
    },
    KnownRule {
        name: "claims:get",
        default: "",
        about: "Read a claim and its messages.",
        operations: &[("GET", "/v2/queues/{queue_name}/claims/{claim_id}")],
    },
    KnownRule {
        name: "claims:update",
        default: "",
        about: "Renew a claim.",
        operations: &[("PATCH", "/v2/queues/{queue_name}/claims/{claim_id}")],
    },
    KnownRule {
        name: "claims:delete",
        default: "",
        about: "Let the messages of a claim go.",
        operations: &[("DELETE", "/v2/queues/{queue_name}/claims/{claim_id}")],
    },
    KnownRule {
        name: "subscription:get_all",
        default: "",
        about: "List the subscriptions to a queue or topic.",
        operations: &[
            ("GET", "/v2/queues/{queue_name}/subscriptions"),
            ("GET", "/v2/topics/{topic_name}/subscriptions"),
        ],
    },
    KnownRule {
        name: "subscription:create",
        default: "",
        about: "Subscribe to a queue or topic.",
        operations: &[
            ("POST", "/v2/queues/{queue_name}/subscriptions"),
            ("POST", "/v2/topics/{topic_name}/subscriptions"),
        ],
    },
    KnownRule {
        name: "subscription:get",
        default: "",
        about: "Read a subscription.",
        operations: &[
            ("GET", "/v2/queues/{queue_name}/subscriptions/{subscription_id}"),
            ("GET", "/v2/topics/{topic_name}/subscriptions/{subscription_id}"),
        ],
    },
    KnownRule {
        name: "subscription:update",
        default: "",
        about: "Change a subscription.",
        operations: &[
            ("PATCH", "/v2/queues/{queue_name}/subscriptions/{subscription_id}"),
            ("PATCH", "/v2/topics/{topic_name}/subscriptions/{subscription_id}"),
        ],
    },
    KnownRule {
        name: "subscription:delete",
        default: "",
        about: "End a subscription.",
        operations: &[
            ("DELETE", "/v2/queues/{queue_name}/subscriptions/{subscription_id}"),
            ("DELETE", "/v2/topics/{topic_name}/subscriptions/{subscription_id}"),
        ],
    },
    KnownRule {
        name: "subscription:confirm",
        default: "",
        about: "Confirm a subscription, or take that back.",
        operations: &[
            ("PUT", "/v2/queues/{queue_name}/subscriptions/{subscription_id}/confirm"),
            ("PUT", "/v2/topics/{topic_name}/subscriptions/{subscription_id}/confirm"),
        ],
    },
    KnownRule {
        name: "ping:get",
        default: "",
        about: "Ask whether the service is there.",
        operations: &[("GET", "/v2/ping")],
    },
    KnownRule {
        name: "health:get",
        default: "role:admin",
        about: "Read the report on the health of the service.",
        operations: &[("GET", "/v2/health")],
    },
    KnownRule {
        name: "pools:get_all",
        default: "role:admin",
        about: "List the pools.",
        operations: &[("GET", "/v2/pools")],
    },
    KnownRule {
        name: "pools:create",
        default: "role:admin",
        about: "Make a pool.",
        operations: &[("PUT", "/v2/pools/{pool_name}")],
    },
    KnownRule {
        name: "pools:get",
        default: "role:admin",
        about: "Read a pool.",
        operations: &[("GET", "/v2/pools/{pool_name}")],
    },
    KnownRule {
        name: "pools:update",
        default: "role:admin",
        about: "Change a pool.",
        operations: &[("PATCH", "/v2/pools/{pool_name}")],
    },
    KnownRule {
        name: "pools:delete",
        default: "role:admin",
        about: "Delete a pool.",
        operations: &[("DELETE", "/v2/pools/{pool_name}")],
    },
    KnownRule {
        name: "flavors:get_all",
        default: "",
        about: "List the flavors.",
        operations: &[("GET", "/v2/flavors")],
    },
    KnownRule {
        name: "flavors:create",
        default: "role:admin",
        about: "Make a flavor.",
        operations: &[("PUT", "/v2/flavors/{flavor_name}")],
    },
    KnownRule {
        name: "flavors:get",
        default: "",
        about: "Read a flavor.",
        operations: &[("GET", "/v2/flavors/{flavor_name}")],
    },
    KnownRule {
        name: "flavors:update",
        default: "role:admin",
        about: "Change a flavor.",
        operations: &[("PATCH", "/v2/flavors/{flavor_name}")],
    },
    KnownRule {
        name: "flavors:delete",
        default: "role:admin",
        about: "Delete a flavor.",
        operations: &[("DELETE", "/v2/flavors/{flavor_name}")],
    },
];
