//! The route table: what can be asked, by which method and at which path. Routing, `Allow`, the OpenAPI document and
//! the tests that walk over every route all go by it.
//!
//! A new route takes three steps: a row here, an arm in `operations.rs`, and its description in `openapi`.

use crate::operations::{Document, Operation as Op, Probe};

/// One request that is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    /// With the names of what varies in braces.
    pub(crate) path: &'static str,
    pub(crate) operation: Op,
    pub(crate) access: Access,
}

/// Who gets to a route at all. What they may do there, the policy decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Load balancers and process managers, before anything of the request is looked at.
    Probes,
    /// Nobody is asked who they are.
    Everybody,
    /// Whoever says which project and client they are.
    Callers,
    /// As [`Access::Callers`], on a server with `admin_mode`; others do not have the route.
    AdminMode,
    /// As [`Access::AdminMode`], where queues are spread over pools.
    Pools,
}

impl Access {
    /// Whether it is for everybody, known or not.
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::Probes | Self::Everybody)
    }
}

#[rustfmt::skip]
pub(crate) const ROUTES: &[Route] = &[
    probe("GET",    "/healthcheck",                                             Op::Probe(Probe::Readiness)),
    probe("HEAD",   "/healthcheck",                                             Op::Probe(Probe::Readiness)),
    probe("GET",    "/healthcheck/live",                                        Op::Probe(Probe::Liveness)),
    probe("HEAD",   "/healthcheck/live",                                        Op::Probe(Probe::Liveness)),
    open ("GET",    "/",                                                        Op::Show(Document::Versions)),
    open ("GET",    "/v2/openapi.json",                                         Op::Show(Document::OpenApi)),
    route("GET",    "/v2/",                                                     Op::Show(Document::Home)),
    route("GET",    "/v2/ping",                                                 Op::Ping),
    route("HEAD",   "/v2/ping",                                                 Op::TouchPing),
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
    Route { method, path, operation, access: Access::Everybody }
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

/// What a server has for administrators.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Administration {
    pub(crate) admin_mode: bool,
    /// With flavors.
    pub(crate) pools: bool,
}

/// The rows that a server has.
pub(crate) fn routes(administration: Administration) -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(move |route| match route.access {
        Access::Probes | Access::Everybody | Access::Callers => true,
        Access::AdminMode => administration.admin_mode,
        Access::Pools => administration.admin_mode && administration.pools,
    })
}
