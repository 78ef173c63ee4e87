//! Subscribers that want a token: trusts made with a real Keystone, and tokens got by them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Map, Value, json};
use support::http::{CLIENT_ID, Response};
use support::keystone::{Keystone, PASSWORD};
use support::server::{Server, Site};
use zaqar_authentication::{Connection, DomainReference, NoTrustedToken, Reference, TrusteeOptions, Trusts};
use zaqar_model::{AuthToken, Clock, MessageId, Metadata, ProjectId, QueueName, SystemClock, TrustRequest};
use zaqar_notifier::{
    AddressGuard, Answer, HttpClient, HttpOptions, Notice, NoticeKind, Sender, SystemNames, TrustSender,
    Verdict, WebhookSender,
};

/// On a busy machine Keystone takes its time.
const SLOW: &str = "http_connect_timeout = 60";

/// A Keystone with a user `alice` who is a member of `shop`.
fn keystone() -> Keystone {
    let keystone = Keystone::start();
    keystone.project("shop");
    keystone.user("alice", "shop", "member");
    keystone
}

fn subscribe(server: &Server, token: &str, subscriber: &str) -> Response {
    let headers = [("Client-ID", CLIENT_ID), ("X-Auth-Token", token)];
    let wish = json!({ "subscriber": subscriber, "ttl": 600, "options": { "a": 1 } });
    server.client().send("POST", "/v2/queues/orders/subscriptions", &headers, Some(&wish)).unwrap()
}

fn options_of(server: &Server, token: &str, subscribed: &Response) -> Value {
    assert_eq!(subscribed.status, 201, "{}", subscribed.text());
    let id = subscribed.json()["subscription_id"].as_str().unwrap().to_owned();
    let headers = [("Client-ID", CLIENT_ID), ("X-Auth-Token", token)];
    let path = format!("/v2/queues/orders/subscriptions/{id}");
    server.client().send("GET", &path, &headers, None).unwrap().json()["options"].clone()
}

fn trusts(keystone: &Keystone) -> Arc<Trusts> {
    let domain = DomainReference::Id("default".to_owned());
    let options = TrusteeOptions {
        auth_url: keystone.url(),
        user: Reference::Name { name: "zaqar".to_owned(), domain },
        password: PASSWORD.to_owned(),
        connection: Connection::new("trustee", Duration::from_secs(60)),
    };
    Arc::new(Trusts::new(options, Arc::new(SystemClock)).unwrap())
}

/// A trust of alice's that ends after so many seconds.
async fn trust_for(keystone: &Keystone, trusts: &Trusts, seconds: u64) -> String {
    let request = TrustRequest {
        token: &AuthToken::new(keystone.token("alice", "shop")),
        user: &keystone.id_of("users", "alice"),
        project: &project(keystone),
        roles: &["member".to_owned()],
        expires: SystemClock.now().plus_secs(seconds),
    };
    trusts.create(&request).await.unwrap()
}

fn project(keystone: &Keystone) -> ProjectId {
    ProjectId::new(&keystone.id_of("projects", "shop")).unwrap()
}

fn sender(trusts: &Arc<Trusts>, http_hosts: &[&str]) -> TrustSender {
    let options = HttpOptions {
        guard: AddressGuard { loopback: true, ..AddressGuard::default() },
        connect_timeout: Duration::from_secs(60),
        answer_timeout: Duration::from_secs(60),
        body_timeout: Duration::from_secs(60),
    };
    let http = HttpClient::new(&options, Arc::new(SystemNames::default())).unwrap();
    let hosts: Vec<_> = http_hosts.iter().map(ToString::to_string).collect();
    TrustSender::new(WebhookSender::new(http, Arc::new(SystemClock)), Some(Arc::clone(trusts)), &hosts)
}

fn notice(project: &ProjectId, subscriber: String, trust: &str) -> Notice {
    Notice {
        kind: NoticeKind::Notification,
        project: project.clone(),
        queue: QueueName::new("orders").unwrap(),
        subscriber,
        options: Metadata::new(Map::from_iter([("trust_id".to_owned(), json!(trust))])),
        id: MessageId::from_u128(7),
        document: "{\"body\": \"hello\"}".into(),
    }
}

/// A service that asks for a token, and answers with it: as badly as one can.
struct Service {
    address: SocketAddr,
    tokens: Arc<Mutex<Vec<String>>>,
    /// The same, as they come.
    coming: Receiver<String>,
}

