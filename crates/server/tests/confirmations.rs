//! Subscribers are asked before they are notified: real requests to a real receiver, and real mail.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use support::certificates::Authority;
use support::http::{CLIENT_ID, Client};
use support::receiver::{Received, Receiver};
use support::server::{Server, Site};
use support::smtp::{PASSWORD, SmtpServer, USER};

const OPTIONS: &str = "[signed_url]\nsecret_key = key\n[notification]\nrequire_confirmation = true\n\
                       public_endpoint = https://zaqar.example.org/messaging";

fn subscribe(client: &mut Client, to: &str, subscriber: &str) -> (u16, Value) {
    let document = json!({ "subscriber": subscriber, "ttl": 3600, "options": {} });
    let made = client.request("POST", &format!("/v2/{to}/subscriptions"), Some(&document)).unwrap();
    (made.status, made.json()["subscription_id"].clone())
}

fn is_confirmed(client: &mut Client, to: &str, id: &Value) -> bool {
    let path = format!("/v2/{to}/subscriptions/{}", id.as_str().unwrap());
    client.request("GET", &path, None).unwrap().json()["confirmed"].as_bool().unwrap()
}

/// The attempts to reach a subscriber, the newest first, once they are enough.
fn attempts(client: &mut Client, of: &str, id: &Value, is_enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let path = format!("/v2/{of}/subscriptions/{}/attempts", id.as_str().unwrap());
    loop {
        let attempts = client.request("GET", &path, None).unwrap().json()["attempts"].clone();
        let attempts = attempts.as_array().unwrap();
        if is_enough(attempts) {
            return attempts.clone();
        }
    }
}

/// Answers a request to confirm as its subscriber does: with what stands in it, and no token.
fn answer(server: &Server, asked: &Value, body: &str) -> u16 {
    let text = |name: &str| asked[name].as_str().unwrap();
    let names = ["URL-Signature", "URL-Methods", "URL-Paths", "URL-Expires", "X-Project-ID"];
    let headers = names.map(|name| (name, text(name)));
    let headers = [&headers[..], &[("Client-ID", CLIENT_ID)]].concat();
    server.client().send(text("URL-Methods"), text("URL-Paths"), &headers, Some(&asked[body])).unwrap().status
}

fn kinds(received: &[Received]) -> Vec<Value> {
    received.iter().map(|received| received.json()["Message_Type"].clone()).collect()
}

#[test]
fn a_subscriber_confirms_and_only_then_gets_what_is_posted() {
    let (site, receiver) = (Site::new(OPTIONS), Receiver::answering(204));
    let server = site.start();
    let mut client = server.client();
    for to in ["queues/news", "topics/news"] {
        let before = receiver.wait_for(0).len();
        let hook = receiver.url(&format!("/{to}"));
        let (status, id) = subscribe(&mut client, to, &hook);
        assert_eq!(status, 201);
        let asked = receiver.wait_for(before + 1)[before].json();
        let path = format!("/v2/{to}/subscriptions/{}/confirm", id.as_str().unwrap());
        assert_eq!(asked["WSGISubscribeURL"], format!("https://zaqar.example.org/messaging{path}"));
        assert_eq!(asked["Message_Type"], "SubscriptionConfirmation");
        // Whoever has not confirmed is asked again, and gets nothing else.
        let messages = |body| json!({ "messages": [{ "ttl": 60, "body": body }] });
        let mut post =
            |body| client.request("POST", &format!("/v2/{to}/messages"), Some(&messages(body))).unwrap();
        assert_eq!(post("early").status, 201);
        assert_eq!(subscribe(&mut client, to, &hook), (201, id.clone()));
        let asked_again = receiver.wait_for(before + 2)[before + 1].json();

        assert_eq!(answer(&server, &asked_again, "SubscribeBody"), 204);
        assert!(is_confirmed(&mut client, to, &id));
        assert_eq!(subscribe(&mut client, to, &hook).0, 409);
        let posted = client.request("POST", &format!("/v2/{to}/messages"), Some(&messages("late"))).unwrap();
        assert_eq!(posted.status, 201);
        assert_eq!(receiver.wait_for(before + 3)[before + 2].json()["body"], "late");

        assert_eq!(answer(&server, &asked, "UnsubscribeBody"), 204);
        let told = receiver.wait_for(before + 4)[before + 3].json();
        assert_eq!(told["Message_Type"], "UnsubscribeConfirmation");
        assert_eq!(answer(&server, &told, "SubscribeBody"), 204);
        assert!(is_confirmed(&mut client, to, &id));
    }
}

