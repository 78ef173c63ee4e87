//! The OpenAPI document: as fresh as the code, and true.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::process::Command;

use serde_json::json;
use support::pools;
use support::server::{Server, Site, zaqar_command};
use support::tools::Tools;

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

/// What schemathesis is told: its configuration and its hooks.
const TOLD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/openapi");

#[test]
fn the_document_in_the_guide_is_that_of_this_version() {
    let output = zaqar_command(&["openapi"]).output().unwrap();
    assert!(output.status.success());
    let committed = std::fs::read(COMMITTED).unwrap();
    assert!(committed == output.stdout, "renew it: cargo run -- openapi > docs/openapi.json");
}

#[test]
fn the_service_shows_it_to_everybody_with_the_bounds_of_the_site() {
    let site = Site::new("[transport]\nmax_message_ttl = 7777\nmax_queues_per_page = 3\n");
    let server = site.start();
    let request = b"GET /v2/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let answer = server.client().exchange(request).unwrap();
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let document = answer.json();
    let message = &document["components"]["schemas"]["NewMessages"]["properties"]["messages"]["items"];
    assert_eq!(message["properties"]["ttl"]["maximum"], 7777);
    let parameters = document["paths"]["/v2/queues"]["get"]["parameters"].as_array().unwrap();
    let limit = parameters.iter().find(|parameter| parameter["name"] == "limit").unwrap();
    assert_eq!((&limit["schema"]["maximum"], &limit["schema"]["default"]), (&json!(3), &json!(3)));
    assert!(document["paths"]["/v2/health"].is_null(), "it is for servers with admin_mode");
}

#[test]
fn the_service_answers_as_the_document_says() {
    let site = Site::new("[DEFAULT]\nadmin_mode = true\n[signed_url]\nsecret_key = key\n");
    let server = site.start();
    hold_to_the_document(&site, &server, &[]);
}

/// Also about pools and flavors, and about queues that are spread over pools.
#[test]
fn with_pools_the_service_answers_as_the_document_says() {
    let site = Site::new(
        "[DEFAULT]\nadmin_mode = true\npooling = true\n[pooling:catalog]\nenable_virtual_pool = true\n\
         [drivers:message_store:embedded]\nsegment_size = 16777216\n",
    );
    let server = site.start();
    pools::register(&mut server.client(), &site, &["kept"]);
    hold_to_the_document(&site, &server, &["pools", "flavors", "queues", "service"]);
}

/// Sends requests that the document makes sense of and requests that it does not, about what has these tags or about all:
/// no 5xx, and no answer that it does not tell of. What is asked and what is left out, and why, stands in
/// `python/openapi`.
fn hold_to_the_document(site: &Site, server: &Server, tags: &[&str]) {
    let tools = Tools::find();
    let output = Command::new(&tools.python)
        .args(["-m", "schemathesis.cli", "--config-file", &format!("{TOLD}/schemathesis.toml"), "run"])
        .arg(format!("{}/v2/openapi.json", server.url()))
        .arg("--no-color")
        .args(tags.iter().flat_map(|tag| ["--include-tag", tag]))
        // It leaves files where it runs.
        .current_dir(site.path(""))
        .env_clear()
        .env("PYTHONPATH", TOLD)
        .env("PATH", &tools.path)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("POOLS", site.path("pools"))
        .env("POOL", "kept")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = server.log.find_so_far(|line| line.contains("request failed")).unwrap_or_default();
    assert!(output.status.success(), "{said}\n{complaint}");
}