impl Service {
    /// `judge`: the status of the answer to a token.
    fn start(judge: impl Fn(&str) -> u16 + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let tokens = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&tokens);
        let (sender, coming) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                let (mut token, mut length) = (String::new(), 0);
                loop {
                    let mut line = String::new();
                    if stream.read_line(&mut line).unwrap() == 0 || line.trim().is_empty() {
                        break;
                    }
                    let (name, value) = line.trim().split_once(": ").unwrap_or_default();
                    match name.to_lowercase().as_str() {
                        "x-auth-token" => value.clone_into(&mut token),
                        "content-length" => length = value.parse().unwrap(),
                        _ => {}
                    }
                }
                stream.read_exact(&mut vec![0; length]).unwrap();
                let status = judge(&token);
                let size = token.len();
                let answer = format!(
                    "HTTP/1.1 {status} -\r\nContent-Length: {size}\r\nConnection: close\r\n\
                     Location: http://{address}/elsewhere\r\n\r\n{token}"
                );
                seen.lock().unwrap().push(token.clone());
                let _ = sender.send(token);
                stream.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        });
        Self { address, tokens, coming }
    }

    fn next_token(&self) -> String {
        self.coming.recv_timeout(Duration::from_secs(60)).unwrap()
    }

    fn tokens(&self) -> Vec<String> {
        self.tokens.lock().unwrap().clone()
    }
}

