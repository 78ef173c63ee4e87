//! How the server starts, and every reason for which it must not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::server::{Server, Site, zaqar};
use support::tools::Tools;
use tempfile::TempDir;

/// The one line with which a start was refused.
fn refusal(output: &Output) -> String {
    let errors = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert_eq!(errors.lines().count(), 1, "not one line:\n{errors}");
    assert!(output.stdout.is_empty(), "nothing is ready, so nothing is said to be");
    errors
}

#[track_caller]
fn refused(options: &str, words: &[&str]) {
    let line = refusal(&Site::new(options).run());
    for word in words {
        assert!(line.contains(word), "no {word:?} in: {line}");
    }
}

#[test]
fn without_any_configuration_it_listens_on_this_machine_and_keeps_its_data_beside_it() {
    let directory = TempDir::new().unwrap();
    let mut command = zaqar();
    command.current_dir(directory.path());
    let server = Server::start(command);
    assert!(server.address.ip().is_loopback());
    let mut client = server.client();
    assert_eq!(client.request("GET", "/v2/ping", None).unwrap().status, 204);
    assert!(directory.path().join("zaqar-data").is_dir());
}

#[test]
fn the_request_that_it_prints_works_as_it_is() {
    let tools = Tools::find();
    let site = Site::new("");
    let server = site.start();
    let line = server.output.find(|line| line.contains("curl ")).unwrap();
    let request = &line[line.find("curl ").unwrap()..];
    let output = Command::new("bash").arg("-c").arg(request).env("PATH", &tools.path).output().unwrap();
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
}

#[test]
fn the_request_that_it_prints_uses_no_queue_of_the_guide() {
    let server = Site::new("").start();
    let line = server.output.find(|line| line.contains("curl ")).unwrap();
    let queue = line.split("/queues/").nth(1).unwrap().split('/').next().unwrap();
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for page in fs::read_dir(guide).unwrap().map(|entry| entry.unwrap().path()) {
        let text = fs::read_to_string(&page).unwrap_or_default();
        assert!(!text.contains(&format!("queues/{queue}/")), "{} uses {queue}", page.display());
    }
}

#[test]
fn it_says_where_its_data_is_though_it_was_told_by_a_relative_path() {
    let site = Site::new("");
    let mut command = zaqar();
    command.current_dir(site.path("")).args(["--config-file", "zaqar.conf", "--data-dir", "relative"]);
    let server = Server::start(command);
    let data = fs::canonicalize(site.path("relative")).unwrap();
    assert!(server.output.find(|line| line.contains(data.to_str().unwrap())).is_some());
}

#[test]
fn the_data_directory_may_come_from_the_environment() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("elsewhere");
    let mut command = zaqar();
    command.current_dir(directory.path()).env("ZAQAR_DATA_DIR", &data);
    let _server = Server::start(command);
    assert!(data.is_dir());
    assert!(!directory.path().join("zaqar-data").exists());
}

#[test]
fn nobody_else_can_read_its_data() {
    fn shared(path: &Path) -> Vec<PathBuf> {
        let children = fs::read_dir(path).into_iter().flatten().map(|entry| entry.unwrap().path());
        let mut found: Vec<_> = children.flat_map(|child| shared(&child)).collect();
        if fs::metadata(path).unwrap().permissions().mode() & 0o077 != 0 {
            found.push(path.to_owned());
        }
        found
    }
    let site = Site::new("");
    let _server = site.start();
    assert_eq!(shared(&site.path("data")), Vec::<PathBuf>::new());
}

#[test]
fn a_second_process_on_the_same_data_is_refused() {
    let site = Site::new("");
    let _server = site.start();
    let line = refusal(&site.run());
    assert!(line.contains(site.path("data").to_str().unwrap()), "{line}");
    assert!(line.contains("another process"), "{line}");
}

#[test]
fn a_default_above_its_maximum_is_refused() {
    refused("[transport]\nmax_message_ttl = 1800", &["default_message_ttl = 3600", "max_message_ttl = 1800"]);
}

#[test]
fn a_port_in_use_is_refused() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let site = Site::new("");
    let mut command = site.command();
    command.env("OS_DRIVERS_TRANSPORT_WSGI__PORT", port.to_string());
    let line = refusal(&command.output().unwrap());
    assert!(line.contains(&format!("127.0.0.1:{port}")) && line.contains("in use"), "{line}");
}

