use std::time::SystemTime;

use bytes::Bytes;
use lettre::Message;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_oneof, proptest};
use serde_json::{Map, Value, json};
use zaqar_model::{MessageId, Metadata, ProjectId, QueueName, Timestamp};

use super::{MailBuilder, MailError};
use crate::email::template::Template;
use crate::notice::{Notice, NoticeKind};

const NOW: Timestamp = Timestamp::from_secs(1_780_000_000);

fn mail() -> MailBuilder {
    let template = |topic: &str| {
        let parts =
            [("topic", topic), ("body", "{0} of {1}: {2}"), ("sender", "Zaqar <no-reply@example.org>")];
        Template::new(&parts.map(|(name, text)| (name.to_owned(), text.to_owned())).into()).unwrap()
    };
    MailBuilder {
        confirmation: template("Please confirm"),
        unsubscription: template("You have left"),
        confirmation_page: Some("https://example.org/confirm".to_owned()),
    }
}

fn notice(subscriber: &str, options: &Value) -> Notice {
    let options = options.as_object().cloned().unwrap_or_default();
    Notice {
        kind: NoticeKind::Notification,
        project: ProjectId::new("shop").unwrap(),
        queue: QueueName::new("orders").unwrap(),
        subscriber: subscriber.to_owned(),
        options: Metadata::new(options),
        id: MessageId::from_u128(7),
        document: Bytes::from_static(br#"{"body": "hello", "queue_name": "orders"}"#),
    }
}

/// The headers, unfolded, and the body of a mail.
fn parts(letter: &Message) -> (Vec<String>, String) {
    let text = String::from_utf8(letter.formatted()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.replace("\r\n ", " ").split("\r\n").map(str::to_owned).collect(), body.to_owned())
}

fn header(letter: &Message, name: &str) -> Option<String> {
    let prefix = format!("{name}: ");
    parts(letter).0.into_iter().find_map(|line| line.strip_prefix(&prefix).map(str::to_owned))
}

#[test]
fn a_notification_is_a_mail_with_the_document_in_it() {
    let letter = mail().write(&notice("mailto:a@example.org,b@example.org", &json!({})), NOW).unwrap();
    assert_eq!(parts(&letter).1, r#"{"body": "hello", "queue_name": "orders"}"#);
    let is = |name, text: &str| assert_eq!(header(&letter, name).as_deref(), Some(text), "{name}");
    is("To", "a@example.org, b@example.org");
    is("From", "Zaqar <no-reply@example.org>");
    is("Message-ID", "<00000000-0000-0000-0000-000000000007@example.org>");
    is("Date", "Thu, 28 May 2026 20:26:40 +0000");
    is("Auto-Submitted", "auto-generated");
    is("Content-Type", "text/plain; charset=utf-8");
    assert_eq!(letter.envelope().to().len(), 2);
}

#[test]
fn subject_and_sender_are_the_uris_or_else_the_options() {
    let options = json!({ "subject": "By option", "from": "option@example.org" });
    let subject_and_sender = |uri: &str, options: &Value| {
        let letter = mail().write(&notice(uri, options), NOW).unwrap();
        (header(&letter, "Subject").unwrap_or_default(), header(&letter, "From").unwrap_or_default())
    };
    let uri = "mailto:a@example.org?Subject=By%20URI&from=uri@example.org";
    assert_eq!(subject_and_sender(uri, &options), ("By URI".into(), "uri@example.org".into()));
    let plain = "mailto:a@example.org";
    assert_eq!(subject_and_sender(plain, &options), ("By option".into(), "option@example.org".into()));
    let nothing = json!({ "subject": null, "from": "" });
    assert_eq!(subject_and_sender(plain, &nothing), (String::new(), "Zaqar <no-reply@example.org>".into()));
}

#[test]
fn mails_about_a_subscription_are_the_operators() {
    let options = json!({ "subject": "Mine", "from": "mine@example.org" });
    let mut notice = notice("mailto:a@example.org?subject=Mine", &options);
    notice.document = Bytes::from_static(br#"{"URL-Signature": "abc", "X-Project-ID": "shop"}"#);
    for (kind, topic) in [
        (NoticeKind::SubscriptionConfirmation, "Please confirm"),
        (NoticeKind::UnsubscribeConfirmation, "You have left"),
    ] {
        notice.kind = kind;
        let letter = mail().write(&notice, NOW).unwrap();
        assert_eq!(header(&letter, "Subject").as_deref(), Some(topic));
        assert_eq!(header(&letter, "From").as_deref(), Some("Zaqar <no-reply@example.org>"));
        let body = parts(&letter).1.replace("=\r\n", "").replace("=3D", "=");
        assert!(body.starts_with("orders of shop: https://example.org/confirm?Signature=abc&"), "{body}");
    }
    let without_page = MailBuilder { confirmation_page: None, ..mail() };
    assert_eq!(without_page.write(&notice, NOW).unwrap_err(), MailError::NoConfirmationPage);
}

#[test]
fn lines_that_are_none_are_refused() {
    let refused = |uri: &str, options: Value| mail().write(&notice(uri, &options), NOW).unwrap_err();
    let uri = "mailto:a@example.org";
    let injected = "x\r\nBcc: b@example.org";
    for (error, refusal) in [
        (refused(uri, json!({ "subject": injected })), MailError::NoLine("subject")),
        (refused(uri, json!({ "subject": "x".repeat(501) })), MailError::NoLine("subject")),
        (refused(uri, json!({ "subject": 1 })), MailError::NoLine("subject")),
        (refused(&format!("{uri}?subject=x%0ABcc:%20b"), json!({})), MailError::NoLine("subject")),
        (refused(&format!("{uri}?from=b@c.de%0D%0ABcc:%20b"), json!({})), MailError::NoLine("from")),
        (refused(uri, json!({ "from": injected })), MailError::NoLine("from")),
        (refused(uri, json!({ "from": "nobody" })), MailError::NoSender),
        (refused(uri, json!({ "from": "a@example.org, b@example.org" })), MailError::NoSender),
    ] {
        assert_eq!(error, refusal);
    }
}

/// Texts that would like to be more than they are.
fn hostile_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~]{0,10}",
        any::<String>(),
        prop_oneof![
            "\r\n", "\n", "\r", "%0D%0A", "%0a", "\u{85}", "\u{2028}", "\0", "\t", ",", "\"", "<", ">"
        ],
        "(Bcc|To|Subject): ?",
        "[a-z]{1,5}@example\\.org",
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn no_subscriber_adds_a_header_or_a_recipient(
        address in hostile_text(), query in hostile_text(), subject in hostile_text(), from in hostile_text(), body in hostile_text(),
    ) {
        const HEADERS: [&str; 9] = [
            "Message-ID", "Date", "Auto-Submitted", "Content-Type", "From", "Subject", "To",
            "Content-Transfer-Encoding", "MIME-Version",
        ];
        for uri in [
            format!("mailto:{address}?{query}"),
            format!("mailto:a@example.org?subject={query}&from={address}"),
            "mailto:a@example.org".to_owned(),
        ] {
            for from in [Value::Null, json!(from), json!(format!("{from} <a@example.org>"))] {
                let mut notice = notice(&uri, &json!({ "subject": subject, "from": from }));
                notice.document = Bytes::from(Value::Object(Map::from_iter([("body".to_owned(), json!(body))])).to_string());
                let Ok(letter) = mail().write(&notice, NOW) else { continue };
                let (head, _) = parts(&letter);
                for line in &head {
                    let name = line.split_once(": ").map_or("", |(name, _)| name);
                    assert!(HEADERS.contains(&name) && !line.contains(['\r', '\n', '\0']), "{line:?} in {head:?}");
                }
                assert!(letter.envelope().to().len() <= 10);
                assert!(head.iter().filter(|line| line.starts_with("To: ")).count() == 1, "{head:?}");
            }
        }
    }
}

#[test]
fn a_date_is_the_clocks() {
    let epoch = mail().write(&notice("mailto:a@example.org", &json!({})), Timestamp::from_secs(0)).unwrap();
    let date = header(&epoch, "Date").unwrap();
    assert_eq!(httpdate::parse_http_date(&date.replace("+0000", "GMT")).unwrap(), SystemTime::UNIX_EPOCH);
}
