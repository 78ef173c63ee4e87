//! Encrypted queues: what is on disk, and where the keys come from.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};
use support::http::Client;
use support::queues::{Taken, claim, list_all, messages, post};
use support::server::{Server, Site};

const KEY_FILE: &str = "data/message-encryption.key";
const ONE_KEY: &str = "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k=";
const ANOTHER_KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// The server of this site after a restart with these keys in its configuration.
fn start_with(site: &Site, key: &str, former: &str) -> Server {
    let mut command = site.command();
    command.env("OS_TRANSPORT__MESSAGE_ENCRYPTION_KEY", key);
    command.env("OS_TRANSPORT__MESSAGE_ENCRYPTION_FORMER_KEYS", former);
    Server::start(command)
}

fn make_encrypted(client: &mut Client, queue: &str) {
    let metadata = json!({"_enable_encrypt_messages": true});
    let made = client.request("PUT", &format!("/v2/queues/{queue}"), Some(&metadata)).unwrap();
    assert_eq!(made.status, 201, "{}", made.text());
}

fn bodies(taken: &[Taken]) -> Vec<Value> {
    taken.iter().map(|message| message.body.clone()).collect()
}

fn pop_two(client: &mut Client, queue: &str) -> Vec<Value> {
    let popped =
        client.request("DELETE", &format!("/v2/queues/{queue}/messages?pop=2"), None).unwrap().json();
    popped["messages"].as_array().unwrap().iter().map(|message| message["body"].clone()).collect()
}

