//! The notice that a request to confirm becomes.

use serde_json::{Map, Value, json};
use zaqar_authentication::{OwnEndpoints, PresignRequest, PresignedUrl, SignError, SigningKeys};
use zaqar_domain::WaitingConfirmation;
use zaqar_model::{ConfirmationKind, MessageId, Timestamp};

use super::endpoints::{PublicEndpoints, below};
use crate::notice::{Notice, NoticeKind};

/// Makes notices of requests to confirm.
#[derive(Clone, Debug)]
pub struct Confirmations {
    keys: SigningKeys,
    endpoints: PublicEndpoints,
}

impl Confirmations {
    pub const fn new(keys: SigningKeys, endpoints: PublicEndpoints) -> Self {
        Self { keys, endpoints }
    }

    /// The notice, signed now with the key of now. `None`: where to answer cannot be told now.
    ///
    /// # Errors
    ///
    /// There is no key, or the time to answer is over.
    pub async fn notice(
        &self,
        waiting: &WaitingConfirmation,
        id: MessageId,
        now: Timestamp,
    ) -> Result<Option<Notice>, SignError> {
        let WaitingConfirmation { kind, subscription, expires } = waiting;
        let source = &subscription.source;
        let noun = if source.kind.is_topic() { "topic" } else { "queue" };
        let path = format!("/v2/{noun}s/{}/subscriptions/{}/confirm", source.name, subscription.id);
        let request = PresignRequest {
            paths: vec![path.clone()],
            methods: vec!["PUT".to_owned()],
            expires: Some(self.keys.latest_end(*expires, now)),
        };
        let signed = self.keys.sign(request, &source.project, now)?;
        let (kind, text) = match kind {
            ConfirmationKind::Subscription => (
                NoticeKind::SubscriptionConfirmation,
                format!("You have chosen to subscribe to the {noun}: {}", source.name),
            ),
            ConfirmationKind::Unsubscription => (
                NoticeKind::UnsubscribeConfirmation,
                format!(
                    "You have unsubscribed successfully to the {noun}: {}, you can resubscribe it by using \
                     confirmed=True.",
                    source.name
                ),
            ),
        };
        let Some(endpoints) = self.endpoints.find().await else { return Ok(None) };
        let mut document = urls(&endpoints, &path);
        document.extend(members(kind, &text, &signed, source.project.as_str()));
        document.insert("queue_name".to_owned(), source.name.as_str().into());
        Ok(Some(Notice {
            kind,
            project: source.project.clone(),
            queue: source.name.clone(),
            subscriber: subscription.subscriber.clone(),
            options: subscription.options.clone(),
            id,
            document: Value::Object(document).to_string().into(),
        }))
    }
}

/// Where to answer, as far as it is known.
fn urls(endpoints: &OwnEndpoints, path: &str) -> Map<String, Value> {
    let OwnEndpoints { rest, websocket } = endpoints;
    let known = [("WSGISubscribeURL", rest), ("WebSocketSubscribeURL", websocket)];
    let known = known.into_iter().filter_map(|(name, endpoint)| Some((name, endpoint.as_ref()?)));
    known.map(|(name, endpoint)| (name.to_owned(), below(endpoint, path).into())).collect()
}