#[test]
fn a_request_to_confirm_is_tried_again_also_after_a_crash() {
    let (site, receiver) = (Site::new(OPTIONS), Receiver::answering(503));
    let server = site.start();
    let (status, id) = subscribe(&mut server.client(), "queues/news", &receiver.url("/"));
    assert_eq!(status, 201);
    let is_one = |attempts: &[Value]| !attempts.is_empty();
    let on_record = attempts(&mut server.client(), "queues/news", &id, is_one);
    server.kill();
    let before = receiver.wait_for(1).len();
    receiver.switch_to(200);
    let server = site.start();
    let received = receiver.wait_for(before + 1);
    assert!(kinds(&received).iter().all(|kind| kind == "SubscriptionConfirmation"));
    let asked = received.last().unwrap();
    // The same request, signed anew.
    assert_eq!(asked.header("webhook-id"), received[0].header("webhook-id"));
    let mut client = server.client();
    let all = attempts(&mut client, "queues/news", &id, |attempts| attempts[0]["outcome"] == "delivered");
    assert!(all.ends_with(&on_record), "{all:?}");
    assert_eq!(answer(&server, &asked.json(), "SubscribeBody"), 204);
    assert!(is_confirmed(&mut client, "queues/news", &id));
}

#[test]
fn whoever_waits_for_a_confirmation_sees_the_attempts_to_ask() {
    let (site, receiver) = (Site::new(OPTIONS), Receiver::answering(503));
    let server = site.start();
    let mut client = server.client();
    for of in ["queues/news", "topics/news"] {
        receiver.switch_to(503);
        let (status, id) = subscribe(&mut client, of, &receiver.url(&format!("/{of}")));
        assert_eq!(status, 201);
        let failed = attempts(&mut client, of, &id, |attempts| !attempts.is_empty());
        let first = failed.last().unwrap();
        let shown = ["message_type", "status", "response", "outcome"].map(|member| &first[member]);
        assert_eq!(shown, [&json!("SubscriptionConfirmation"), &json!(503), &json!("seen"), &json!("retry")]);
        receiver.switch_to(200);
        let delivered = |attempts: &[Value]| attempts[0]["outcome"] == "delivered";
        let all = attempts(&mut client, of, &id, delivered);
        assert!(all.iter().all(|attempt| attempt["message_id"] == first["message_id"]));
        // The subscriber knows the request by the same id.
        let asked = receiver.wait_until(|received| received.last().unwrap().path.ends_with(of));
        assert_eq!(asked.last().unwrap().header("webhook-id"), first["message_id"].as_str());
        assert_eq!(answer(&server, &asked.last().unwrap().json(), "UnsubscribeBody"), 204);
        let told = attempts(&mut client, of, &id, |attempts| attempts.len() > all.len());
        assert_eq!(told[0]["message_type"], "UnsubscribeConfirmation");
    }
}

#[test]
fn a_subscriber_that_fails_does_not_keep_others_from_being_asked() {
    let (site, silent) = (Site::new(OPTIONS), Receiver::deciding(|_| None));
    let (server, receiver) = (site.start(), Receiver::answering(200));
    let mut client = server.client();
    for number in 0..12 {
        assert_eq!(subscribe(&mut client, "queues/news", &silent.url(&format!("/{number}"))).0, 201);
    }
    assert_eq!(subscribe(&mut client, "queues/news", &receiver.url("/")).0, 201);
    assert_eq!(kinds(&receiver.wait_for(1)), ["SubscriptionConfirmation"]);
}

/// A site that sends mail.
fn site_with_mail() -> (Site, SmtpServer) {
    let site = Site::new("");
    Authority::new(&site, "authority").certify("mail");
    let smtp = SmtpServer::start("tls", &site);
    let options = format!(
        "{OPTIONS}\nexternal_confirmation_url = https://shop.example.org/confirm\n\
         smtp_mode = self_local\nsmtp_host = localhost\nsmtp_port = {}\nsmtp_user_name = {USER}\n\
         smtp_user_password = {PASSWORD}\nsmtp_ca_file = {}\n{}",
        smtp.port,
        site.path("authority.crt").display(),
        options_of_the_guide(),
    );
    site.write("zaqar.conf", &options);
    (site, smtp)
}

