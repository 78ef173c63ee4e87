//! What Keystone is asked, how often, and how its responses are used.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use super::fake_keystone::{FakeKeystone, ManualClock, document};
use super::{
    AuthRequest, Connection, Denied, DomainReference, Keystone, KeystoneOptions, Login, OwnEndpoints,
    Reference, Scope, Token,
};

struct Fixture {
    fake: FakeKeystone,
    keystone: Arc<Keystone>,
    clock: Arc<ManualClock>,
}

impl Fixture {
    async fn new() -> Self {
        Self::with(|_| ()).await
    }

    async fn with(change: impl FnOnce(&mut KeystoneOptions)) -> Self {
        let fake = FakeKeystone::start().await;
        fake.add_token("good", document(&fake.url));
        let clock = ManualClock::new();
        let mut options = options(&fake.url);
        change(&mut options);
        let keystone = Arc::new(Keystone::new(options, clock.clone()).unwrap());
        Self { fake, keystone, clock }
    }

    async fn ask(&self, token: &str) -> Result<Option<Arc<Token>>, Denied> {
        self.keystone.authenticate(&request(Some(token), None)).await
    }

    async fn is_let_in(&self, token: &str) -> bool {
        self.ask(token).await.is_ok_and(|token| token.is_some())
    }
}

pub(super) fn options(url: &str) -> KeystoneOptions {
    let user =
        Reference::Name { name: "zaqar".to_owned(), domain: DomainReference::Name("Default".to_owned()) };
    KeystoneOptions {
        auth_url: url.to_owned(),
        www_authenticate_uri: None,
        login: Some(Login::Password { user, password: "open sesame".to_owned(), scope: Scope::Unscoped }),
        interface: "internal".to_owned(),
        region: None,
        connection: Connection::new("keystone_authtoken", Duration::from_secs(60)),
        token_cache_time: 300,
        service_token_roles: vec!["service".to_owned()],
        service_token_roles_required: true,
        service_type: Some("messaging".to_owned()),
        delay_auth_decision: false,
        include_service_catalog: true,
    }
}

pub(super) fn request<'a>(token: Option<&'a str>, service_token: Option<&'a str>) -> AuthRequest<'a> {
    AuthRequest { token, service_token, method: "GET", path: "/v2/queues", request_id: "req-1" }
}

#[tokio::test]
async fn what_keystone_says_of_a_token_is_who_asks() {
    let fixture = Fixture::new().await;
    let token = fixture.ask(" good ").await.unwrap().unwrap();
    assert_eq!(token.project.as_deref(), Some("project"));
    assert_eq!(token.roles, ["member"]);
    assert_eq!(token.identity.user.as_deref(), Some("user"));
    assert_eq!(token.identity.project_domain.as_deref(), Some("default"));
    for no_token in [None, Some(""), Some("unknown"), Some("\u{7f}")] {
        let answer = fixture.keystone.authenticate(&request(no_token, None)).await;
        assert_eq!(answer, Err(Denied::Unauthorized), "{no_token:?}");
    }
}

#[tokio::test]
async fn keystone_is_told_for_whom_and_that_access_rules_are_heeded() {
    let fixture = Fixture::new().await;
    assert!(fixture.is_let_in("good").await);
    let requests = fixture.fake.requests();
    assert_eq!(requests.len(), 2, "{requests:?}");
    assert!(requests.iter().all(|request| request.contains("x-openstack-request-id: req-1\r\n")));
    assert!(requests[1].contains("openstack-identity-access-rules: 1.0\r\n"));
}

#[tokio::test]
async fn however_many_wait_for_one_token_keystone_is_asked_once() {
    let fixture = Fixture::new().await;
    fixture.fake.pause();
    let mut waiting = JoinSet::new();
    for _ in 0..100 {
        let keystone = Arc::clone(&fixture.keystone);
        waiting.spawn(async move { keystone.authenticate(&request(Some("good"), None)).await.is_ok() });
    }
    fixture.fake.wait_for_validations(1).await;
    fixture.fake.resume();
    assert!(waiting.join_all().await.into_iter().all(|is_let_in| is_let_in));
    assert_eq!((fixture.fake.validations(), fixture.fake.logins()), (1, 1));
}

#[tokio::test]
async fn when_the_one_who_asks_goes_away_the_next_one_asks() {
    let fixture = Fixture::new().await;
    fixture.fake.pause();
    let ask = || {
        let keystone = Arc::clone(&fixture.keystone);
        tokio::spawn(async move { keystone.authenticate(&request(Some("good"), None)).await.is_ok() })
    };
    let first = ask();
    fixture.fake.wait_for_validations(1).await;
    let second = ask();
    first.abort();
    fixture.fake.wait_for_validations(2).await;
    fixture.fake.resume();
    assert!(second.await.unwrap());
}

