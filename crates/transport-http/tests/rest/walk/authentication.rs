//! Requests without authentication or with an invalid signature are rejected.

use http::HeaderMap;
use tokio::task::JoinSet;
use zaqar_authentication::Authentication;
use zaqar_transport_http::HttpOptions;

use super::site::Site;
use super::{OPEN, keystone};
use crate::fixture::Fixture;

/// An unauthenticated request: what is missing, and the expected status.
struct Unknown {
    name: &'static str,
    spoil: fn(&mut HeaderMap),
    refusal: u16,
}

const UNKNOWN: &[Unknown] = &[
    Unknown { name: "no project", spoil: |headers| drop(headers.remove("x-project-id")), refusal: 400 },
    Unknown { name: "no client", spoil: |headers| drop(headers.remove("client-id")), refusal: 400 },
    Unknown { name: "an empty signature", spoil: |headers| sign(headers, ""), refusal: 404 },
    Unknown { name: "a forged signature", spoil: |headers| sign(headers, FORGED), refusal: 404 },
];

const FORGED: &str = "e2f12f3f63ccc670fd455029115158f51c21034747b85ede582007daa04817dc";

fn sign(headers: &mut HeaderMap, signature: &'static str) {
    headers.insert("url-signature", signature.parse().unwrap());
    headers.insert("url-methods", "DELETE,GET,HEAD,PATCH,POST,PUT".parse().unwrap());
    headers.insert("url-paths", "/v2".parse().unwrap());
    headers.insert("url-expires", "2026-06-01T00:00:00".parse().unwrap());
}

#[tokio::test]
async fn no_route_serves_those_who_do_not_say_who_they_are() {
    let site = Site::new().await;
    let before = site.everything().await;
    for route in site.routes.iter().filter(|route| !OPEN.contains(&route.operation.as_str())) {
        for unknown in UNKNOWN {
            let mut request = site.request(route);
            (unknown.spoil)(request.headers_mut());
            let answer = site.send(request).await;
            assert_eq!(answer.status, unknown.refusal, "{} with {}", route.operation, unknown.name);
        }
    }
    assert_eq!(site.everything().await, before, "a request that was refused has changed something");
}

#[tokio::test]
async fn the_open_routes_serve_everybody() {
    let site = Site::new().await;
    for operation in OPEN {
        let route = site.routes.iter().find(|route| route.operation == *operation).unwrap();
        let mut request = site.request(route);
        request.headers_mut().clear();
        let answer = site.send(request).await;
        assert!(answer.status.as_u16() < 400, "{operation}: {}", answer.status);
    }
}

/// With Keystone, every route except the public ones, including `/v2/ping`.
#[tokio::test]
async fn no_route_serves_those_for_whom_keystone_does_not_vouch() {
    let mut running = JoinSet::new();
    for route in Site::new().await.routes.iter().filter(|route| !OPEN.contains(&route.operation.as_str())) {
        let site = Site::new().await;
        let before = site.everything().await;
        let keystone = keystone::start(&mut running, site.fixture.clock.clone()).await;
        let authentication = Authentication::Keystone(keystone);
        let guarded = site.fixture.served_with(HttpOptions { authentication, ..Fixture::options() });
        let ask = async |token: Option<&'static str>| {
            let mut request = site.request(route);
            if let Some(token) = token {
                request.headers_mut().insert("x-auth-token", token.parse().unwrap());
            }
            guarded.send(request).await
        };
        for token in [None, Some(""), Some("unknown")] {
            let refused = ask(token).await;
            assert_eq!(refused.status, 401, "{} with the token {token:?}", route.operation);
            let challenge = refused.header("www-authenticate");
            assert_eq!(challenge, Some("Keystone uri=\"http://keystone.example\""), "{}", route.operation);
        }
        assert_eq!(
            site.everything().await,
            before,
            "{} was refused and has changed something",
            route.operation
        );
        let served = ask(Some(keystone::KNOWN)).await;
        assert!(served.status.as_u16() < 400, "{}: {}", route.operation, served.status);
    }
}
