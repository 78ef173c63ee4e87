//! A service with a project that owns one of everything.

use http::Request;
use http_body_util::Full;
use serde_json::Value;
use zaqar_model::{DeliveryOutcome, Excerpt};

use super::Route;
use super::requests::{Asked, asked};
use crate::fixture::{Answer, Fixture, request};

/// The project that everything belongs to; that of `fixture::request`.
pub(crate) const OWNER: &str = "p";

pub(crate) struct Site {
    pub(crate) fixture: Fixture,
    pub(crate) routes: Vec<Route>,
    queue: Ids,
    topic: Ids,
    pub(crate) claim: String,
}

/// The ids of what is in the owner's queue or topic.
#[derive(Debug)]
struct Ids {
    message: String,
    subscription: String,
}

impl Site {
    /// With one of everything.
    pub(crate) async fn new() -> Self {
        Self::of(Fixture::with_pools()).await
    }

    pub(crate) async fn of(fixture: Fixture) -> Self {
        let routes = routes(&fixture).await;
        for (path, document) in [
            ("/v2/pools/mine", r#"{"uri": "model://mine", "weight": 1}"#),
            ("/v2/pools/spare", r#"{"uri": "model://spare", "weight": 0}"#),
            ("/v2/flavors/mine", r#"{"pool_list": ["mine"]}"#),
        ] {
            assert_eq!(fixture.put(path, document).await.status, 201, "{path}");
        }
        let queue = fill(&fixture, "/v2/queues/mine").await;
        let topic = fill(&fixture, "/v2/topics/mine").await;
        fixture.deliver(410, |attempt| DeliveryOutcome::GivenUp(Excerpt::new("410 Gone"), attempt)).await;
        let claimed = fixture.post("/v2/queues/mine/claims?limit=1", "{}").await;
        let claim = last(claimed.header("location").unwrap());
        Self { fixture, routes, queue, topic, claim }
    }

    /// A valid request of the owner for a route.
    pub(crate) fn request(&self, route: &Route) -> Request<Full<bytes::Bytes>> {
        let Asked { query, body, content_type } = asked(&route.operation, self)
            .unwrap_or_else(|| panic!("walk/requests.rs does not tell how to ask for {}", route.operation));
        let ids = if route.path.starts_with("/v2/topics") { &self.topic } else { &self.queue };
        let path = route
            .path
            .replace("{queue_name}", "mine")
            .replace("{topic_name}", "mine")
            .replace("{pool_name}", "spare")
            .replace("{flavor_name}", "mine")
            .replace("{message_id}", &ids.message)
            .replace("{claim_id}", &self.claim)
            .replace("{subscription_id}", &ids.subscription);
        let mut request = request(&route.method, &format!("{path}{query}"), body);
        request.headers_mut().insert("content-type", content_type.parse().unwrap());
        request
    }

    /// The same request of another project.
    pub(crate) fn request_of(&self, project: &str, route: &Route) -> Request<Full<bytes::Bytes>> {
        let mut request = self.request(route);
        request.headers_mut().insert("x-project-id", project.parse().unwrap());
        request
    }

    /// Everything that the owner can see.
    pub(crate) async fn everything(&self) -> Vec<String> {
        let mut seen = Vec::new();
        for path in [
            "/v2/queues?detailed=true&with_count=true".to_owned(),
            "/v2/topics?detailed=true".to_owned(),
            "/v2/queues/mine/messages?echo=true&include_claimed=true&include_delayed=true".to_owned(),
            "/v2/topics/mine/messages?echo=true&include_claimed=true&include_delayed=true".to_owned(),
            "/v2/queues/mine/subscriptions".to_owned(),
            "/v2/topics/mine/subscriptions".to_owned(),
            format!("/v2/queues/mine/subscriptions/{}/attempts", self.queue.subscription),
            format!("/v2/queues/mine/subscriptions/{}/failures", self.queue.subscription),
            format!("/v2/topics/mine/subscriptions/{}/attempts", self.topic.subscription),
            format!("/v2/topics/mine/subscriptions/{}/failures", self.topic.subscription),
            "/v2/queues/mine/stats".to_owned(),
            "/v2/topics/mine/stats".to_owned(),
            format!("/v2/queues/mine/claims/{}", self.claim),
            "/v2/pools?detailed=true".to_owned(),
            "/v2/flavors?detailed=true".to_owned(),
        ] {
            let answer = self.fixture.get(&path).await;
            seen.push(format!("{} {path}: {}", answer.status, answer.text()));
        }
        seen
    }

    pub(crate) async fn send(&self, request: Request<Full<bytes::Bytes>>) -> Answer {
        self.fixture.send(request).await
    }
}

const MESSAGES: &str = r#"{"messages": [{"body": "first", "ttl": 600}, {"body": "second", "ttl": 600}]}"#;
const SUBSCRIPTION: &str = r#"{"subscriber": "http://example.org/owner", "ttl": 600}"#;

async fn fill(fixture: &Fixture, path: &str) -> Ids {
    assert_eq!(fixture.put(path, r#"{"owner": "p"}"#).await.status, 201);
    let subscribed = fixture.post(&format!("{path}/subscriptions"), SUBSCRIPTION).await.json();
    let posted = fixture.post(&format!("{path}/messages"), MESSAGES).await.json();
    Ids {
        message: last(posted["resources"][0].as_str().unwrap()),
        subscription: subscribed["subscription_id"].as_str().unwrap().to_owned(),
    }
}

fn last(href: &str) -> String {
    href.rsplit('/').next().unwrap().to_owned()
}

/// Members of a path that are not routes.
const NO_ROUTES: [&str; 2] = ["parameters", "options"];

async fn routes(fixture: &Fixture) -> Vec<Route> {
    let document = fixture.get("/v2/openapi.json").await.json();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in
            methods.as_object().unwrap().iter().filter(|(name, _)| !NO_ROUTES.contains(&name.as_str()))
        {
            routes.push(Route {
                method: method.to_uppercase(),
                path: path.clone(),
                operation: text(&operation["operationId"]).unwrap(),
                policy_rule: text(&operation["x-policy-rule"]),
            });
        }
    }
    assert!(routes.len() > 40, "the document has lost its routes");
    routes
}
