//! TLS and HTTP/2 as curl finds them, and what becomes of certificates that change or are no good.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use rustix::process::Signal;
use support::certificates::Authority;
use support::server::{Server, Site, zaqar_command};
use support::tools::Tools;

const SECURED: &str = "[ssl]\ncert_file = server.crt\nkey_file = server.key\n";

/// A site with a certificate and its key, and the authority behind it in `authority.crt`.
fn secured(more: &str) -> Site {
    let site = Site::new(&format!("{SECURED}{more}"));
    Authority::new(&site, "authority").certify("server");
    site
}

/// What curl tells of a ping.
fn curl(site: &Site, server: &Server, arguments: &str) -> Result<String, String> {
    curl_to(site, server, "/v2/ping", arguments)
}

/// What curl tells of a request: the version of HTTP and the status. An error is curl's own.
fn curl_to(site: &Site, server: &Server, path: &str, arguments: &str) -> Result<String, String> {
    let output = Command::new("curl")
        .args(["-sS", "-o", "/dev/null", "-w", "%{http_version} %{http_code}"])
        .args(["-H", "Client-ID: 3381af92-2b9e-11e3-b191-71861300734c", "-H", "X-Project-Id: tests"])
        .args(arguments.split_whitespace())
        .arg(format!("{}{path}", server.url()))
        .env("PATH", Tools::find().path)
        .current_dir(site.path(""))
        .output()
        .unwrap();
    let told = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(told(output.stdout)) } else { Err(told(output.stderr)) }
}

#[test]
fn by_tls_http_1_and_http_2_are_spoken() {
    let site = secured("");
    let server = site.start();
    for (arguments, expected) in [
        ("--http1.1", "1.1 204"),
        ("--http2", "2 204"),
        ("--http2 --no-alpn", "1.1 204"),
        ("--tlsv1.2 --tls-max 1.2", "2 204"),
    ] {
        let answer = curl(&site, &server, &format!("--cacert authority.crt {arguments}"));
        assert_eq!(answer.as_deref(), Ok(expected), "{arguments}");
    }
}

