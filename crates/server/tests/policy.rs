//! Policy files: what the server makes of them, and `zaqar policy`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::process::Output;

use support::server::{Server, Site, zaqar_command};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn check(site: &Site) -> Output {
    zaqar_command(&["policy", "check", "--config-file"]).arg(site.path("zaqar.conf")).output().unwrap()
}

#[track_caller]
fn refused(site: &Site, words: &[&str]) {
    let output = site.run();
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert_eq!(errors.lines().count(), 1, "not one line:\n{errors}");
    for word in words {
        assert!(errors.contains(word), "no {word:?} in: {errors}");
    }
    assert_eq!(check(site).status.code(), Some(1));
    let config = zaqar_command(&["config", "check", "--config-file"]).arg(site.path("zaqar.conf")).output();
    assert_eq!(config.unwrap().status.code(), Some(1));
}

/// What `PUT` of a queue is answered: 201 the first time, 204 afterwards, or 403.
fn put(server: &Server) -> u16 {
    server.client().request("PUT", "/v2/queues/q", None).unwrap().status
}

#[test]
fn the_sample_is_a_policy_of_defaults() {
    let sample = zaqar_command(&["policy", "sample"]).output().unwrap();
    assert!(sample.status.success());
    let sample = text(&sample.stdout);
    assert!(
        sample.contains("PUT /v2/queues/{queue_name}") && sample.contains("#\"health:get\": \"role:admin\"")
    );
    let switched_on: Vec<_> = sample
        .lines()
        .map(|line| line.strip_prefix('#').filter(|line| line.starts_with('"')).unwrap_or(line))
        .collect();
    let site = Site::new("");
    for file in [sample.clone(), switched_on.join("\n")] {
        site.write("policy.yaml", &file);
        let output = check(&site);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let said = text(&output.stdout);
        assert!(said.contains("policy.yaml") && !said.contains("warning"), "{said}");
    }
    assert_eq!(put(&site.start()), 201);
}

#[test]
fn rules_beside_the_configuration_are_in_force() {
    for (name, rules) in [
        ("policy.yaml", "queues:create: role:poster\n"),
        ("policy.json", "{\"queues:create\": [[\"role:poster\"]]}"),
        ("policy.d/10.yaml", "queues:create: role:poster\n"),
    ] {
        let site = Site::new("");
        fs::create_dir(site.path("policy.d")).unwrap();
        site.write(name, rules);
        assert_eq!(put(&site.start()), 403, "{name}");
    }
}

#[test]
fn files_of_a_directory_stand_above_the_file() {
    let site = Site::new("[oslo_policy]\npolicy_file = rules\npolicy_dirs = more");
    site.write("rules", "queues:create: '!'\n");
    fs::create_dir(site.path("more")).unwrap();
    site.write("more/a", "queues:create: 'role:nobody'\n");
    site.write("more/b", "queues:create: '@'\n");
    site.write("more/.c", "queues:create: '!'\n");
    assert_eq!(put(&site.start()), 201);
}

#[test]
fn a_policy_that_cannot_be_read_is_refused_with_its_place() {
    let site = Site::new("");
    for (rules, words) in [
        ("a: '@'\nqueues:create: nonsense\n", ["policy.yaml:2: queues:create: ", "colon"]),
        ("a: '@'\nb: @\n", ["policy.yaml:2:4: ", ""]),
        ("queues:create: rule:x\nx: rule:queues:create\n", ["circle", "queues:create → x → queues:create"]),
        ("queues:create:\n", ["policy.yaml:1:", "everybody"]),
        ("queues:create: http://decides.example.org/\n", ["policy.yaml:1: ", "servers"]),
    ] {
        site.write("policy.yaml", rules);
        refused(&site, &words);
    }
}

#[test]
fn a_policy_that_is_named_must_be_there() {
    refused(&Site::new("[oslo_policy]\npolicy_file = absent.yaml"), &["policy_file", "absent.yaml"]);
    refused(&Site::new("[oslo_policy]\npolicy_dirs = absent.d"), &["policy_dirs", "absent.d"]);
}

#[test]
fn everything_that_is_wrong_is_reported_at_once_and_what_is_odd_is_no_failure() {
    let site = Site::new("");
    site.write("policy.yaml", "queues:create: nonsense\nqueues:get: '('\nhealth:get: 'role:%'\n");
    let output = check(&site);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout).matches("error: ").count(), 3, "{}", text(&output.stdout));
    site.write("policy.yaml", "queus:create: '@'\nqueues:get: rule:none\nqueues:get: usr:u or @\n");
    let output = check(&site);
    assert!(output.status.success());
    assert_eq!(text(&output.stdout).matches("warning: ").count(), 3, "{}", text(&output.stdout));
    let server = site.start();
    assert!(server.log.find(|line| line.contains("queus:create")).is_some());
}

#[test]
fn a_change_counts_without_a_restart_and_a_broken_one_does_not() {
    let site = Site::new("");
    let server = site.start();
    assert_eq!(put(&server), 201);
    site.write("policy.yaml", "queues:create: '!'\n");
    server.log.find(|line| line.contains("the policy has changed")).unwrap();
    assert_eq!(put(&server), 403);
    site.write("policy.yaml", "queues:create: nonsense\n");
    server.log.find(|line| line.contains("stays as it was") && line.contains("policy.yaml:1")).unwrap();
    assert_eq!(put(&server), 403);
    site.write("policy.yaml", "odd: '@'\n");
    server.log.find(|line| line.contains("policy.yaml:1: odd: ")).unwrap();
    assert_eq!(put(&server), 204);
}
