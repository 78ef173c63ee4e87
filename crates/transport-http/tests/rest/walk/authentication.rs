//! Nobody gets in who does not say who they are, and nobody by a signature that is not good.

use http::HeaderMap;

use super::OPEN;
use super::site::Site;

/// A request of somebody unknown: what makes it so, and what it is answered.
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
