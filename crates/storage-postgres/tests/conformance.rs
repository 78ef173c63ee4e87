//! The store is held to the contract, on a real server.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use support::fresh_place;
use zaqar_storage_conformance::MessageFixture;
use zaqar_storage_conformance::agreement::{self, Config, Load};

/// Each sequence makes a database of its own.
const SEQUENCES: Config = Config { sequences: 12, steps: 50 };

zaqar_storage_conformance::message_store!(on_a_server, fresh_place);

#[tokio::test]
async fn each_schema_has_an_id_of_its_own() {
    let (one, other) = (fresh_place(), fresh_place());
    let (one, other) = (one.open().await, other.open().await);
    assert!(one.identity().is_some());
    assert_ne!(one.identity(), other.identity());
    for store in [one, other] {
        store.close().await.unwrap();
    }
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
