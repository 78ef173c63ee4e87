//! The parameters of each operation's query. What reads them and what describes them go by these names.

use zaqar_domain::names::{KnownNames, METADATA, Warnings};
use zaqar_model::DestinationKind;

use crate::falcon::Query;
use crate::operations::Operation;
use crate::router::kind;
use crate::routes::ROUTES;

/// On queues, or on topics.
pub(crate) const fn parameters(operation: Operation, kind: DestinationKind) -> &'static [&'static str] {
    match operation {
        // Of topics `with_count` is one more member that the metadata must have.
        Operation::ListQueues if kind.is_topic() => &["marker", "limit", "detailed", "name"],
        Operation::ListQueues => &["marker", "limit", "detailed", "name", "with_count"],
        Operation::ListMessages => &["ids", "marker", "limit", "echo", "include_claimed", "include_delayed"],
        Operation::RemoveMessages => &["ids", "pop", "claim_ids"],
        // The links to claimed messages have it.
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

const PLACE: &str = "the query";

/// Looks for slips among the parameters that the request cannot have.
pub(crate) fn check_names(query: &Query<'_>, warnings: &mut Warnings) {
    for name in query.unknown_names() {
        if !warnings.check(name, &KnownNames::new(PLACE, query.known)) && is_parameter(name) {
            warnings.belongs_elsewhere(name, PLACE);
        }
    }
}

/// The same where every other parameter asks for a member of metadata.
pub(crate) fn check_names_and_filters(query: &Query<'_>, warnings: &mut Warnings) {
    for name in query.unknown_names() {
        if !warnings.check(name, &KnownNames::new(PLACE, query.known)) {
            warnings.check(name, &KnownNames { place: PLACE, ..METADATA });
        }
    }
}

/// Whether some request has this parameter.
fn is_parameter(name: &str) -> bool {
    ROUTES.iter().any(|route| parameters(route.operation, kind(route.path)).contains(&name))
}
