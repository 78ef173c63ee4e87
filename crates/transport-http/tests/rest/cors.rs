//! Cross-origin requests of a browser.

use http::Request;
use http_body_util::Full;
use zaqar_transport_http::{Cors, CorsOptions};

use crate::fixture::{Answer, CLIENT, Fixture};

const PAGE: &str = "https://horizon.example.org";
const OTHER_PAGE: &str = "http://localhost:8080";

fn options(origins: &[&str]) -> CorsOptions {
    let texts = |items: &[&str]| items.iter().map(ToString::to_string).collect();
    CorsOptions {
        allowed_origin: texts(origins),
        allow_credentials: true,
        expose_headers: texts(&["X-Auth-Token", "X-OpenStack-Request-ID"]),
        max_age: 3600,
        allow_methods: texts(&["GET", "PUT"]),
        allow_headers: texts(&["X-Auth-Token", "Client-id"]),
    }
}

fn site(options: &CorsOptions) -> Fixture {
    let cors = Cors::new(options).unwrap();
    Fixture::with_options(|options| options.cors = cors)
}

/// The preflight request for a `PUT` with these headers. It has no authentication.
async fn preflight(fixture: &Fixture, origin: &str, method: &str, headers: &str) -> Answer {
    let mut request = Request::builder()
        .method("OPTIONS")
        .uri("/v2/queues/q")
        .header("origin", origin)
        .header("access-control-request-method", method);
    if !headers.is_empty() {
        request = request.header("access-control-request-headers", headers);
    }
    fixture.send(request.body(Full::default()).unwrap()).await
}

async fn get(fixture: &Fixture, path: &str, origin: &str) -> Answer {
    let request = Request::builder()
        .uri(path)
        .header("client-id", CLIENT)
        .header("x-project-id", "p")
        .header("origin", origin);
    fixture.send(request.body(Full::default()).unwrap()).await
}

/// The CORS headers, without their common prefix.
fn permissions(answer: &Answer) -> Vec<(String, String)> {
    let mut found: Vec<_> = answer
        .headers
        .iter()
        .filter_map(|(name, value)| {
            let name = name.as_str().strip_prefix("access-control-")?;
            Some((name.to_owned(), value.to_str().unwrap().to_owned()))
        })
        .collect();
    found.sort();
    found
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

#[tokio::test]
async fn a_preflight_is_answered_without_an_identity() {
    let fixture = site(&options(&[PAGE]));
    let answer = preflight(&fixture, PAGE, "PUT", "client-id, Content-Type,x-auth-token").await;
    assert_eq!((answer.status.as_u16(), answer.text()), (200, ""));
    assert_eq!(answer.header("vary"), Some("Origin"));
    assert!(answer.header("x-openstack-request-id").is_some());
    let expected = [
        ("allow-credentials", "true"),
        ("allow-headers", "client-id,Content-Type,x-auth-token"),
        ("allow-methods", "PUT"),
        ("allow-origin", PAGE),
        ("max-age", "3600"),
    ];
    assert_eq!(permissions(&answer), pairs(&expected));
}

#[tokio::test]
async fn a_preflight_for_one_thing_too_many_permits_nothing() {
    let fixture = site(&options(&[PAGE]));
    for (origin, method, headers) in [
        ("https://evil.example.org", "PUT", ""),
        ("https://horizon.example.org:8443", "PUT", ""),
        ("https://horizon.example.or", "PUT", ""),
        (PAGE, "DELETE", ""),
        (PAGE, "put", ""),
        (PAGE, "PUT", "Client-ID, X-Roles"),
    ] {
        let answer = preflight(&fixture, origin, method, headers).await;
        assert_eq!(answer.status, 200);
        assert_eq!(permissions(&answer), [], "{origin} {method} {headers}");
    }
    let without_method = Request::builder().method("OPTIONS").uri("/v2/queues").header("origin", PAGE);
    let answer = fixture.send(without_method.body(Full::default()).unwrap()).await;
    assert_eq!(permissions(&answer), []);
}

#[tokio::test]
async fn answers_may_be_read_by_the_pages_that_may_ask_and_errors_too() {
    let fixture = site(&options(&[PAGE, OTHER_PAGE]));
    let expected = |origin| {
        let exposed = "X-Auth-Token,X-OpenStack-Request-ID";
        pairs(&[("allow-credentials", "true"), ("allow-origin", origin), ("expose-headers", exposed)])
    };
    for page in [PAGE, OTHER_PAGE] {
        let answer = get(&fixture, "/v2/queues", page).await;
        assert_eq!((answer.status.as_u16(), answer.header("vary")), (200, Some("Origin")));
        assert_eq!(permissions(&answer), expected(page));
    }
    for path in ["/v2/queues/none/stats/none", "/v2/queues?limit=0"] {
        let error = get(&fixture, path, PAGE).await;
        assert!(error.status.is_client_error());
        assert_eq!(error.header("vary"), Some("Accept,Origin"));
        assert_eq!(permissions(&error), expected(PAGE));
    }
    assert_eq!(permissions(&get(&fixture, "/v2/queues", "https://evil.example.org").await), []);
}

#[tokio::test]
async fn a_star_is_every_origin_but_those_that_are_named() {
    let fixture = site(&options(&["*", PAGE]));
    assert_eq!(permissions(&get(&fixture, "/", "https://any.example.org").await)[1].1, "*");
    assert_eq!(permissions(&get(&fixture, "/", PAGE).await)[1].1, PAGE);
}

#[tokio::test]
async fn credentials_exposed_headers_and_an_age_are_told_only_if_they_are_set() {
    let quiet =
        CorsOptions { allow_credentials: false, expose_headers: vec![], max_age: 0, ..options(&[PAGE]) };
    let fixture = site(&quiet);
    let origin = [("allow-origin", PAGE)];
    assert_eq!(permissions(&get(&fixture, "/", PAGE).await), pairs(&origin));
    let expected = [("allow-methods", "GET"), ("allow-origin", PAGE)];
    assert_eq!(permissions(&preflight(&fixture, PAGE, "GET", "").await), pairs(&expected));
}

#[tokio::test]
async fn without_the_option_and_without_an_origin_answers_are_as_ever() {
    assert_eq!(permissions(&get(&Fixture::new(), "/", PAGE).await), []);
    let answer = site(&options(&[PAGE])).get("/v2/queues").await;
    assert_eq!((permissions(&answer), answer.header("vary")), (vec![], None));
}

#[test]
fn what_no_header_can_hold_is_refused_with_its_option() {
    let error = Cors::new(&options(&["https://a\nb"])).unwrap_err();
    assert!(error.starts_with("allowed_origin: \"https://a\\nb\""), "{error}");
}
