//! OpenStack's own Python client, unmodified, against the real binary.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::process::Command;

use support::server::Site;
use support::tools::Tools;

#[test]
fn an_unmodified_client_takes_a_message_through_its_whole_life() {
    let tools = Tools::find();
    let site = Site::new("");
    let server = site.start();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/life_of_a_message.py");
    let output = Command::new(&tools.python).arg(script).arg(server.url()).env_clear().output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
