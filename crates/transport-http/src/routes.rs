//! The route table: the operation of each method and path. Routing, `Allow`, the OpenAPI document and the tests of all
//! routes use it.
//!
//! A new route needs a row here, a variant in `operations.rs`, an arm in `dispatch.rs`, and a description in `openapi`.

use zaqar_model::DestinationKind;

use crate::operations::{Operation as Op, Probe, StaticDocument};

/// A row of the route table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    /// The path, with parameters in braces.
    pub(crate) path: &'static str,
    pub(crate) operation: Op,
    pub(crate) access: Access,
}

/// Who can access a route. The policy decides what callers may do there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Health checks: anyone, without any checks of the request.
    Probes,
    /// Anyone, without authentication.
    Public,
    /// Callers with a project and a client id.
    Callers,
    /// As [`Access::Callers`]. The route exists only with `admin_mode`.
    AdminMode,
    /// As [`Access::AdminMode`]. The route exists only with pools.
    Pools,
}

impl Route {
    pub(crate) fn kind(&self) -> DestinationKind {
        kind_of(self.path)
    }
}

/// Whether a path is about topics. Paths that are about neither queues nor topics count as those of queues.
pub(crate) fn kind_of(path: &str) -> DestinationKind {
    if path.starts_with("/v2/topics") { DestinationKind::Topic } else { DestinationKind::Queue }
}

impl Access {
    /// Whether the route needs no authentication.
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::Probes | Self::Public)
    }
}