#[tokio::test]
async fn a_revoked_token_is_refused_after_the_cache_time() {
    let fixture = Fixture::new().await;
    assert!(fixture.is_let_in("good").await);
    fixture.fake.revoke("good");
    fixture.clock.advance(299);
    assert!(fixture.is_let_in("good").await);
    fixture.clock.advance(1);
    assert_eq!(fixture.ask("good").await, Err(Denied::Unauthorized));
    assert_eq!(fixture.fake.validations(), 2);
}

#[tokio::test]
async fn without_a_cache_time_each_request_asks() {
    let fixture = Fixture::with(|options| options.token_cache_time = 0).await;
    assert!(fixture.is_let_in("good").await);
    assert!(fixture.is_let_in("good").await);
    fixture.fake.revoke("good");
    assert!(!fixture.is_let_in("good").await);
    assert_eq!(fixture.fake.validations(), 3);
}

#[tokio::test]
async fn a_bad_token_is_asked_about_again_only_after_some_seconds() {
    let fixture = Fixture::new().await;
    assert!(!fixture.is_let_in("new").await);
    fixture.fake.add_token("new", document(&fixture.fake.url));
    fixture.clock.advance(4);
    assert!(!fixture.is_let_in("new").await);
    assert_eq!(fixture.fake.validations(), 1);
    fixture.clock.advance(1);
    assert!(fixture.is_let_in("new").await);
}

#[tokio::test]
async fn a_token_ends_at_its_second_whatever_was_cached() {
    let fixture = Fixture::with(|options| options.token_cache_time = 10_000).await;
    assert!(fixture.is_let_in("good").await);
    fixture.clock.advance(899);
    assert!(fixture.is_let_in("good").await);
    fixture.clock.advance(1);
    assert_eq!(fixture.ask("good").await, Err(Denied::Unauthorized));
    assert_eq!(fixture.fake.validations(), 1);
}

#[tokio::test]
async fn while_keystone_is_away_known_tokens_stay_good_and_of_others_nobody_can_tell() {
    let Fixture { fake, keystone, clock } = Fixture::new().await;
    let ask = async |token| keystone.authenticate(&request(Some(token), None)).await;
    ask("good").await.unwrap();
    fake.stop().await;
    clock.advance(299);
    ask("good").await.unwrap();
    assert_eq!(ask("other").await, Err(Denied::Unavailable));
    assert_eq!(keystone.authenticate(&request(None, None)).await, Err(Denied::Unauthorized));
    clock.advance(1);
    assert_eq!(ask("good").await, Err(Denied::Unavailable));
}

#[tokio::test]
async fn a_delayed_decision_lets_everybody_through_as_nobody() {
    let Fixture { fake, keystone, .. } = Fixture::with(|options| options.delay_auth_decision = true).await;
    let ask = async |token| keystone.authenticate(&request(token, None)).await;
    assert!(ask(Some("good")).await.unwrap().is_some());
    assert_eq!(ask(Some("unknown")).await, Ok(None));
    assert_eq!(ask(None).await, Ok(None));
    fake.stop().await;
    assert_eq!(ask(Some("other")).await, Ok(None));
}

#[tokio::test]
async fn the_service_gets_a_new_token_before_its_own_ends_and_when_it_is_refused() {
    let fixture = Fixture::with(|options| options.token_cache_time = 0).await;
    assert!(fixture.is_let_in("good").await);
    fixture.clock.advance(839);
    assert!(fixture.is_let_in("good").await);
    assert_eq!(fixture.fake.logins(), 1);
    fixture.clock.advance(1);
    assert!(fixture.is_let_in("good").await);
    assert_eq!(fixture.fake.logins(), 2);
    fixture.fake.revoke_own_token();
    assert!(fixture.is_let_in("good").await);
    assert_eq!(fixture.fake.logins(), 3);
}

#[tokio::test]
async fn a_service_with_the_role_may_pass_on_a_token_that_has_ended() {
    let fixture = Fixture::new().await;
    let mut of_service = document(&fixture.fake.url);
    of_service["token"]["roles"] = json!([{ "name": "service" }]);
    of_service["token"]["expires_at"] = json!("2000-01-01T00:00:00Z");
    fixture.fake.add_token("service", of_service);
    let mut other = document(&fixture.fake.url);
    other["token"]["expires_at"] = json!("2000-01-01T00:00:00Z");
    fixture.fake.add_token("other", other);
    fixture.clock.advance(2_000);
    let ask = async |service| fixture.keystone.authenticate(&request(Some("good"), service)).await;
    assert_eq!(ask(None).await, Err(Denied::Unauthorized));
    assert!(ask(Some("service")).await.unwrap().is_some());
    assert!(fixture.fake.requests().iter().any(|request| request.contains("allow_expired=1")));
    for no_service in ["other", "unknown"] {
        assert_eq!(ask(Some(no_service)).await, Err(Denied::Unauthorized), "{no_service}");
    }
}

