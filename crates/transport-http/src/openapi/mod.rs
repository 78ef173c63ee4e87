//! The OpenAPI document: the route table, described for people and tools.
//!
//! Which requests there are comes from `routes.rs`, which rule each asks for from the policy's catalogue, and the
//! bounds of numbers from the limits of the running service. What is written here, a file a noun, is what they mean.

mod claims;
mod components;
mod deliveries;
mod described;
mod flavors;
mod messages;
#[cfg(test)]
mod names;
mod pools;
mod queues;
mod schema;
mod service;
mod share;
mod subscriptions;

use serde_json::{Map, Value, json};
use zaqar_domain::{Limits, RULES};
use zaqar_model::DestinationKind;

use crate::operations::{Document, Operation};
use crate::router::kind;
use crate::routes::{Access, Administration, Route, routes};
use described::Described;

/// The document with every route that a server may have.
pub fn of_every_route(limits: &Limits) -> String {
    text(limits, Administration { admin_mode: true, pools: true })
}

pub(crate) fn text(limits: &Limits, administration: Administration) -> String {
    // A tree of plain values: writing it cannot fail.
    serde_json::to_string_pretty(&document(limits, administration)).unwrap_or_default() + "\n"
}

fn document(limits: &Limits, administration: Administration) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in routes(administration) {
        let path = paths
            .entry(route.path)
            .or_insert_with(|| json!({ "parameters": components::path_parameters(route.path) }));
        path[route.method.to_lowercase()] = operation(route, limits);
        let tag = path[route.method.to_lowercase()]["tags"].clone();
        path["options"] = json!({
            "tags": tag,
            "summary": "Tells which methods the path has.",
            "security": [],
            "responses": { "200": described::reference("responses", "Methods") },
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
Messages are posted to queues, and consumers claim them. What is posted to a topic is for its subscribers.

A method that a path does not have is answered 405, with those that it has in `Allow`. A parameter without a value \
counts as absent, and of one that is given several times the last value counts. Errors are told in JSON, or in XML to \
those whose `Accept` prefers it. Too many or too long headers are answered 431, without a document.";

fn tags() -> Value {
    let tags = [
        ("queues", "Queues: where messages wait for consumers."),
        ("topics", "Topics: what is posted to them is for subscribers."),
        ("messages", "Messages in queues and topics."),
        ("claims", "Claims: messages that one consumer holds for a while."),
        ("subscriptions", "Subscriptions: addresses that are told of messages."),
        ("pools", "Pools: the stores that queues are spread over. For administrators."),
        ("flavors", "Flavors: kinds of pools that a queue can ask for."),
        ("service", "The service itself."),
    ];
    tags.iter().map(|(name, about)| json!({ "name": name, "description": about })).collect()
}

fn operation(route: &Route, limits: &Limits) -> Value {
    let kind = kind(route.path);
    let mut operation = describe(route, kind, limits).into_value(route.access);
    if let Some(rule) = rule(route) {
        operation["x-policy-rule"] = rule.into();
    }
    operation
}

fn describe(route: &Route, kind: DestinationKind, limits: &Limits) -> Described {
    match route.operation {
        Operation::Probe(probe) => service::probe(probe, route.method),
        Operation::Show(Document::Versions) => service::versions(),
        Operation::Show(Document::Home) => service::home(),
        Operation::Show(Document::OpenApi) => service::openapi(),
        Operation::Ping => service::ping(),
        Operation::TouchPing => service::touch_ping(),
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

/// The rule of the policy that a request asks for. HEAD asks for that of GET.
fn rule(route: &Route) -> Option<&'static str> {
    if matches!(route.access, Access::Probes | Access::Everybody) {
        return None;
    }
    let method = if route.method == "HEAD" { "GET" } else { route.method };
    RULES.iter().find(|rule| rule.operations.contains(&(method, route.path))).map(|rule| rule.name)
}
