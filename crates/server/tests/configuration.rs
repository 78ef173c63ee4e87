//! `zaqar config sample` and `zaqar config check`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::process::Output;

use support::server::{Site, zaqar};

fn check(site: &Site, file: &str) -> Output {
    zaqar().args(["config", "check", "--config-file"]).arg(site.path(file)).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The sample with every option switched on, at the value that stands there.
fn switched_on(sample: &str) -> String {
    let is_option = |line: &&str| {
        line.strip_prefix('#').is_some_and(|rest| !rest.starts_with([' ', '#']) && rest.contains('='))
    };
    sample.lines().map(|line| if is_option(&line) { &line[1..] } else { line }).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_sample_is_a_configuration_without_faults() {
    let site = Site::new("");
    let sample = zaqar().args(["config", "sample"]).output().unwrap();
    assert!(sample.status.success());
    let sample = text(&sample.stdout);
    for file in [sample.clone(), switched_on(&sample)] {
        site.write("sample.conf", &file);
        let output = check(&site, "sample.conf");
        assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
        assert!(!text(&output.stdout).contains("warning"), "{}", text(&output.stdout));
    }
}

#[track_caller]
fn reports(options: &str, errors: &[&str]) {
    let site = Site::new("");
    site.write("bad.conf", options);
    let output = check(&site, "bad.conf");
    assert_eq!(output.status.code(), Some(1));
    let report = text(&output.stdout);
    let reported: Vec<_> = report.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(reported.len(), errors.len(), "{report}");
    for option in errors {
        assert!(reported.iter().any(|line| line.contains(option)), "{option}: {report}");
    }
}

#[test]
fn everything_that_is_wrong_is_reported_at_once() {
    reports(
        "[DEFAULT]\nauth_strategy = ldap\nlog_level = loud,,=\n\
         [transport]\nmax_message_ttl = soon\nmax_claim_ttl = never\n[drivers:transport:wsgi]\nport = 70000\n\
         [drivers]\nmessage_store = mongodb\nmanagement_store = sqlalchemy\ntransport = amqp\n",
        &[
            "max_message_ttl",
            "max_claim_ttl",
            "port",
            "auth_strategy",
            "log_level",
            "message_store",
            "management_store",
            "transport",
        ],
    );
}

#[test]
fn warnings_alone_are_no_failure() {
    let site = Site::new("");
    site.write("odd.conf", "[DEFAULT]\nunknown = 1\n");
    let output = check(&site, "odd.conf");
    assert!(output.status.success());
    assert!(text(&output.stdout).contains("warning: "));
}

#[test]
fn the_program_tells_its_version_and_explains_itself() {
    let version = zaqar().arg("--version").output().unwrap();
    assert_eq!(text(&version.stdout), concat!("zaqar ", env!("CARGO_PKG_VERSION"), "\n"));
    let help = text(&zaqar().arg("--help").output().unwrap().stdout);
    for word in [
        "server",
        "config",
        "--config-file",
        "--config-dir",
        "--data-dir",
        "ZAQAR_DATA_DIR",
        "OS_<GROUP>__<OPTION>",
        "SIGTERM",
    ] {
        assert!(help.contains(word), "{word}: {help}");
    }
}