fn verdict(answer: &Answer) -> (Verdict, Option<u16>) {
    (answer.verdict, answer.status)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_lends_the_rights_of_whoever_makes_it() {
    let keystone = keystone();
    let server = Site::new(&(keystone.options(SLOW) + &keystone.trustee(""))).start();
    let token = keystone.token("alice", "shop");
    let subscribed = subscribe(&server, &token, "trust+http://127.0.0.1/x");
    let options = options_of(&server, &token, &subscribed);
    assert_eq!(options["a"], 1);
    let trust = options["trust_id"].as_str().unwrap();

    // What is posted goes out with a token.
    let service = Service::start(|_| 204);
    let subscribed = subscribe(&server, &token, &format!("trust+http://{}", service.address));
    let own_trust = options_of(&server, &token, &subscribed)["trust_id"].clone();
    let headers = [("Client-ID", CLIENT_ID), ("X-Auth-Token", token.as_str())];
    let post = json!({ "messages": [{ "body": "hello" }] });
    server.client().send("POST", "/v2/queues/orders/messages", &headers, Some(&post)).unwrap();
    let delivered = service.next_token();
    assert_eq!(keystone.describe(&delivered).unwrap()["OS-TRUST:trust"]["id"], own_trust);
    assert!(server.log.find_so_far(|line| line.contains(&delivered)).is_none());

    let service = Service::start(|_| 204);
    let (trusts, project) = (trusts(&keystone), project(&keystone));
    let uri = format!("trust+http://{}", service.address);
    for _ in 0..2 {
        let answer = sender(&trusts, &[]).send(&notice(&project, uri.clone(), trust)).await;
        assert_eq!(verdict(&answer), (Verdict::Delivered, Some(204)), "{}", answer.excerpt);
    }
    let given = service.tokens();
    assert_eq!((given.len(), &given[0]), (2, &given[1]));
    let given = keystone.describe(&given[0]).unwrap();
    assert_eq!(given["user"]["name"], "alice");
    assert_eq!(given["project"]["name"], "shop");
    assert_eq!(given["OS-TRUST:trust"]["id"], trust);
    let roles: Vec<_> = given["roles"].as_array().unwrap().iter().map(|role| role["name"].as_str()).collect();
    assert!(roles.contains(&Some("member")) && !roles.contains(&Some("admin")), "{roles:?}");
    let all = server.log.find(|line| line.contains("started"));
    assert_eq!(all.map(|line| line.contains(&token)), Some(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_goes_to_the_services_of_the_cloud_and_to_hosts_that_the_operator_names() {
    let keystone = keystone();
    let (trusts, project) = (trusts(&keystone), project(&keystone));
    let trust = trust_for(&keystone, &trusts, 600).await;
    let service = Service::start(|_| 200);
    let port = service.address.port();
    // The catalog has Keystone, at 127.0.0.1.
    let send = async |host: &str, project: &ProjectId, hosts: &[&str]| {
        let uri = format!("trust+http://{host}:{port}/");
        sender(&trusts, hosts).send(&notice(project, uri, &trust)).await
    };
    let refused = send("localhost", &project, &["example.org"]).await;
    assert_eq!(verdict(&refused), (Verdict::Refused, None));
    assert!(refused.excerpt.starts_with("no token is sent to localhost: without TLS"), "{}", refused.excerpt);
    let foreign = send("127.0.0.1", &ProjectId::new("other").unwrap(), &[]).await;
    assert_eq!(verdict(&foreign), (Verdict::Refused, None));
    assert!(foreign.excerpt.starts_with("the trust is for another project"), "{}", foreign.excerpt);
    assert_eq!(service.tokens(), Vec::<String>::new());

    for (host, hosts) in [("127.0.0.1", &[][..]), ("localhost", &["LocalHost"])] {
        let answer = send(host, &project, hosts).await;
        assert_eq!(verdict(&answer), (Verdict::Delivered, Some(200)), "{}", answer.excerpt);
        // Although the service answered with it.
        assert_eq!(answer.excerpt, "the answer is not shown: it may hold the token");
    }
    assert_eq!(service.tokens().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_may_be_lent_again_until_the_same_moment() {
    let keystone = keystone();
    let trusts = trusts(&keystone);
    let request = TrustRequest {
        token: &AuthToken::new(keystone.token("alice", "shop")),
        user: &keystone.id_of("users", "alice"),
        project: &project(&keystone),
        roles: &["member".to_owned()],
        expires: SystemClock.now().plus_secs(600),
    };
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(trusts.create(&request).await.unwrap());
    }
    assert!(made[0] != made[1] && made[1] != made[2] && made[0] != made[2], "{made:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_does_not_carry_a_token_elsewhere() {
    let keystone = keystone();
    let trusts = trusts(&keystone);
    let trust = trust_for(&keystone, &trusts, 600).await;
    let service = Service::start(|_| 307);
    let uri = format!("trust+http://{}/", service.address);
    let answer = sender(&trusts, &[]).send(&notice(&project(&keystone), uri, &trust)).await;
    assert_eq!((verdict(&answer), service.tokens().len()), ((Verdict::Refused, Some(307)), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_good_no_longer_is_replaced_once() {
    let keystone = Arc::new(keystone());
    let (trusts, project) = (trusts(&keystone), project(&keystone));
    let trust = trust_for(&keystone, &trusts, 600).await;
    let asked = Arc::clone(&keystone);
    let service = Service::start(move |token| if asked.describe(token).is_some() { 200 } else { 401 });
    let uri = format!("trust+http://{}/", service.address);
    let send = async || sender(&trusts, &[]).send(&notice(&project, uri.clone(), &trust)).await;
    assert_eq!(verdict(&send().await), (Verdict::Delivered, Some(200)));
    keystone.revoke(&service.tokens()[0]);
    assert_eq!(verdict(&send().await), (Verdict::Delivered, Some(200)));
    let tokens = service.tokens();
    assert!(tokens.len() == 3 && tokens[0] == tokens[1] && tokens[1] != tokens[2]);

    // When the trust itself is taken back, there is no other token.
    keystone.end_trust(&keystone.token("alice", "shop"), &trust);
    let answer = send().await;
    assert_eq!(verdict(&answer), (Verdict::Refused, None));
    assert!(answer.excerpt.contains("it has ended"), "{}", answer.excerpt);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trust_ends_at_its_time_and_an_unknown_one_never_began() {
    let keystone = keystone();
    let trusts_now = trusts(&keystone);
    let trust = trust_for(&keystone, &trusts_now, 3).await;
    // Each asks anew.
    while trusts(&keystone).token(&trust).await.is_ok() {}
    for gone in [trust.as_str(), "unknown", &"x".repeat(100_000), "../../users"] {
        let token = trusts(&keystone).token(gone).await;
        assert_eq!(token.unwrap_err(), NoTrustedToken::Gone, "{gone:.20}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_keystone_is_away_a_delivery_waits() {
    let mut keystone = keystone();
    let (trusts, project) = (trusts(&keystone), project(&keystone));
    let trust = trust_for(&keystone, &trusts, 600).await;
    let service = Service::start(|_| 200);
    let uri = format!("trust+http://{}/", service.address);
    let send = async |trusts| sender(trusts, &[]).send(&notice(&project, uri.clone(), &trust)).await;
    assert_eq!(verdict(&send(&trusts).await), (Verdict::Delivered, Some(200)));
    let forgetful = self::trusts(&keystone);
    keystone.end();
    // A token that is known is good until its end.
    assert_eq!(verdict(&send(&trusts).await), (Verdict::Delivered, Some(200)));
    let answer = send(&forgetful).await;
    assert_eq!(
        (answer.verdict, answer.excerpt.as_str()),
        (Verdict::NotMade, "cannot get a token from Keystone")
    );
}

#[test]
fn where_no_trust_can_be_made_the_caller_is_told() {
    let keystone = keystone();
    let alice = keystone.token("alice", "shop");
    let without_trustee = Site::new(&keystone.options(SLOW)).start();
    let refused = subscribe(&without_trustee, &alice, "trust+https://mistral");
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("[trustee]"), "{}", refused.text());

    let server = Site::new(&(keystone.options(SLOW) + &keystone.trustee(""))).start();
    // Keystone makes no trusts for application credentials.
    let credential = keystone.application_credential("alice", &alice, &json!({}));
    let restricted = keystone.token_for(&credential, None);
    let refused = subscribe(&server, &restricted, "trust+https://mistral");
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("Keystone makes no trust for this subscription: "), "{}", refused.text());

    let wrong = Site::new(&(keystone.options(SLOW) + &keystone.trustee("password = wrong"))).start();
    let unavailable = subscribe(&wrong, &alice, "trust+https://mistral");
    assert_eq!(unavailable.status, 503);
    assert!(unavailable.text().contains("Keystone cannot be asked now"), "{}", unavailable.text());
    let told = wrong.log.find(|line| line.contains("check the user, password and project in [trustee]"));
    assert!(told.is_some());
}
