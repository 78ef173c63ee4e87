//! What is asked of Keystone, how often, and what becomes of its answers.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use super::stand_in::{ManualClock, StandIn, document};
use super::{
    AskedWith, Connection, Denied, DomainReference, Keystone, KeystoneOptions, Login, OwnEndpoints,
    Reference, Scope, Token,
};

struct Fixture {
    stand_in: StandIn,
    keystone: Arc<Keystone>,
    clock: Arc<ManualClock>,
}

impl Fixture {
    async fn new() -> Self {
        Self::with(|_| ()).await
    }

    async fn with(change: impl FnOnce(&mut KeystoneOptions)) -> Self {
        let stand_in = StandIn::start().await;
        stand_in.know("good", document(&stand_in.url));
        let clock = ManualClock::new();
        let mut options = options(&stand_in.url);
        change(&mut options);
        let keystone = Arc::new(Keystone::new(options, clock.clone()).unwrap());
        Self { stand_in, keystone, clock }
    }

    async fn ask(&self, token: &str) -> Result<Option<Arc<Token>>, Denied> {
        self.keystone.caller(&asked(Some(token), None)).await
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

pub(super) fn asked<'a>(token: Option<&'a str>, service_token: Option<&'a str>) -> AskedWith<'a> {
    AskedWith { token, service_token, method: "GET", path: "/v2/queues", request_id: "req-1" }
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
        let answer = fixture.keystone.caller(&asked(no_token, None)).await;
        assert_eq!(answer, Err(Denied::Unauthorized), "{no_token:?}");
    }
}

#[tokio::test]
async fn keystone_is_told_for_whom_and_that_access_rules_are_heeded() {
    let fixture = Fixture::new().await;
    assert!(fixture.is_let_in("good").await);
    let requests = fixture.stand_in.requests();
    assert_eq!(requests.len(), 2, "{requests:?}");
    assert!(requests.iter().all(|request| request.contains("x-openstack-request-id: req-1\r\n")));
    assert!(requests[1].contains("openstack-identity-access-rules: 1.0\r\n"));
}

#[tokio::test]
async fn however_many_wait_for_one_token_keystone_is_asked_once() {
    let fixture = Fixture::new().await;
    fixture.stand_in.hold_back();
    let mut waiting = JoinSet::new();
    for _ in 0..100 {
        let keystone = Arc::clone(&fixture.keystone);
        waiting.spawn(async move { keystone.caller(&asked(Some("good"), None)).await.is_ok() });
    }
    fixture.stand_in.is_asked(1).await;
    fixture.stand_in.let_go();
    assert!(waiting.join_all().await.into_iter().all(|is_let_in| is_let_in));
    assert_eq!((fixture.stand_in.questions(), fixture.stand_in.logins()), (1, 1));
}

#[tokio::test]
async fn when_the_one_who_asks_goes_away_the_next_one_asks() {
    let fixture = Fixture::new().await;
    fixture.stand_in.hold_back();
    let ask = || {
        let keystone = Arc::clone(&fixture.keystone);
        tokio::spawn(async move { keystone.caller(&asked(Some("good"), None)).await.is_ok() })
    };
    let first = ask();
    fixture.stand_in.is_asked(1).await;
    let second = ask();
    first.abort();
    fixture.stand_in.is_asked(2).await;
    fixture.stand_in.let_go();
    assert!(second.await.unwrap());
}

#[tokio::test]
async fn a_revoked_token_is_refused_after_the_cache_time() {
    let fixture = Fixture::new().await;
    assert!(fixture.is_let_in("good").await);
    fixture.stand_in.revoke("good");
    fixture.clock.advance(299);
    assert!(fixture.is_let_in("good").await);
    fixture.clock.advance(1);
    assert_eq!(fixture.ask("good").await, Err(Denied::Unauthorized));
    assert_eq!(fixture.stand_in.questions(), 2);
}

#[tokio::test]
async fn without_a_cache_time_each_request_asks() {
    let fixture = Fixture::with(|options| options.token_cache_time = 0).await;
    assert!(fixture.is_let_in("good").await);
    assert!(fixture.is_let_in("good").await);
    fixture.stand_in.revoke("good");
    assert!(!fixture.is_let_in("good").await);
    assert_eq!(fixture.stand_in.questions(), 3);
}

#[tokio::test]
async fn a_bad_token_is_asked_about_again_only_after_some_seconds() {
    let fixture = Fixture::new().await;
    assert!(!fixture.is_let_in("new").await);
    fixture.stand_in.know("new", document(&fixture.stand_in.url));
    fixture.clock.advance(4);
    assert!(!fixture.is_let_in("new").await);
    assert_eq!(fixture.stand_in.questions(), 1);
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
    assert_eq!(fixture.stand_in.questions(), 1);
}

#[tokio::test]
async fn while_keystone_is_away_known_tokens_stay_good_and_of_others_nobody_can_tell() {
    let Fixture { stand_in, keystone, clock } = Fixture::new().await;
    let ask = async |token| keystone.caller(&asked(Some(token), None)).await;
    ask("good").await.unwrap();
    stand_in.stop().await;
    clock.advance(299);
    ask("good").await.unwrap();
    assert_eq!(ask("other").await, Err(Denied::Unavailable));
    assert_eq!(keystone.caller(&asked(None, None)).await, Err(Denied::Unauthorized));
    clock.advance(1);
    assert_eq!(ask("good").await, Err(Denied::Unavailable));
}

#[tokio::test]
async fn a_delayed_decision_lets_everybody_through_as_nobody() {
    let Fixture { stand_in, keystone, .. } =
        Fixture::with(|options| options.delay_auth_decision = true).await;
    let ask = async |token| keystone.caller(&asked(token, None)).await;
    assert!(ask(Some("good")).await.unwrap().is_some());
    assert_eq!(ask(Some("unknown")).await, Ok(None));
    assert_eq!(ask(None).await, Ok(None));
    stand_in.stop().await;
    assert_eq!(ask(Some("other")).await, Ok(None));
}

#[tokio::test]
async fn the_service_gets_a_new_token_before_its_own_ends_and_when_it_is_refused() {
    let fixture = Fixture::with(|options| options.token_cache_time = 0).await;
    assert!(fixture.is_let_in("good").await);
    fixture.clock.advance(839);
    assert!(fixture.is_let_in("good").await);
    assert_eq!(fixture.stand_in.logins(), 1);
    fixture.clock.advance(1);
    assert!(fixture.is_let_in("good").await);
    assert_eq!(fixture.stand_in.logins(), 2);
    fixture.stand_in.forget_own_token();
    assert!(fixture.is_let_in("good").await);
    assert_eq!(fixture.stand_in.logins(), 3);
}

#[tokio::test]
async fn a_service_with_the_role_may_pass_on_a_token_that_has_ended() {
    let fixture = Fixture::new().await;
    let mut of_service = document(&fixture.stand_in.url);
    of_service["token"]["roles"] = json!([{ "name": "service" }]);
    of_service["token"]["expires_at"] = json!("2000-01-01T00:00:00Z");
    fixture.stand_in.know("service", of_service);
    let mut other = document(&fixture.stand_in.url);
    other["token"]["expires_at"] = json!("2000-01-01T00:00:00Z");
    fixture.stand_in.know("other", other);
    fixture.clock.advance(2_000);
    let ask = async |service| fixture.keystone.caller(&asked(Some("good"), service)).await;
    assert_eq!(ask(None).await, Err(Denied::Unauthorized));
    assert!(ask(Some("service")).await.unwrap().is_some());
    assert!(fixture.stand_in.requests().iter().any(|request| request.contains("allow_expired=1")));
    for no_service in ["other", "unknown"] {
        assert_eq!(ask(Some(no_service)).await, Err(Denied::Unauthorized), "{no_service}");
    }
}

#[tokio::test]
async fn access_rules_restrict_a_token_unless_a_service_passes_it_on() {
    let fixture = Fixture::new().await;
    let rules = json!([{ "service": "messaging", "method": "GET", "path": "/v2/queues/*" }]);
    let mut restricted = document(&fixture.stand_in.url);
    restricted["token"]["application_credential"] = json!({ "id": "a", "access_rules": rules });
    fixture.stand_in.know("restricted", restricted.clone());
    restricted["token"]["catalog"] = json!([]);
    fixture.stand_in.know("not in the catalog", restricted);
    let mut of_service = document(&fixture.stand_in.url);
    of_service["token"]["roles"] = json!([{ "name": "service" }]);
    fixture.stand_in.know("service", of_service);
    let ask = async |token, service, method, path| {
        let asked = AskedWith { method, path, ..asked(Some(token), service) };
        fixture.keystone.caller(&asked).await.is_ok()
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
    let mut restricted = document(&fixture.stand_in.url);
    restricted["token"]["application_credential"] = json!({ "access_rules": [] });
    fixture.stand_in.know("restricted", restricted);
    assert_eq!(fixture.ask("restricted").await, Err(Denied::Unauthorized));
}

#[tokio::test]
async fn without_credentials_nobody_can_tell() {
    let fixture = Fixture::with(|options| options.login = None).await;
    assert_eq!(fixture.ask("good").await, Err(Denied::Unavailable));
    assert_eq!(fixture.keystone.caller(&asked(None, None)).await, Err(Denied::Unauthorized));
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_no_answer() {
    let fixture = Fixture::new().await;
    fixture.stand_in.know("odd", json!({ "token": { "expires_at": 7 } }));
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
    fixture.stand_in.know("service", catalog);
    fixture.clock.advance(1000);
    let known = OwnEndpoints { rest: Some("http://outside".to_owned()), websocket: None };
    assert_eq!(fixture.keystone.own_endpoints().await, Some(known));
}
