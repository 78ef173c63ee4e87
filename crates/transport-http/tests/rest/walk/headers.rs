//! No response has a header that is too long for clients.

use http::{HeaderName, Request, Uri};
use http_body_util::Full;
use zaqar_transport_http::{Cors, CorsOptions, HttpOptions};

use super::Route;
use super::site::Site;
use crate::fixture::{Answer, Fixture, request};

/// The longest line: name, colon, space and value.
const LONGEST: usize = 4096;
const LONG: usize = 8000;

/// Headers that a response may repeat in some form.
const HEADERS: &[&str] = &[
    "accept",
    "access-control-request-headers",
    "access-control-request-method",
    "client-id",
    "content-type",
    "host",
    "origin",
    "url-signature",
    "x-auth-token",
    "x-openstack-request-id",
    "x-project-id",
];

#[tokio::test]
async fn no_route_answers_with_a_header_line_that_clients_refuse() {
    for route in Site::new().await.routes {
        let site = Site::new().await;
        let served = with_cors(&site.fixture);
        for request in long_requests(&site, &route) {
            let what = format!("{} {:.100}", request.method(), request.uri());
            has_short_headers(&served.send(request).await, &what);
        }
    }
}

/// Python's http.client rejects a response with a line of 64 KiB. Then everything is stored, and the client retries.
#[tokio::test]
async fn a_post_of_many_messages_is_answered_without_a_location() {
    for (kind, count, has_location) in
        [("queues", 100, true), ("queues", 120, false), ("queues", 1800, false), ("topics", 1800, false)]
    {
        let fixture = Fixture::new();
        let bodies = vec![r#"{"body": 0, "ttl": 300}"#; count].join(", ");
        let path = format!("/v2/{kind}/mine/messages");
        let answer = fixture.post(&path, format!(r#"{{"messages": [{bodies}]}}"#)).await;
        assert_eq!(answer.status, 201);
        has_short_headers(&answer, &path);
        let resources = answer.json()["resources"].as_array().unwrap().clone();
        assert_eq!(resources.len(), count);
        let ids: Vec<_> =
            resources.iter().map(|href| href.as_str().unwrap().rsplit('/').next().unwrap()).collect();
        let location = has_location.then(|| format!("{path}?ids={}", ids.join(",")));
        assert_eq!(answer.header("location"), location.as_deref(), "{count} messages");
    }
}

fn has_short_headers(answer: &Answer, what: &str) {
    for (name, value) in &answer.headers {
        let length = name.as_str().len() + ": ".len() + value.len();
        assert!(length <= LONGEST, "{what}: the line of {name} has {length} bytes");
    }
}

/// The same stores, with CORS for every origin.
fn with_cors(fixture: &Fixture) -> Fixture {
    let texts = |items: &[&str]| items.iter().map(ToString::to_string).collect();
    let cors = Cors::new(&CorsOptions {
        allowed_origin: texts(&["*"]),
        allow_methods: texts(&["GET"]),
        allow_headers: texts(&["X-Auth-Token"]),
        ..CorsOptions::default()
    });
    fixture.served_with(HttpOptions { cors: cors.unwrap(), ..Fixture::options() })
}

/// A valid request, and the same with one long part.
fn long_requests(site: &Site, route: &Route) -> Vec<Request<Full<bytes::Bytes>>> {
    let mut requests = vec![site.request(route), with_long_query(site.request(route)), preflight(route)];
    requests.extend(with_long_name(route));
    for name in HEADERS {
        let mut request = site.request(route);
        request.headers_mut().insert(HeaderName::from_static(name), "x".repeat(LONG).parse().unwrap());
        requests.push(request);
    }
    requests
}

fn with_long_query(mut request: Request<Full<bytes::Bytes>>) -> Request<Full<bytes::Bytes>> {
    let separator = if request.uri().query().is_some() { '&' } else { '?' };
    let uri = format!("{}{separator}long={}", request.uri(), "x".repeat(LONG));
    *request.uri_mut() = uri.parse::<Uri>().unwrap();
    request
}

/// A request with a long path parameter. `None`: the path has none.
fn with_long_name(route: &Route) -> Option<Request<Full<bytes::Bytes>>> {
    let name = "n".repeat(LONG);
    let parts = route.path.split('/').map(|part| if part.starts_with('{') { name.as_str() } else { part });
    let path = parts.collect::<Vec<_>>().join("/");
    (path != route.path).then(|| request(&route.method, &path, "{}"))
}

/// A preflight request with eight hundred headers.
fn preflight(route: &Route) -> Request<Full<bytes::Bytes>> {
    let mut preflight = request("OPTIONS", &route.path.replace(['{', '}'], ""), "");
    let headers = preflight.headers_mut();
    headers.insert("origin", "https://page.example.org".parse().unwrap());
    headers.insert("access-control-request-method", "GET".parse().unwrap());
    headers.insert("access-control-request-headers", vec!["X-Auth-Token"; 800].join(",").parse().unwrap());
    preflight
}