#[rustfmt::skip]
pub(crate) const ROUTES: &[Route] = &[
    probe("GET",    "/healthcheck",                                             Op::Probe(Probe::Readiness)),
    probe("HEAD",   "/healthcheck",                                             Op::Probe(Probe::Readiness)),
    probe("GET",    "/healthcheck/live",                                        Op::Probe(Probe::Liveness)),
    probe("HEAD",   "/healthcheck/live",                                        Op::Probe(Probe::Liveness)),
    open ("GET",    "/",                                                        Op::Show(StaticDocument::Versions)),
    open ("GET",    "/v2/openapi.json",                                         Op::Show(StaticDocument::OpenApi)),
    route("GET",    "/v2/",                                                     Op::Show(StaticDocument::Home)),
    route("GET",    "/v2/ping",                                                 Op::Ping),
    route("HEAD",   "/v2/ping",                                                 Op::HeadPing),
    admin("GET",    "/v2/health",                                               Op::GetHealth),

    route("GET",    "/v2/queues",                                               Op::ListQueues),
    route("PUT",    "/v2/queues/{queue_name}",                                  Op::CreateQueue),
    route("GET",    "/v2/queues/{queue_name}",                                  Op::GetQueue),
    route("PATCH",  "/v2/queues/{queue_name}",                                  Op::UpdateQueue),
    route("DELETE", "/v2/queues/{queue_name}",                                  Op::DeleteQueue),
    route("GET",    "/v2/queues/{queue_name}/stats",                            Op::GetQueueStats),
    route("POST",   "/v2/queues/{queue_name}/purge",                            Op::PurgeQueue),
    route("POST",   "/v2/queues/{queue_name}/share",                            Op::ShareQueue),
    route("POST",   "/v2/queues/{queue_name}/messages",                         Op::PostMessages),
    route("GET",    "/v2/queues/{queue_name}/messages",                         Op::ListMessages),
    route("DELETE", "/v2/queues/{queue_name}/messages",                         Op::RemoveMessages),
    route("GET",    "/v2/queues/{queue_name}/messages/{message_id}",            Op::GetMessage),
    route("DELETE", "/v2/queues/{queue_name}/messages/{message_id}",            Op::DeleteMessage),
    route("POST",   "/v2/queues/{queue_name}/claims",                           Op::CreateClaim),
    route("GET",    "/v2/queues/{queue_name}/claims/{claim_id}",                Op::GetClaim),
    route("PATCH",  "/v2/queues/{queue_name}/claims/{claim_id}",                Op::UpdateClaim),
    route("DELETE", "/v2/queues/{queue_name}/claims/{claim_id}",                Op::DeleteClaim),
    route("POST",   "/v2/queues/{queue_name}/subscriptions",                    Op::CreateSubscription),
    route("GET",    "/v2/queues/{queue_name}/subscriptions",                    Op::ListSubscriptions),
    route("GET",    "/v2/queues/{queue_name}/subscriptions/{subscription_id}",  Op::GetSubscription),
    route("PATCH",  "/v2/queues/{queue_name}/subscriptions/{subscription_id}",  Op::UpdateSubscription),
    route("DELETE", "/v2/queues/{queue_name}/subscriptions/{subscription_id}",  Op::DeleteSubscription),
    route("PUT",    "/v2/queues/{queue_name}/subscriptions/{subscription_id}/confirm", Op::ConfirmSubscription),
    route("GET",    "/v2/queues/{queue_name}/subscriptions/{subscription_id}/attempts", Op::ListAttempts),
    route("GET",    "/v2/queues/{queue_name}/subscriptions/{subscription_id}/failures", Op::ListFailures),
    route("POST",   "/v2/queues/{queue_name}/subscriptions/{subscription_id}/resend", Op::Resend),

    route("GET",    "/v2/topics",                                               Op::ListQueues),
    route("PUT",    "/v2/topics/{topic_name}",                                  Op::CreateQueue),
    route("GET",    "/v2/topics/{topic_name}",                                  Op::GetQueue),
    route("PATCH",  "/v2/topics/{topic_name}",                                  Op::UpdateQueue),
    route("DELETE", "/v2/topics/{topic_name}",                                  Op::DeleteQueue),
    route("GET",    "/v2/topics/{topic_name}/stats",                            Op::GetQueueStats),
    route("POST",   "/v2/topics/{topic_name}/purge",                            Op::PurgeQueue),
    route("POST",   "/v2/topics/{topic_name}/messages",                         Op::PostMessages),
    route("GET",    "/v2/topics/{topic_name}/messages",                         Op::ListMessages),
    route("DELETE", "/v2/topics/{topic_name}/messages",                         Op::RemoveMessages),
    route("GET",    "/v2/topics/{topic_name}/messages/{message_id}",            Op::GetMessage),
    route("DELETE", "/v2/topics/{topic_name}/messages/{message_id}",            Op::DeleteMessage),
    route("POST",   "/v2/topics/{topic_name}/subscriptions",                    Op::CreateSubscription),
    route("GET",    "/v2/topics/{topic_name}/subscriptions",                    Op::ListSubscriptions),
    route("GET",    "/v2/topics/{topic_name}/subscriptions/{subscription_id}",  Op::GetSubscription),
    route("PATCH",  "/v2/topics/{topic_name}/subscriptions/{subscription_id}",  Op::UpdateSubscription),
    route("DELETE", "/v2/topics/{topic_name}/subscriptions/{subscription_id}",  Op::DeleteSubscription),
    route("PUT",    "/v2/topics/{topic_name}/subscriptions/{subscription_id}/confirm", Op::ConfirmSubscription),
    route("GET",    "/v2/topics/{topic_name}/subscriptions/{subscription_id}/attempts", Op::ListAttempts),
    route("GET",    "/v2/topics/{topic_name}/subscriptions/{subscription_id}/failures", Op::ListFailures),
    route("POST",   "/v2/topics/{topic_name}/subscriptions/{subscription_id}/resend", Op::Resend),

    pools("GET",    "/v2/pools",                                                Op::ListPools),
    pools("PUT",    "/v2/pools/{pool_name}",                                    Op::CreatePool),
    pools("GET",    "/v2/pools/{pool_name}",                                    Op::GetPool),
    pools("PATCH",  "/v2/pools/{pool_name}",                                    Op::UpdatePool),
    pools("DELETE", "/v2/pools/{pool_name}",                                    Op::DeletePool),
    pools("GET",    "/v2/flavors",                                              Op::ListFlavors),
    pools("PUT",    "/v2/flavors/{flavor_name}",                                Op::CreateFlavor),
    pools("GET",    "/v2/flavors/{flavor_name}",                                Op::GetFlavor),
    pools("PATCH",  "/v2/flavors/{flavor_name}",                                Op::UpdateFlavor),
    pools("DELETE", "/v2/flavors/{flavor_name}",                                Op::DeleteFlavor),
];

const fn probe(method: &'static str, path: &'static str, operation: Op) -> Route {
    Route { method, path, operation, access: Access::Probes }
}

const fn open(method: &'static str, path: &'static str, operation: Op) -> Route {
    Route { method, path, operation, access: Access::Public }
}

const fn route(method: &'static str, path: &'static str, operation: Op) -> Route {
    Route { method, path, operation, access: Access::Callers }
}

const fn admin(method: &'static str, path: &'static str, operation: Op) -> Route {
    Route { method, path, operation, access: Access::AdminMode }
}

const fn pools(method: &'static str, path: &'static str, operation: Op) -> Route {
    Route { method, path, operation, access: Access::Pools }
}

/// The features for administrators that a server has.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AdminFeatures {
    pub(crate) admin_mode: bool,
    /// Pools and flavors.
    pub(crate) pools: bool,
}

/// The routes of a server with these features.
pub(crate) fn routes(admin_features: AdminFeatures) -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(move |route| match route.access {
        Access::Probes | Access::Public | Access::Callers => true,
        Access::AdminMode => admin_features.admin_mode,
        Access::Pools => admin_features.admin_mode && admin_features.pools,
    })
}
