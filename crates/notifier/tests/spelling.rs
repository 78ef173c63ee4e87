//! Names of headers as a receiver sees them, byte for byte.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use zaqar_domain::SubscriberCheck;
use zaqar_model::{MessageId, Metadata, ProjectId, QueueName, SystemClock};
use zaqar_notifier::{
    AddressGuard, HttpClient, HttpOptions, Notice, NoticeKind, Sender, Senders, SystemNames, TrustSender,
    Verdict, WebhookSender,
};

fn webhooks() -> WebhookSender {
    let options = HttpOptions {
        guard: AddressGuard { loopback: true, ..AddressGuard::default() },
        connect_timeout: Duration::from_secs(20),
        answer_timeout: Duration::from_secs(20),
        body_timeout: Duration::from_secs(20),
    };
    let http = HttpClient::new(&options, Arc::new(SystemNames::default())).unwrap();
    WebhookSender::new(http, Arc::new(SystemClock))
}

fn options(value: Value) -> Metadata {
    let Value::Object(members) = value else { return Metadata::default() };
    Metadata::new(members)
}

/// A receiver that tells the head of each request as it came.
async fn receiver() -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (heads, coming) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let heads = heads.clone();
            tokio::spawn(async move {
                let mut request = Vec::new();
                while stream.read_buf(&mut request).await.is_ok_and(|read| read > 0) {
                    let text = String::from_utf8_lossy(&request).into_owned();
                    let Some((head, "{}")) = text.split_once("\r\n\r\n") else { continue };
                    heads.send(head.to_owned()).unwrap();
                    request.clear();
                    stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
                }
            });
        }
    });
    (address, coming)
}

#[tokio::test]
async fn header_names_go_out_as_they_are_written_and_ours_in_their_usual_spelling() {
    let (address, mut heads) = receiver().await;
    let webhooks = webhooks();
    let notice = |options: Metadata| Notice {
        kind: NoticeKind::Notification,
        project: ProjectId::new("p").unwrap(),
        queue: QueueName::new("q").unwrap(),
        subscriber: format!("http://user:word@{address}/hook?a=1"),
        options,
        id: MessageId::from_u128(7),
        document: "{}".into(),
    };
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let own = json!({
        "post_headers": {"X-Api-KEY": "1", "Message_Type": "2", "x-lower": "3", "SOAPAction": ""},
        "signing_secrets": [secret]
    });
    // The first connection to a host is closed, the second is kept, and used again with another spelling.
    for (options, expected) in [
        (json!({}), &["Connection: close", "Content-Type: application/json"][..]),
        (
            own.clone(),
            &["X-Api-KEY: 1", "Message_Type: 2", "x-lower: 3", "SOAPAction:", "Webhook-Signature: v1,"],
        ),
        (
            json!({"post_headers": {"content-TYPE": "text/plain", "x-api-key": "4"}}),
            &["content-TYPE: text/plain", "x-api-key: 4"],
        ),
        (own, &["X-Api-KEY: 1", "Content-Type: application/json"]),
    ] {
        let answer = webhooks.send(&notice(self::options(options))).await;
        assert_eq!(answer.verdict, Verdict::Delivered, "{}", answer.excerpt);
        let head = heads.recv().await.unwrap();
        let usual =
            ["Host: ", "Accept: */*", "User-Agent: zaqar/", "Content-Length: 2", "Webhook-Id: 00000000-"];
        let authorization = ["Authorization: Basic dXNlcjp3b3Jk"];
        for line in usual.iter().chain(&authorization).chain(expected) {
            assert!(head.lines().any(|own| own.starts_with(line)), "{line} is not in:\n{head}");
        }
        assert!(head.starts_with("POST /hook?a=1 HTTP/1.1\r\n"), "{head}");
    }
}

/// The senders that look at options.
fn senders() -> Senders {
    let webhooks = webhooks();
    let trusted: Arc<dyn Sender> = Arc::new(TrustSender::new(webhooks.clone(), None, &[]));
    let webhooks: Arc<dyn Sender> = Arc::new(webhooks);
    Senders::default().with(&["http", "https"], &webhooks).with(&["trust+http"], &trusted)
}

