//! How the tests are run, and what every test keeps to so that they do not disturb each other, nor a service on the
//! same machine.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;
use support::server::Site;
use zaqar_config::{Websocket, Wsgi};

/// Files of tests that name a default port, and why none of them listens there.
const NAMED_FOR_ANOTHER_REASON: [(&str, &str); 2] = [
    ("crates/config/tests/config/upstream-options.tsv", "the table of upstream's defaults"),
    ("crates/server/tests/guide/examples.rs", "what the guide says is put in the place of it"),
];

/// The files that may start a server, on the ports of `ports::FREE`.
const STARTS_SERVERS: [&str; 3] = [
    "crates/server/benches/support/server.rs",
    "crates/server/tests/support/server.rs",
    "docs/examples/acme-zaqar/tests/served.rs",
];

fn root() -> PathBuf {
    fs::canonicalize(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).unwrap()
}

/// Every file of the tests, of the benchmarks and of the examples: its path below the root, and its text.
fn files() -> Vec<(String, String)> {
    let root = root();
    let mut directories = vec![root.join("docs/examples"), root.join("examples")];
    for member in fs::read_dir(root.join("crates")).unwrap() {
        directories.extend(["tests", "benches"].map(|name| member.as_ref().unwrap().path().join(name)));
    }
    let mut files = Vec::new();
    for directory in directories.iter().filter(|directory| directory.is_dir()) {
        collect(&root, directory, &mut files);
    }
    files
}

fn collect(root: &Path, directory: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if let Ok(text) = fs::read_to_string(&path) {
            files.push((path.strip_prefix(root).unwrap().display().to_string(), text));
        }
    }
}

#[test]
fn the_usual_run_does_not_stop_at_the_first_failure() {
    let profiles = fs::read_to_string(root().join(".config/nextest.toml")).unwrap();
    let usual = profiles.split("[profile.default]").nth(1).unwrap().split("\n[").next().unwrap();
    assert!(usual.lines().any(|line| line == "fail-fast = false"), "{usual}");
    assert!(!profiles.contains("retries"), "nothing is tried again");
    let script = fs::read_to_string(root().join("scripts/test")).unwrap();
    assert!(script.contains("--no-fail-fast"), "nor where cargo-nextest is missing");
}

#[test]
fn the_run_before_a_change_lands_has_four_tests_at_a_time() {
    let profiles = fs::read_to_string(root().join(".config/nextest.toml")).unwrap();
    let ci = profiles.split("[profile.ci]").nth(1).unwrap().split("\n[").next().unwrap();
    assert!(ci.lines().any(|line| line == "test-threads = 4"), "{ci}");
    assert!(fs::read_to_string(root().join(".ci/run")).unwrap().contains("NEXTEST_PROFILE=ci scripts/test"));
}

/// The tests that stand beside the code: what comes behind `#[cfg(test)]`, or a file of nothing else.
fn unit_tests() -> Vec<(String, String)> {
    let root = root();
    let mut files = Vec::new();
    for member in fs::read_dir(root.join("crates")).unwrap() {
        collect(&root, &member.unwrap().path().join("src"), &mut files);
    }
    let tests = files.into_iter().filter_map(|(path, text)| {
        if path.ends_with("tests.rs") {
            return Some((path, text));
        }
        let (_, tests) = text.split_once("#[cfg(test)]")?;
        Some((path, tests.to_owned()))
    });
    tests.collect()
}

#[test]
fn no_test_names_a_default_port() {
    let ports = [Wsgi::default().port, Websocket::default().port];
    // A year is no port.
    let named = Regex::new(&format!(r"\b({}|{})([^-0-9]|$)", ports[0], ports[1])).unwrap();
    let excused = |path: &str| NAMED_FOR_ANOTHER_REASON.iter().any(|(file, _)| *file == path);
    // Programs for readers say where the service usually is; tests give them another address.
    let is_test = |path: &str| !path.starts_with("examples/");
    let (others, beside_the_code) = (files(), unit_tests());
    assert!(beside_the_code.len() > 100);
    let all = others.iter().chain(&beside_the_code);
    for (path, text) in all.filter(|(path, _)| is_test(path) && !excused(path)) {
        let line = text.lines().find(|line| named.is_match(line));
        assert_eq!(line, None, "{path} names the default port of an interface");
    }
}

#[test]
fn only_the_support_of_tests_starts_the_binary_and_on_free_ports() {
    let starts = concat!("CARGO_BIN", "_EXE_");
    let mut found: Vec<_> = files().into_iter().filter(|(_, text)| text.contains(starts)).collect();
    found.sort();
    assert_eq!(found.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), STARTS_SERVERS);
    for (path, text) in found {
        assert!(text.contains("envs(ports::FREE)"), "{path}");
    }
}

#[test]
fn whatever_a_configuration_says_a_server_under_test_takes_free_ports() {
    let site = Site::new("");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for configuration in [
        String::new(),
        format!("[drivers:transport:wsgi]\nport = {port}\n[drivers:transport:websocket]\nport = {port}\n"),
    ] {
        site.write("zaqar.conf", &configuration);
        let server = site.start();
        for (address, default) in
            [(server.address, Wsgi::default().port), (server.websocket, Websocket::default().port)]
        {
            assert!(![0, default, port].contains(&address.port()), "{address}");
        }
    }
}
