//! The store is held to the contract, on a real server.

mod support;

use support::fresh_place;
use zaqar_storage_conformance::agreement::{self, Config, Crowd};

/// Each sequence has a database of its own.
const SEQUENCES: Config = Config { sequences: 12, steps: 50 };

zaqar_storage_conformance::message_store!(on_a_server, fresh_place);

#[test]
fn it_agrees_with_the_model() {
    agreement::check(fresh_place, SEQUENCES);
}

#[test]
fn it_stands_a_crowd() {
    agreement::check_concurrently(fresh_place, Crowd::default());
}