#[tokio::test]
async fn headers_that_leave_no_room_for_the_services_own_are_told() {
    let senders = senders();
    let names =
        |count: usize| -> Value { (0..count).map(|number| (format!("x-{number}"), json!(""))).collect() };
    let secret = json!(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]);
    // Of 1000 headers, these are the service's: the type of the content, the id, two of a signature, the token.
    for (subscriber, secrets, most) in [
        ("http://example.org/", json!(null), 998),
        ("http://example.org/", secret, 996),
        ("trust+http://mistral/", json!(null), 997),
    ] {
        let check = |count: usize| {
            let given = json!({ "post_headers": names(count), "signing_secrets": secrets });
            senders.check(subscriber, &options(given))
        };
        assert_eq!(check(most), Ok(()), "{subscriber}");
        let text = "post_headers: there are more than 1000 headers";
        assert_eq!(check(most + 1), Err(text.to_owned()), "{subscriber}");
    }
}

#[tokio::test]
async fn a_text_that_grows_beyond_a_request_with_the_shortest_message_is_told() {
    let senders = senders();
    let check = |places: usize| {
        let text = "\"$zaqar_message$\"".repeat(places);
        senders.check("http://example.org/", &options(json!({ "post_data": text })))
    };
    // The shortest document has 72 bytes, its place in the text 17.
    assert_eq!(check((1 << 20) / (72 + 17)), Ok(()));
    let text = "post_data makes a request of more than 1048576 bytes";
    assert_eq!(check((1 << 20) / (72 + 17) + 1), Err(text.to_owned()));
}

#[tokio::test]
async fn options_that_can_never_work_are_told_with_the_reason() {
    let senders = senders();
    let check = |subscriber: &str, given: Value| senders.check(subscriber, &options(given));
    let with =
        |name: &str, value: Value| json!({ "post_headers": Map::from_iter([(name.to_owned(), value)]) });
    let good = "http://example.org/hook";
    for (subscriber, given) in [
        (good, json!({})),
        (good, json!(null)),
        (
            " HTTPS://user@example.org:8443/?a",
            json!({"post_headers": {"X_A": "b"}, "post_data": "x", "unknown": 1}),
        ),
        ("trust+http://mistral:8989/v2", json!({"trust_id": "t"})),
        ("http://127.0.0.1:1/", json!({"post_headers": null, "post_data": null})),
    ] {
        assert_eq!(check(subscriber, given), Ok(()), "{subscriber}");
    }
    for (subscriber, given, reason) in [
        (good, with("X-N", json!(5)), "post_headers: the header \"X-N\" has no valid value"),
        (good, with("X-N", json!("a\r\nb")), "post_headers: the header \"X-N\" has no valid value"),
        (good, with("a b", json!("x")), "post_headers: the header \"a b\" has no valid name"),
        (good, with("Host", json!("x")), "post_headers: the header \"Host\" cannot be set"),
        (good, json!({"post_headers": []}), "post_headers must be an object of texts"),
        (good, json!({"post_data": {"a": 1}}), "post_data must be a text"),
        ("http://", json!({}), "nothing can be sent to the subscriber's URL: empty host"),
        ("http://a:99999/", json!({}), "nothing can be sent to the subscriber's URL: invalid port number"),
        (
            "http://a:0/",
            json!({}),
            "nothing can be sent to the subscriber's URL: nothing can be reached at port 0",
        ),
        (
            "http://169.254.169.254/",
            json!({}),
            "it is not connected to: the address 169.254.169.254 is link-local or serves a cloud's metadata",
        ),
        ("trust+http://mistral/", json!({"trust_id": 5}), "trust_id must be the id of a trust"),
        ("trust+http:", json!({}), "the subscriber is no trust+http: or trust+https: URI"),
        ("fax:1", json!({}), "this server has no way to deliver to subscribers of this kind"),
    ] {
        assert_eq!(check(subscriber, given), Err(reason.to_owned()), "{subscriber}");
    }
}