fn guide(file: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(file)
}

/// What the guide says that such a page needs.
fn options_of_the_guide() -> String {
    let page = std::fs::read_to_string(guide("confirmation.md")).unwrap();
    let (_, cors) = page.split_once("[cors]").unwrap();
    format!("[cors]{}", cors.split("```").next().unwrap())
}

/// Opens the link of a mail, presses a button, and reads what the page says.
fn click(server: &Server, link: &str, button: &str) -> String {
    let output = Command::new("node")
        .arg(format!("{}/tests/javascript/click.js", env!("CARGO_MANIFEST_DIR")))
        .arg(guide("confirmation-page.html"))
        .args([&format!("http://{}", server.address), link, button])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The link in the text of a mail.
fn link(mail: &Value) -> String {
    // Undoes quoted-printable.
    let text = mail["text"].as_str().unwrap().replace("\r\n", "\n").replace("=\n", "").replace("=3D", "=");
    text.split_whitespace()
        .find(|word| word.starts_with("https://shop.example.org/confirm?"))
        .unwrap()
        .to_owned()
}

#[test]
fn whoever_gets_mail_confirms_with_the_page_of_the_guide() {
    let (site, smtp) = site_with_mail();
    let server = site.start();
    let mut client = server.client();
    let (status, id) = subscribe(&mut client, "queues/news", "mailto:ann@example.org");
    assert_eq!(status, 201);
    let link = link(&smtp.mail_to("ann@example.org"));
    assert_eq!(click(&server, &link, "yes"), "You are subscribed.");
    assert!(is_confirmed(&mut client, "queues/news", &id));
    assert_eq!(click(&server, &link, "no"), "You are not subscribed.");
    assert!(!is_confirmed(&mut client, "queues/news", &id));
    let forged = link.replace("Signature=", "Signature=0");
    assert_eq!(
        click(&server, &forged, "yes"),
        "This link is not good any more. Subscribe once more to get another."
    );
    assert!(!is_confirmed(&mut client, "queues/news", &id));
}

#[test]
fn a_browser_lets_the_page_of_the_guide_answer() {
    let (site, _smtp) = site_with_mail();
    let server = site.start();
    let page = std::fs::read_to_string(guide("confirmation-page.html")).unwrap();
    let sent: Vec<_> =
        page.lines().filter_map(|line| line.trim().strip_prefix('"')?.split_once("\":")).collect();
    let sent: Vec<_> = sent.iter().map(|(name, _)| name.to_lowercase()).collect();
    assert_eq!(sent.len(), 7, "{sent:?}");
    let headers = [
        ("Origin", "https://shop.example.org"),
        ("Access-Control-Request-Method", "PUT"),
        ("Access-Control-Request-Headers", &sent.join(",")),
    ];
    let path = "/v2/queues/news/subscriptions/1/confirm";
    let allowed = server.client().send("OPTIONS", path, &headers, None).unwrap();
    assert_eq!(allowed.status, 200);
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://shop.example.org"));
    let names = allowed.header("access-control-allow-headers").unwrap().to_lowercase();
    let names: Vec<_> = names.split(',').map(str::trim).collect();
    assert!(sent.iter().all(|name| names.contains(&name.as_str())), "{names:?}");
}

#[test]
fn a_subscriber_that_is_asked_too_often_is_left_alone() {
    let (site, receiver) =
        (Site::new(&format!("{OPTIONS}\nmax_confirmations_per_hour = 2")), Receiver::answering(200));
    let server = site.start();
    let mut client = server.client();
    for _ in 0..2 {
        assert_eq!(subscribe(&mut client, "queues/news", &receiver.url("/")).0, 201);
    }
    let document = json!({ "subscriber": receiver.url("/") });
    let refused = client.request("POST", "/v2/queues/news/subscriptions", Some(&document)).unwrap();
    assert_eq!((refused.status, &refused.json()["title"]), (429, &json!("Too many confirmations")));
    assert_eq!(receiver.wait_for(2).len(), 2);
}
