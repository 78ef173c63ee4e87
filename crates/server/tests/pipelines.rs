//! The pipelines that `[storage]` names.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::process::Output;

use serde_json::json;
use support::server::{Site, zaqar_command};

const PIPELINES: [&str; 5] =
    ["queue_pipeline", "message_pipeline", "claim_pipeline", "subscription_pipeline", "topic_pipeline"];

fn check(site: &Site) -> Output {
    zaqar_command(&["config", "check", "--config-file"]).arg(site.path("zaqar.conf")).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn an_unknown_stage_is_refused_with_those_that_there_are() {
    for pipeline in PIPELINES {
        let site = Site::new(&format!("[storage]\n{pipeline} = zaqar.notification.notifier, acme.words"));
        let complaint = format!(
            "[storage] {pipeline}: there is no stage acme.words; the choices are: zaqar.notification.notifier"
        );
        let output = site.run();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(text(&output.stderr), format!("zaqar: {complaint}\n"));
        let output = check(&site);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(text(&output.stdout), format!("error: {complaint}\n"));
    }
}

#[test]
fn configurations_that_name_upstreams_notifier_are_understood() {
    let lines = PIPELINES.map(|pipeline| format!("{pipeline} = zaqar.notification.notifier\n")).concat();
    let site = Site::new(&format!("[storage]\n{lines}"));
    assert_eq!(text(&check(&site).stdout), "the configuration is valid\n");
    let server = site.start();
    let message = json!({"messages": [{"body": 1}]});
    let posted = server.client().request("POST", "/v2/queues/q/messages", Some(&message)).unwrap();
    assert_eq!(posted.status, 201);
}
