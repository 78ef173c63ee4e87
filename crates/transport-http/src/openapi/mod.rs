//! The OpenAPI document.
//!
//! The routes come from `routes.rs`, the policy rules from the catalogue of the policy, and the limits of numbers
//! from the configuration of the running service. The descriptions are here, one file per noun.

mod claims;
mod components;
mod deliveries;
mod flavors;
mod messages;
#[cfg(test)]
mod names;
mod operation_builder;
mod pools;
mod queues;
mod schema;
mod service;
mod share;
mod subscriptions;

use serde_json::{Map, Value, json};
use zaqar_domain::{Limits, RULES};
use zaqar_model::DestinationKind;

use crate::operations::{Operation, StaticDocument};
use crate::routes::{Access, AdminFeatures, Route, routes};
use operation_builder::OperationBuilder;

/// The document with all routes that a server may have.
pub fn complete(limits: &Limits) -> String {
    render(limits, AdminFeatures { admin_mode: true, pools: true })
}

pub(crate) fn render(limits: &Limits, admin_features: AdminFeatures) -> String {
    // Serializing plain values cannot fail.
    serde_json::to_string_pretty(&document(limits, admin_features)).unwrap_or_default() + "\n"
}

fn document(limits: &Limits, admin_features: AdminFeatures) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in routes(admin_features) {
        let path = paths
            .entry(route.path)
            .or_insert_with(|| json!({ "parameters": components::path_parameters(route.path) }));
        path[route.method.to_lowercase()] = operation(route, limits);
        let tag = path[route.method.to_lowercase()]["tags"].clone();
        path["options"] = json!({
            "tags": tag,
            "summary": "Lists the methods of the path.",
            "security": [],
            "responses": { "200": operation_builder::reference("responses", "Methods") },
        });
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Zaqar",
            "version": "2",
            "summary": "Messaging and notifications for many tenants.",
            "description": ABOUT,
            "license": { "name": "Apache 2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": tags(),
        "security": components::security(),
        "paths": paths,
        "components": components::all(limits),
    })
}

const ABOUT: &str = "\
Producers post messages to queues, and consumers claim them. Messages in topics go to subscribers only.

For a method that a path does not have, the service returns 405 with the methods of the path in `Allow`. A parameter \
without a value counts as absent, and the last value of a repeated parameter wins. Errors are in JSON, or in XML if \
`Accept` prefers it. For too many or too long headers, the service returns 431 without a body.";

fn tags() -> Value {
    let tags = [
        ("queues", "Queues: messages wait there for consumers."),
        ("topics", "Topics: their messages go to subscribers."),
        ("messages", "Messages in queues and topics."),
        ("claims", "Claims: messages that are reserved for one consumer for a while."),
        ("subscriptions", "Subscriptions: addresses that messages are delivered to."),
        ("pools", "Pools: the stores that queues are distributed over. For administrators."),
        ("flavors", "Flavors: groups of pools that a queue can choose."),
        ("service", "The service itself."),
    ];
    tags.iter().map(|(name, description)| json!({ "name": name, "description": description })).collect()
}

fn operation(route: &Route, limits: &Limits) -> Value {
    let kind = route.kind();
    let mut operation = describe(route, kind, limits).into_value(route.access);
    if let Some(rule) = rule(route) {
        operation["x-policy-rule"] = rule.into();
    }
    operation
}

fn describe(route: &Route, kind: DestinationKind, limits: &Limits) -> OperationBuilder {
    match route.operation {
        Operation::Probe(probe) => service::probe(probe, route.method),
        Operation::Show(StaticDocument::Versions) => service::versions(),
        Operation::Show(StaticDocument::Home) => service::home(),
        Operation::Show(StaticDocument::OpenApi) => service::openapi(),
        Operation::Ping => service::ping(),
        Operation::HeadPing => service::touch_ping(),
        Operation::GetHealth => service::health(),
        Operation::ListQueues => queues::list(kind, limits),
        Operation::CreateQueue => queues::create(kind),
        Operation::GetQueue => queues::get(kind),
        Operation::UpdateQueue => queues::update(kind),
        Operation::DeleteQueue => queues::delete(kind),
        Operation::GetQueueStats => queues::stats(kind),
        Operation::PurgeQueue => queues::purge(kind),
        Operation::ShareQueue => share::create(),
        Operation::PostMessages => messages::post(kind),
        Operation::ListMessages => messages::list(kind, limits),
        Operation::RemoveMessages => messages::remove(kind, limits),
        Operation::GetMessage => messages::get(kind),
        Operation::DeleteMessage => messages::delete(kind),
        Operation::CreateClaim => claims::create(limits),
        Operation::GetClaim => claims::get(),
        Operation::UpdateClaim => claims::update(),
        Operation::DeleteClaim => claims::delete(),
        Operation::CreateSubscription => subscriptions::create(kind),
        Operation::ListSubscriptions => subscriptions::list(kind, limits),
        Operation::GetSubscription => subscriptions::get(kind),
        Operation::UpdateSubscription => subscriptions::update(kind),
        Operation::DeleteSubscription => subscriptions::delete(kind),
        Operation::ConfirmSubscription => subscriptions::confirm(kind),
        Operation::ListAttempts => deliveries::attempts(kind, limits),
        Operation::ListFailures => deliveries::failures(kind, limits),
        Operation::Resend => deliveries::resend(kind),
        Operation::ListPools => pools::list(limits),
        Operation::CreatePool => pools::create(),
        Operation::GetPool => pools::get(),
        Operation::UpdatePool => pools::update(),
        Operation::DeletePool => pools::delete(),
        Operation::ListFlavors => flavors::list(limits),
        Operation::CreateFlavor => flavors::create(),
        Operation::GetFlavor => flavors::get(),
        Operation::UpdateFlavor => flavors::update(),
        Operation::DeleteFlavor => flavors::delete(),
    }
}

/// The policy rule of a route. HEAD has the rule of GET.
fn rule(route: &Route) -> Option<&'static str> {
    if matches!(route.access, Access::Probes | Access::Public) {
        return None;
    }
    let method = if route.method == "HEAD" { "GET" } else { route.method };
    RULES.iter().find(|rule| rule.operations.contains(&(method, route.path))).map(|rule| rule.name)
}
