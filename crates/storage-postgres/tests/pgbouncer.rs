//! The stores are held to the contract behind pgbouncer in transaction mode, where each transaction may have another session of
//! the server, and where hints do not come through.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use support::{Schema, Schemas};
use zaqar_test_servers::{PgBouncer, Postgres};

/// So few sessions that they change hands all the time.
const SESSIONS: &str = "4";

/// Makes schemas in a database behind a pgbouncer that lives as long as what is returned.
fn behind_pgbouncer() -> impl Fn() -> Schema {
    let postgres =
        Postgres::start(&[("fsync", "off"), ("full_page_writes", "off"), ("synchronous_commit", "off")]);
    let bouncer = PgBouncer::start(&postgres, &[("default_pool_size", SESSIONS)]);
    let schemas = Schemas::default();
    move || {
        let _ = &postgres;
        schemas.fresh(bouncer.uri("postgres"))
    }
}

fn is_about_messages(case: &str) -> bool {
    ["messages::", "claims::", "migration::"].iter().any(|noun| case.starts_with(noun))
}

zaqar_storage_conformance::message_store_together!(messages, behind_pgbouncer(), |case: &str| {
    !is_about_messages(case)
});
zaqar_storage_conformance::message_store_together!(
    subscriptions_and_deliveries,
    behind_pgbouncer(),
    is_about_messages
);
zaqar_storage_conformance::management_store_together!(management, behind_pgbouncer(), |_: &str| false);
