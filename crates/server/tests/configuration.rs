//! `zaqar config sample`, `zaqar config check` and `zaqar config show`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use support::certificates::Authority;
use support::server::{Site, zaqar, zaqar_command};
use zaqar_config::{Websocket, Wsgi};
use zaqar_domain::{MIN_CLAIM_GRACE, MIN_CLAIM_TTL, MIN_MESSAGE_TTL, MIN_SUBSCRIPTION_TTL};

fn check(site: &Site, file: &str) -> Output {
    zaqar_command(&["config", "check", "--config-file"]).arg(site.path(file)).output().unwrap()
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
    let print = |words: &[&str]| {
        let sample = zaqar_command(words).output().unwrap();
        assert!(sample.status.success());
        text(&sample.stdout)
    };
    let (sample, complete) = (print(&["config", "sample"]), print(&["config", "sample", "--all"]));
    assert!(!sample.contains("no effect in this version") && complete.contains("no effect in this version"));
    for file in [switched_on(&sample), switched_on(&complete), sample, complete] {
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
fn a_policy_file_that_is_missing_is_reported_beside_other_errors() {
    reports(
        "[DEFAULT]\nauth_strategy = ldap\n[transport]\nmax_claim_ttl = never\n\
         [oslo_policy]\npolicy_file = absent.yaml\npolicy_dirs = absent.d\n",
        &["auth_strategy", "max_claim_ttl", "policy_file = absent.yaml", "policy_dirs = absent.d"],
    );
}

#[test]
fn what_would_not_work_as_it_is_written_is_an_error() {
    for (options, words) in [
        (
            "[drivers:transport:wsgi]\nport = 7000\n[drivers:transport:websocket]\nport = 7000\n",
            "are both 7000",
        ),
        ("[signed_url]\nsecret_key =\n", "[signed_url] secret_key = \"\""),
        ("[transport]\nmessage_encryption_key =\n", "[transport] message_encryption_key = \"\""),
        ("[DEFAULT]\nlog_level = loud\n", "loud is no level"),
        ("[DEFAULT]\nlog_level = warning\n", "warning is no level"),
        ("[drivers]\nmessage_store = mongodb\n", "message_store = mongodb"),
        ("[drivers]\nmanagement_store = mongodb\n", "management_store = mongodb"),
        ("[transport]\nmax_message_ttl = 1800\n", "default_message_ttl = 3600 (the default) is more than"),
        ("[transport]\nmax_claim_ttl = x\nmax_claim_ttl = 600\n", "max_claim_ttl = \"x\""),
    ] {
        reports(options, &[words]);
    }
}

#[test]
fn a_default_that_no_request_could_ask_for_is_an_error() {
    for (option, least) in [
        ("default_message_ttl", MIN_MESSAGE_TTL),
        ("default_claim_ttl", MIN_CLAIM_TTL),
        ("default_claim_grace", MIN_CLAIM_GRACE),
        ("default_subscription_ttl", MIN_SUBSCRIPTION_TTL),
    ] {
        reports(&format!("[transport]\n{option} = {}\n", least - 1), &[option]);
        let site = Site::new(&format!("[transport]\n{option} = {least}\n"));
        assert!(check(&site, "zaqar.conf").status.success(), "{option}");
    }
}

#[test]
fn what_is_in_force_is_shown_with_its_place_and_without_secrets() {
    let site = Site::new("[transport]\nmax_claim_ttl = 600\n[signed_url]\nsecret_key = hush\n");
    let show = |more: &[&str]| {
        let mut command = zaqar_command(&["config", "show", "--config-file"]);
        let command = command.arg(site.path("zaqar.conf")).args(more);
        let output = command.env("OS_TRANSPORT__MAX_CLAIM_GRACE", "60").output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let shown = show(&[]);
    let file = site.path("zaqar.conf").display().to_string();
    for line in [
        format!("[transport] max_claim_ttl = 600  ({file}:2)\n"),
        "[transport] max_claim_grace = 60  (environment variable OS_TRANSPORT__MAX_CLAIM_GRACE)\n".to_owned(),
        "[transport] max_message_ttl = 1209600  (default)\n".to_owned(),
        format!("[signed_url] secret_key = ***  ({file}:4)\n"),
        "[drivers:message_store:embedded] data_dir =  (default)\n".to_owned(),
    ] {
        assert!(shown.contains(&line), "{line}: {shown}");
    }
    assert!(!shown.contains("hush") && !shown.contains("use_syslog"));
    assert!(show(&["--all"]).contains("[DEFAULT] use_syslog = false  (default)\n"));
    let given = show(&["--data-dir", "/srv/zaqar"]);
    assert!(given.contains("data_dir = /srv/zaqar  (--data-dir)\n"), "{given}");
    let mut command = zaqar_command(&["config", "show"]);
    let of_variable = text(&command.env("ZAQAR_DATA_DIR", "/srv/other").output().unwrap().stdout);
    let line = "data_dir = /srv/other  (environment variable ZAQAR_DATA_DIR)\n";
    assert!(of_variable.contains(line), "{of_variable}");
}

#[test]
fn a_password_in_an_address_is_not_shown() {
    let site = Site::new("[profiler]\nconnection_string = redis://:hush@localhost:6379\n");
    let mut command = zaqar_command(&["config", "show", "--all", "--config-file"]);
    let shown = text(&command.arg(site.path("zaqar.conf")).output().unwrap().stdout);
    assert!(shown.contains("[profiler] connection_string = ***") && !shown.contains("hush"), "{shown}");
}

#[test]
fn a_default_in_the_place_of_a_wrong_value_is_blamed_for_nothing() {
    let ports = |rest: &str, websocket: &str| {
        format!(
            "[drivers:transport:wsgi]\nport = {rest}\n[drivers:transport:websocket]\nport = {websocket}\n"
        )
    };
    reports(&ports("70000", &Wsgi::default().port.to_string()), &["port = \"70000\""]);
    reports(&ports(&Websocket::default().port.to_string(), "x"), &["port = \"x\""]);
    reports(
        "[transport]\nmessage_encryption_key =\nmessage_encryption_former_keys = old\n",
        &["message_encryption_key = \"\""],
    );
    reports(
        "[DEFAULT]\nauth_strategy = keystone\n[keystone_authtoken]\nauth_type = password\n\
         auth_url = http://keystone:5000\nusername = zaqar\npassword = $nothing\nuser_domain_id = default\n",
        &["password"],
    );
    let site = Site::new("[DEFAULT]\npooling = perhaps\n[pooling:catalog]\nenable_virtual_pool = true\n");
    let report = text(&check(&site, "zaqar.conf").stdout);
    assert!(!report.contains("warning"), "{report}");
}

#[test]
fn a_key_that_all_can_read_is_not_called_valid() {
    let site = Site::new("");
    Authority::new(&site, "authority").certify("server");
    let (certificate, key) = (site.path("server.crt"), site.path("server.key"));
    let options = format!("[ssl]\ncert_file = {}\nkey_file = {}\n", certificate.display(), key.display());
    site.write("zaqar.conf", &options);
    for (mode, verdict) in
        [(0o600, "the configuration is valid\n"), (0o644, "the configuration can be used, with 1 warning\n")]
    {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let output = check(&site, "zaqar.conf");
        let report = text(&output.stdout);
        assert!(output.status.success() && report.ends_with(verdict), "{report}");
    }
}

#[test]
fn nothing_is_shown_of_a_configuration_that_cannot_be_read() {
    let site = Site::new("[transport]\nmax_claim_ttl = never\n");
    let mut command = zaqar_command(&["config", "show", "--config-file"]);
    let output = command.arg(site.path("zaqar.conf")).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert!(text(&output.stderr).contains("max_claim_ttl"));
}

#[test]
fn warnings_alone_are_no_failure() {
    let site = Site::new("");
    site.write("odd.conf", "[DEFAULT]\nunknown = 1\n");
    let output = check(&site, "odd.conf");
    assert!(output.status.success());
    let report = text(&output.stdout);
    assert!(report.contains("warning: "), "{report}");
    assert!(report.ends_with("\nthe configuration can be used, with 1 warning\n"), "{report}");
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
