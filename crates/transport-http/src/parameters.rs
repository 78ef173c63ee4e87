//! The query parameters of each operation. Handlers and the OpenAPI document use these names.

use zaqar_domain::names::{KnownNames, METADATA, Warnings};
use zaqar_model::DestinationKind;

use crate::falcon::Query;
use crate::operations::Operation;
use crate::routes::ROUTES;

/// `kind`: whether the operation is on queues or on topics.
pub(crate) const fn parameters(operation: Operation, kind: DestinationKind) -> &'static [&'static str] {
    match operation {
        // For topics, `with_count` is a filter of metadata like any other name.
        Operation::ListQueues if kind.is_topic() => &["marker", "limit", "detailed", "name"],
        Operation::ListQueues => &["marker", "limit", "detailed", "name", "with_count"],
        Operation::ListMessages => &["ids", "marker", "limit", "echo", "include_claimed", "include_delayed"],
        Operation::RemoveMessages => &["ids", "pop", "claim_ids"],
        // Links to claimed messages contain it.
        Operation::GetMessage | Operation::DeleteMessage => &["claim_id"],
        Operation::CreateClaim => &["limit"],
        Operation::ListSubscriptions | Operation::ListFailures => &["marker", "limit"],
        Operation::ListAttempts => &["message_id", "outcome", "since", "marker", "limit"],
        Operation::ListPools | Operation::ListFlavors => &["marker", "limit", "detailed"],
        Operation::GetPool => &["detailed"],
        Operation::GetHealth => &["deep"],
        _ => &[],
    }
}

const LOCATION: &str = "the query";

/// Warns about misspelt parameters.
pub(crate) fn check_names(query: &Query<'_>, warnings: &mut Warnings) {
    for name in query.unknown_names() {
        if !warnings.check(name, &KnownNames::new(LOCATION, query.known)) && is_parameter(name) {
            warnings.belongs_elsewhere(name, LOCATION);
        }
    }
}

/// The same for an operation whose other parameters are filters of metadata.
pub(crate) fn check_names_and_filters(query: &Query<'_>, warnings: &mut Warnings) {
    for name in query.unknown_names() {
        if !warnings.check(name, &KnownNames::new(LOCATION, query.known)) {
            warnings.check(name, &KnownNames { place: LOCATION, ..METADATA });
        }
    }
}

/// Whether any operation has this parameter.
fn is_parameter(name: &str) -> bool {
    ROUTES.iter().any(|route| parameters(route.operation, route.kind()).contains(&name))
}
