//! The store is held to the contract, on real servers.

mod support;

use support::{fresh_place, fresh_valkey_place, in_a_cluster};
use zaqar_storage_conformance::agreement::{self, Config, Load};

/// Each sequence has a database of its own.
const SEQUENCES: Config = Config { sequences: 20, steps: 50 };

zaqar_storage_conformance::message_store!(on_redis, fresh_place);
zaqar_storage_conformance::message_store_together!(on_valkey, fresh_valkey_place, |_: &str| false);
zaqar_storage_conformance::message_store_together!(
    messages_in_a_cluster,
    in_a_cluster(),
    all_but("messages::")
);
zaqar_storage_conformance::message_store_together!(claims_in_a_cluster, in_a_cluster(), all_but("claims::"));
zaqar_storage_conformance::message_store_together!(
    subscriptions_and_deliveries_in_a_cluster,
    in_a_cluster(),
    |case: &str| case.starts_with("messages::") || case.starts_with("claims::")
);

/// What is not run where only the cases of one noun are.
fn all_but(noun: &str) -> impl Fn(&str) -> bool {
    move |case| !case.starts_with(noun)
}

#[test]
fn it_agrees_with_the_model() {
    agreement::check(fresh_place, SEQUENCES);
}

#[test]
fn it_owes_what_the_model_owes() {
    agreement::check_deliveries(fresh_place, SEQUENCES);
}

#[test]
fn it_stands_a_crowd() {
    agreement::check_concurrently(fresh_place, Load::default());
}