/// Upstream's, in its order.
fn members(
    kind: NoticeKind,
    text: &str,
    signed: &PresignedUrl,
    project: &str,
) -> impl Iterator<Item = (String, Value)> {
    let members = [
        ("Message_Type", kind.name().into()),
        ("Message", text.into()),
        ("URL-Signature", signed.signature.as_str().into()),
        ("URL-Methods", signed.methods.join(",").into()),
        ("URL-Paths", signed.paths.join(",").into()),
        ("X-Project-ID", project.into()),
        ("URL-Expires", signed.expires.as_str().into()),
        ("SubscribeBody", json!({ "confirmed": true })),
        ("UnsubscribeBody", json!({ "confirmed": false })),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};
    use zaqar_authentication::{OwnEndpoints, SignError, SignatureHeaders, SigningKeys};
    use zaqar_domain::WaitingConfirmation;
    use zaqar_model::{
        ConfirmationKind, Destination, DestinationKind, DestinationNumber, MessageId, Metadata, ProjectId,
        QueueName, Subscription, SubscriptionId, SubscriptionTtl, Timestamp,
    };

    use super::{Confirmations, urls};
    use crate::confirmation::PublicEndpoints;
    use crate::notice::NoticeKind;

    const NOW: Timestamp = Timestamp::from_secs(1_780_000_000);
    const PATH: &str = "/v2/queues/orders/subscriptions/00000000-0000-0000-0000-000000000007/confirm";

    fn keys() -> SigningKeys {
        SigningKeys::new(Some("key"), Vec::new(), Some(86_400))
    }

    fn waiting(kind: ConfirmationKind, source: DestinationKind) -> WaitingConfirmation {
        let subscription = Subscription {
            id: SubscriptionId::from_u128(7),
            source: Destination {
                kind: source,
                project: ProjectId::new("shop").unwrap(),
                name: QueueName::new("orders").unwrap(),
                number: DestinationNumber::new(1),
            },
            subscriber: "https://example.org/hook".to_owned(),
            ttl: SubscriptionTtl::new(3600),
            renewed: NOW,
            options: Metadata::default(),
            confirmed: false,
            declined: false,
            suspended: None,
            notified: false,
        };
        WaitingConfirmation { kind, subscription, expires: NOW.plus_secs(3600) }
    }

    async fn document(endpoint: Option<&str>, waiting: &WaitingConfirmation) -> Map<String, Value> {
        let endpoints = PublicEndpoints { rest: endpoint.map(str::to_owned), keystone: None };
        let confirmations = Confirmations::new(keys(), endpoints);
        let notice = confirmations.notice(waiting, MessageId::from_u128(9), NOW).await.unwrap().unwrap();
        assert_eq!(
            (notice.subscriber.as_str(), notice.id),
            ("https://example.org/hook", MessageId::from_u128(9))
        );
        serde_json::from_slice(&notice.document).unwrap()
    }

    fn text<'a>(document: &'a Map<String, Value>, name: &str) -> &'a str {
        document[name].as_str().unwrap()
    }

    #[tokio::test]
    async fn a_notice_has_upstreams_members_in_its_order() {
        let waiting = waiting(ConfirmationKind::Subscription, DestinationKind::Queue);
        let notice = document(Some("http://zaqar:7000"), &waiting).await;
        let names: Vec<_> = notice.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "WSGISubscribeURL",
                "Message_Type",
                "Message",
                "URL-Signature",
                "URL-Methods",
                "URL-Paths",
                "X-Project-ID",
                "URL-Expires",
                "SubscribeBody",
                "UnsubscribeBody",
                "queue_name"
            ]
        );
        for (name, value) in [
            ("WSGISubscribeURL", format!("http://zaqar:7000{PATH}").as_str()),
            ("Message_Type", "SubscriptionConfirmation"),
            ("Message", "You have chosen to subscribe to the queue: orders"),
            ("URL-Methods", "PUT"),
            ("URL-Paths", PATH),
            ("X-Project-ID", "shop"),
            ("URL-Expires", "2026-05-28T21:26:40"),
            ("queue_name", "orders"),
        ] {
            assert_eq!(text(&notice, name), value, "{name}");
        }
        assert_eq!(notice["SubscribeBody"].to_string(), r#"{"confirmed":true}"#);
        assert_eq!(notice["UnsubscribeBody"].to_string(), r#"{"confirmed":false}"#);
    }

    #[test]
    fn what_is_known_of_where_the_service_is_comes_first() {
        let websocket = Some("ws://zaqar:7001".to_owned());
        let both = OwnEndpoints { rest: Some("http://zaqar:7000".to_owned()), websocket: websocket.clone() };
        let told = |endpoints| Value::Object(urls(&endpoints, "/v2/x")).to_string();
        assert_eq!(
            told(both),
            r#"{"WSGISubscribeURL":"http://zaqar:7000/v2/x","WebSocketSubscribeURL":"ws://zaqar:7001/v2/x"}"#
        );
        assert_eq!(
            told(OwnEndpoints { rest: None, websocket }),
            r#"{"WebSocketSubscribeURL":"ws://zaqar:7001/v2/x"}"#
        );
        assert_eq!(told(OwnEndpoints::default()), "{}");
    }

    #[tokio::test]
    async fn the_signature_lets_the_subscriber_answer_and_nothing_else() {
        let waiting = waiting(ConfirmationKind::Subscription, DestinationKind::Queue);
        let notice = document(None, &waiting).await;
        assert!(!notice.contains_key("WSGISubscribeURL"));
        let presented = SignatureHeaders {
            project: Some(text(&notice, "X-Project-ID")),
            paths: text(&notice, "URL-Paths"),
            methods: text(&notice, "URL-Methods"),
            expires: Some(text(&notice, "URL-Expires")),
            signature: text(&notice, "URL-Signature"),
        };
        let allows = |method, path| keys().allow(&presented, method, path, NOW);
        assert!(allows("PUT", PATH));
        assert!(!allows("GET", PATH) && !allows("PUT", PATH.trim_end_matches("/confirm")));
    }

    #[tokio::test]
    async fn a_topic_is_called_one_and_the_end_of_a_subscription_an_end() {
        let waiting = waiting(ConfirmationKind::Unsubscription, DestinationKind::Topic);
        let notice = document(None, &waiting).await;
        assert_eq!(text(&notice, "Message_Type"), NoticeKind::UnsubscribeConfirmation.name());
        assert_eq!(
            text(&notice, "Message"),
            "You have unsubscribed successfully to the topic: orders, you can resubscribe it by using confirmed=True."
        );
        assert_eq!(text(&notice, "URL-Paths"), PATH.replace("queues", "topics"));
    }

    #[tokio::test]
    async fn without_a_key_or_after_the_end_there_is_no_notice() {
        let notice = async |keys, now| {
            let waiting = waiting(ConfirmationKind::Subscription, DestinationKind::Queue);
            let confirmations = Confirmations::new(keys, PublicEndpoints::default());
            confirmations.notice(&waiting, MessageId::from_u128(9), now).await.map(|_| ())
        };
        assert_eq!(notice(SigningKeys::default(), NOW).await, Err(SignError::NoKey));
        assert_eq!(notice(keys(), NOW.plus_secs(3600)).await, Err(SignError::ExpiresIsPast));
    }
}