#[test]
fn a_data_directory_that_cannot_be_made_is_refused() {
    let site = Site::new("");
    let file = site.write("a-file", "");
    let output = zaqar().arg("--data-dir").arg(file.join("data")).output().unwrap();
    let line = refusal(&output);
    assert!(line.contains(file.to_str().unwrap()), "{line}");
}

#[test]
fn a_data_directory_that_cannot_be_written_is_refused() {
    if rustix::process::geteuid().is_root() {
        // Root may write everywhere; a file in the directory's place is refused to root too.
        let site = Site::new("");
        site.write("data", "");
        assert!(refusal(&site.run()).contains(site.path("data").to_str().unwrap()));
        return;
    }
    let site = Site::new("");
    fs::create_dir(site.path("data")).unwrap();
    fs::set_permissions(site.path("data"), fs::Permissions::from_mode(0o500)).unwrap();
    assert!(refusal(&site.run()).contains(site.path("data").to_str().unwrap()));
}

#[test]
fn a_configuration_file_that_is_not_there_is_refused() {
    let output = zaqar().args(["--config-file", "/nonexistent/zaqar.conf"]).output().unwrap();
    assert!(refusal(&output).contains("/nonexistent/zaqar.conf"));
}

#[test]
fn a_value_that_makes_no_sense_is_refused() {
    refused(
        "[transport]\nmax_message_ttl = a fortnight",
        &["zaqar.conf:", "[transport]", "max_message_ttl", "a fortnight"],
    );
}

#[test]
fn a_service_of_faulty_stores_fails_at_every_request_and_says_so() {
    let site = Site::new("[drivers]\nmessage_store = faulty\nmanagement_store = faulty");
    let server = site.start();
    let answer = server.client().request("GET", "/v2/queues", None).unwrap();
    assert_eq!(answer.status, 503);
    assert!(server.log.find(|line| line.contains("every request fails")).is_some());
}

#[test]
fn an_unknown_store_is_refused_with_those_that_there_are() {
    refused("[drivers]\nmessage_store = mongodb", &["message_store", "mongodb", "is: embedded"]);
    refused(
        "[drivers]\nmanagement_store = mongodb",
        &["management_store", "mongodb", "is: embedded, postgresql"],
    );
}

#[test]
fn authentication_that_is_not_there_is_refused_and_not_left_out() {
    refused("[DEFAULT]\nauth_strategy = ldap", &["[DEFAULT] auth_strategy", "ldap"]);
}

#[test]
fn keystone_needs_an_address_and_credentials() {
    refused(
        "[DEFAULT]\nauth_strategy = keystone\n[keystone_authtoken]\nauth_type = password\nusername = zaqar\n\
         user_domain_id = default\npassword = secret",
        &["[keystone_authtoken] auth_url"],
    );
    refused(
        "[DEFAULT]\nauth_strategy = keystone\n[keystone_authtoken]\nauth_url = http://127.0.0.1:1",
        &["[keystone_authtoken] auth_type"],
    );
}

#[test]
fn a_certificate_for_keystone_that_cannot_be_read_is_refused() {
    refused(
        "[DEFAULT]\nauth_strategy = keystone\n[keystone_authtoken]\nauth_url = https://127.0.0.1:1\n\
         auth_type = v3applicationcredential\napplication_credential_id = a\n\
         application_credential_secret = s\ncafile = absent.pem",
        &["[keystone_authtoken] cafile = absent.pem"],
    );
}

#[test]
fn a_transport_that_is_not_there_is_refused() {
    refused("[drivers]\ntransport = amqp", &["transport", "websocket"]);
    refused("[drivers]\ntransport =\nbackground =", &["transport", "websocket", "background"]);
}

#[test]
fn log_directives_that_make_no_sense_are_refused() {
    refused("[DEFAULT]\nlog_level = loud,,=", &["log_level"]);
    refused("[DEFAULT]\nlog_level = loud", &["log_level", "loud is no level"]);
}

#[test]
fn an_unknown_option_is_only_a_warning() {
    let site = Site::new("[DEFAULT]\nno_such_option = 1");
    let server = site.start();
    assert!(server.log.find(|line| line.contains("no_such_option")).is_some());
}
