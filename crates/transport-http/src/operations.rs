//! The operations of the REST API. Operations on queues also exist for topics, under the same names.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Probe(Probe),
    Show(StaticDocument),
    Ping,
    HeadPing,
    GetHealth,
    ListQueues,
    CreateQueue,
    GetQueue,
    UpdateQueue,
    DeleteQueue,
    GetQueueStats,
    PurgeQueue,
    ShareQueue,
    PostMessages,
    ListMessages,
    RemoveMessages,
    GetMessage,
    DeleteMessage,
    CreateClaim,
    GetClaim,
    UpdateClaim,
    DeleteClaim,
    CreateSubscription,
    ListSubscriptions,
    GetSubscription,
    UpdateSubscription,
    DeleteSubscription,
    ConfirmSubscription,
    ListAttempts,
    ListFailures,
    Resend,
    ListPools,
    CreatePool,
    GetPool,
    UpdatePool,
    DeletePool,
    ListFlavors,
    CreateFlavor,
    GetFlavor,
    UpdateFlavor,
    DeleteFlavor,
}

/// The health checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    /// Whether load balancers should send requests.
    Readiness,
    /// Whether the process responds.
    Liveness,
}

/// A document that is the same for all callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StaticDocument {
    Versions,
    Home,
    OpenApi,
}