/// Whether `text` stands in any file below `place`.
fn holds(place: &Path, text: &str) -> bool {
    if place.is_dir() {
        return fs::read_dir(place).unwrap().any(|entry| holds(&entry.unwrap().path(), text));
    }
    fs::read(place).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn the_text_of_an_encrypted_message_is_nowhere_on_disk() {
    let site = Site::new("[DEFAULT]\nenable_checksum = true");
    let server = site.start();
    let mut client = server.client();
    let (plain, secret) = (json!("everybody may know 4711"), json!({"nobody may know": 4712}));
    make_encrypted(&mut client, "encrypted");
    for (queue, body) in [("plain", &plain), ("encrypted", &secret)] {
        let posted = post(&mut client, queue, &vec![body.clone(); 3]).unwrap();
        assert_eq!(posted.status, 201, "{}", posted.text());
    }
    let listed = client.request("GET", "/v2/queues/encrypted/messages?echo=true", None).unwrap().json();
    let checksum = listed["messages"][0]["checksum"].as_str().unwrap().to_owned();
    server.kill();

    assert!(holds(&site.path("data"), "everybody may know"));
    assert!(!holds(&site.path("data"), "nobody may know"));
    assert!(!holds(&site.path("data"), &checksum));

    let server = site.start();
    let mut client = server.client();
    for (queue, body) in [("plain", &plain), ("encrypted", &secret)] {
        assert_eq!(bodies(&list_all(&mut client, queue)), vec![body.clone(); 3]);
        let claimed = messages(&claim(&mut client, queue, 1).unwrap());
        assert_eq!(bodies(&claimed), vec![body.clone()]);
        let one = client.request("GET", claimed[0].href.split('?').next().unwrap(), None).unwrap();
        assert_eq!(one.json()["body"], *body);
        assert_eq!(pop_two(&mut client, queue), vec![body.clone(); 2]);
    }
}

#[test]
fn sizes_are_those_of_the_plain_messages() {
    let site = Site::new("");
    let server = site.start();
    let mut client = server.client();
    let request = json!({"messages": [{"ttl": 60, "body": "x".repeat(50)}]});
    let size = request.to_string().len();
    for (queue, limit, status) in [("large-enough", size, 201), ("too-small", size - 1, 400)] {
        let metadata = json!({"_enable_encrypt_messages": true, "_max_messages_post_size": limit});
        client.request("PUT", &format!("/v2/queues/{queue}"), Some(&metadata)).unwrap();
        let posted = client.request("POST", &format!("/v2/queues/{queue}/messages"), Some(&request)).unwrap();
        assert_eq!(posted.status, status, "{}", posted.text());
    }
}

#[test]
fn the_first_start_makes_a_key_for_its_owner_alone() {
    let site = Site::new("");
    let server = site.start();
    let path = site.path(KEY_FILE);
    let line = server.log.find(|line| line.contains("made a key")).unwrap();
    assert!(line.contains(path.to_str().unwrap()), "{line}");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let made = fs::read_to_string(&path).unwrap();
    server.stop();
    site.start().stop();
    assert_eq!(fs::read_to_string(&path).unwrap(), made);
}

#[test]
fn a_key_in_the_configuration_makes_a_file_needless() {
    let site = Site::new("");
    start_with(&site, ONE_KEY, "").stop();
    assert!(!site.path(KEY_FILE).exists());
}

#[test]
fn keys_can_be_changed_without_losing_a_message() {
    let site = Site::new("");
    let server = site.start();
    make_encrypted(&mut server.client(), "q");
    post(&mut server.client(), "q", &[json!("own key")]).unwrap();
    server.stop();
    let server = start_with(&site, ONE_KEY, "");
    post(&mut server.client(), "q", &[json!("one key")]).unwrap();
    server.stop();
    let server = start_with(&site, ANOTHER_KEY, &format!("{ONE_KEY},older ones"));
    let mut client = server.client();
    post(&mut client, "q", &[json!("another key")]).unwrap();
    assert_eq!(bodies(&list_all(&mut client, "q")), ["own key", "one key", "another key"]);
}

#[test]
fn a_message_whose_key_is_missing_is_refused_and_kept_and_the_log_names_the_key() {
    let site = Site::new("");
    let server = start_with(&site, ONE_KEY, "");
    make_encrypted(&mut server.client(), "q");
    post(&mut server.client(), "q", &[json!(1), json!(2)]).unwrap();
    server.stop();

    let server = start_with(&site, ANOTHER_KEY, "");
    let mut client = server.client();
    for (method, path) in [("GET", "messages?echo=true"), ("POST", "claims"), ("DELETE", "messages?pop=2")] {
        let body = (method == "POST").then(|| json!({"ttl": 60, "grace": 60}));
        let refused = client.request(method, &format!("/v2/queues/q/{path}"), body.as_ref()).unwrap();
        assert_eq!(refused.status, 503, "{method}: {}", refused.text());
        assert!(refused.text().contains("cannot be encrypted or decrypted"), "{}", refused.text());
        let told = |line: &str| line.contains(method) && line.contains("message_encryption_former_keys");
        let line = server.log.find(told).unwrap();
        assert!(line.contains("is encrypted with key ") && !line.contains(ONE_KEY), "{line}");
    }
    post(&mut client, "other", &[json!("plain")]).unwrap();
    assert_eq!(bodies(&list_all(&mut client, "other")), ["plain"]);
    server.stop();

    let server = start_with(&site, ANOTHER_KEY, ONE_KEY);
    assert_eq!(pop_two(&mut server.client(), "q"), [1, 2]);
}

#[track_caller]
fn refused(site: &Site, words: &[&str]) {
    let output = site.run();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    let line = errors.lines().last().unwrap();
    for word in words {
        assert!(line.contains(word), "no {word:?} in: {line}");
    }
}

#[test]
fn keys_that_protect_nothing_are_refused() {
    for (option, words) in [
        ("message_encryption_key = AES256", ["message_encryption_key", "everybody knows"]),
        ("message_encryption_former_keys = an old one", ["message_encryption_former_keys", "without"]),
        ("message_encryption_algorithms = RSA", ["message_encryption_algorithms = RSA", "AES256"]),
    ] {
        refused(&Site::new(&format!("[transport]\n{option}")), &words);
    }
}

#[test]
fn a_key_file_that_is_damaged_or_open_to_others_is_refused() {
    let site = Site::new("");
    site.start().stop();
    let path = site.path(KEY_FILE);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    refused(&site, &[path.to_str().unwrap(), "chmod 600"]);
    fs::write(&path, "not a key\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    refused(&site, &[&format!("{}:1: ", path.display()), "copy"]);
}

#[test]
fn a_passphrase_is_taken_with_a_warning() {
    let site = Site::new("");
    let server = start_with(&site, "open sesame", "");
    let line = server.log.find(|line| line.contains("message_encryption_key")).unwrap();
    assert!(line.contains("hard to guess") && !line.contains("sesame"), "{line}");
    make_encrypted(&mut server.client(), "q");
    post(&mut server.client(), "q", &[json!(1)]).unwrap();
    server.stop();
    let server = start_with(&site, "open sesame", "");
    assert_eq!(bodies(&list_all(&mut server.client(), "q")), [1]);
}