#[test]
fn the_websocket_interface_is_secured_by_the_same_certificate() {
    let site = secured("");
    let server = site.start();
    let output = Command::new(Tools::find().python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/websocket_tls.py"))
        .arg(format!("wss://{}", server.websocket))
        .arg(site.path("authority.crt"))
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "200\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_body_that_is_too_large_is_answered_by_either_though_the_client_is_still_sending() {
    let site = secured("");
    site.write("body.json", &" ".repeat(10 << 20));
    let server = site.start();
    let posted = "--cacert authority.crt --data-binary @body.json -X PUT -H Content-Type:application/json";
    for (arguments, expected) in [("--http1.1", "1.1 400"), ("--http2", "2 400")] {
        let answer = curl_to(&site, &server, "/v2/queues/orders", &format!("{posted} {arguments}"));
        assert_eq!(answer.as_deref(), Ok(expected));
    }
}

#[test]
fn without_tls_http_2_is_spoken_with_those_who_know_it() {
    let site = Site::new("");
    let server = site.start();
    for (arguments, expected) in
        [("--http1.1", "1.1 204"), ("--http2", "1.1 204"), ("--http2-prior-knowledge", "2 204")]
    {
        assert_eq!(curl(&site, &server, arguments).as_deref(), Ok(expected), "{arguments}");
    }
}

#[test]
fn an_older_version_of_tls_than_is_allowed_is_refused() {
    let site = secured("tls_min_version = 1.3");
    let server = site.start();
    assert_eq!(curl(&site, &server, "--cacert authority.crt").as_deref(), Ok("2 204"));
    curl(&site, &server, "--cacert authority.crt --tls-max 1.2").unwrap_err();
}

#[test]
fn where_clients_need_certificates_those_without_are_refused() {
    let site = secured("ca_file = clients.crt");
    Authority::new(&site, "clients").certify("client");
    Authority::new(&site, "others").certify("other");
    let server = site.start();
    let with = |name| format!("--cacert authority.crt --cert {name}.crt --key {name}.key");
    assert_eq!(curl(&site, &server, &with("client")).as_deref(), Ok("2 204"));
    curl(&site, &server, &with("other")).unwrap_err();
    curl(&site, &server, "--cacert authority.crt").unwrap_err();
}

#[test]
fn a_new_certificate_counts_without_a_restart_and_a_broken_one_does_not() {
    let site = secured("");
    let server = site.start();
    Authority::new(&site, "newer").certify("server");
    server.log.find(|line| line.contains("the certificate has changed")).unwrap();
    assert_eq!(curl(&site, &server, "--cacert newer.crt").as_deref(), Ok("2 204"));
    curl(&site, &server, "--cacert authority.crt").unwrap_err();

    site.write("server.crt", "none\n");
    let told =
        |line: &str| line.contains("the certificate stays as it was") && line.contains("[ssl] cert_file");
    server.log.find(told).unwrap();
    assert_eq!(curl(&site, &server, "--cacert newer.crt").as_deref(), Ok("2 204"));
}

#[test]
fn a_hangup_has_the_files_read_again_and_nothing_else() {
    let site = secured("");
    let server = site.start();
    server.signal(Signal::HUP);
    for name in ["the certificate", "the policy"] {
        server.log.find(|line| line.contains(&format!("{name} was read again"))).unwrap();
    }
    assert_eq!(curl(&site, &server, "--cacert authority.crt").as_deref(), Ok("2 204"));
}

#[test]
fn a_key_that_all_can_read_is_told_at_the_start_and_by_the_check() {
    let site = secured("");
    let mode = |mode| {
        let key = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(site.path("server.key"), key).unwrap();
    };
    let told =
        "[ssl] key_file = server.key: every user of this machine can get at the private key (mode 644)";
    let check = || {
        let mut command = zaqar_command(&["config", "check", "--config-file", "zaqar.conf"]);
        let output = command.current_dir(site.path("")).output().unwrap();
        assert!(output.status.success(), "it is no error");
        String::from_utf8(output.stdout).unwrap().contains(told)
    };
    mode(0o644);
    assert!(check());
    let server = site.start();
    server.log.find(|line| line.contains(told)).unwrap();
    for private in [0o600, 0o640] {
        mode(private);
        assert!(!check(), "{private:o}");
    }
}

#[test]
fn files_that_are_no_good_are_refused_with_their_option() {
    fn refused(site: &Site, word: &str) {
        let output = site.run();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), errors.lines().count()), (Some(1), 1), "{errors}");
        assert!(errors.contains(word), "no {word:?} in: {errors}");
        assert!(!errors.contains("PRIVATE KEY"), "{errors}");
        let check = zaqar_command(&["config", "check", "--config-file", "zaqar.conf"])
            .current_dir(site.path(""))
            .output()
            .unwrap();
        assert!(String::from_utf8(check.stdout).unwrap().contains(word));
        assert_eq!(check.status.code(), Some(1));
    }
    for (option, other) in [("cert_file", "key_file"), ("key_file", "cert_file"), ("ca_file", "cert_file")] {
        let site = Site::new(&format!("[ssl]\n{option} = x"));
        refused(&site, &format!("[ssl] {option} is set, but {other} is not"));
    }
    refused(&Site::new(SECURED), "[ssl] cert_file = server.crt: ");
    for (name, option) in
        [("server.crt", "cert_file"), ("server.key", "key_file"), ("clients.crt", "ca_file")]
    {
        let site = secured("ca_file = clients.crt");
        Authority::new(&site, "clients");
        site.write(name, "-----BEGIN NOTHING-----\n");
        refused(&site, &format!("[ssl] {option} = {name}: "));
    }
    // The key of another certificate.
    let site = secured("");
    let key = std::fs::read_to_string(site.path("server.key")).unwrap();
    Authority::new(&site, "newer").certify("server");
    site.write("server.key", &key);
    refused(&site, "[ssl] key_file = server.key: ");
}