#[tokio::test]
async fn access_rules_restrict_a_token_unless_a_service_passes_it_on() {
    let fixture = Fixture::new().await;
    let rules = json!([{ "service": "messaging", "method": "GET", "path": "/v2/queues/*" }]);
    let mut restricted = document(&fixture.fake.url);
    restricted["token"]["application_credential"] = json!({ "id": "a", "access_rules": rules });
    fixture.fake.add_token("restricted", restricted.clone());
    restricted["token"]["catalog"] = json!([]);
    fixture.fake.add_token("not in the catalog", restricted);
    let mut of_service = document(&fixture.fake.url);
    of_service["token"]["roles"] = json!([{ "name": "service" }]);
    fixture.fake.add_token("service", of_service);
    let ask = async |token, service, method, path| {
        let request = AuthRequest { method, path, ..request(Some(token), service) };
        fixture.keystone.authenticate(&request).await.is_ok()
    };
    assert!(ask("restricted", None, "GET", "/v2/queues/q").await);
    assert!(!ask("restricted", None, "PUT", "/v2/queues/q").await);
    assert!(!ask("restricted", None, "GET", "/v2/queues").await);
    assert!(!ask("not in the catalog", None, "GET", "/v2/queues/q").await);
    assert!(ask("restricted", Some("service"), "PUT", "/v2/queues/q").await);
    assert!(!ask("restricted", Some("unknown"), "GET", "/v2/queues/q").await);
}

#[tokio::test]
async fn without_its_type_in_the_catalog_a_service_refuses_restricted_tokens() {
    let fixture = Fixture::with(|options| options.service_type = None).await;
    let mut restricted = document(&fixture.fake.url);
    restricted["token"]["application_credential"] = json!({ "access_rules": [] });
    fixture.fake.add_token("restricted", restricted);
    assert_eq!(fixture.ask("restricted").await, Err(Denied::Unauthorized));
}

#[tokio::test]
async fn without_credentials_nobody_can_tell() {
    let fixture = Fixture::with(|options| options.login = None).await;
    assert_eq!(fixture.ask("good").await, Err(Denied::Unavailable));
    assert_eq!(fixture.keystone.authenticate(&request(None, None)).await, Err(Denied::Unauthorized));
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_no_answer() {
    let fixture = Fixture::new().await;
    fixture.fake.add_token("odd", json!({ "token": { "expires_at": 7 } }));
    assert_eq!(fixture.ask("odd").await, Err(Denied::Unavailable));
}

#[tokio::test]
async fn no_secret_shows() {
    let fixture = Fixture::new().await;
    assert!(fixture.is_let_in("good").await);
    let shown = format!("{:?}", fixture.keystone);
    assert!(!shown.contains("sesame") && !shown.contains("own-1") && !shown.contains("good"), "{shown}");
}

#[tokio::test]
async fn callers_are_told_where_to_get_a_token() {
    let fixture = Fixture::with(|options| options.www_authenticate_uri = Some("http://public".into())).await;
    assert_eq!(fixture.keystone.challenge(), "Keystone uri=\"http://public\"");
}

#[tokio::test]
async fn the_catalog_of_the_services_own_login_says_where_it_is() {
    let mut catalog = document("http://127.0.0.1:1");
    let endpoint = |interface: &str, url: &str| json!({ "interface": interface, "url": url });
    catalog["token"]["catalog"] = json!([
        { "type": "messaging", "name": "other", "endpoints": [endpoint("public", "http://other")] },
        { "type": "messaging", "name": "zaqar", "endpoints": [
            endpoint("internal", "http://inside"),
            endpoint("public", "http://outside"),
        ] },
    ]);
    let fixture = Fixture::new().await;
    assert_eq!(fixture.keystone.own_endpoints().await, Some(OwnEndpoints::default()));
    fixture.fake.add_token("service", catalog);
    fixture.clock.advance(1000);
    let known = OwnEndpoints { rest: Some("http://outside".to_owned()), websocket: None };
    assert_eq!(fixture.keystone.own_endpoints().await, Some(known));
}
