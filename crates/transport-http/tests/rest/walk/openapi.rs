//! The OpenAPI document matches the routes.

use std::collections::BTreeSet;

use super::site::Site;

#[tokio::test]
async fn operations_have_names_of_their_own() {
    let routes = Site::new().await.routes;
    let names: BTreeSet<_> = routes.iter().map(|route| route.operation.as_str()).collect();
    assert_eq!(names.len(), routes.len());
}

/// The document must contain the status of the response to every request.
#[tokio::test]
async fn what_a_good_request_is_answered_is_in_the_document() {
    let document = Site::new().await.fixture.get("/v2/openapi.json").await.json();
    for route in Site::new().await.routes {
        let site = Site::new().await;
        let answer = site.send(site.request(&route)).await;
        let answers = &document["paths"][&route.path][route.method.to_lowercase()]["responses"];
        assert!(answers[answer.status.as_str()].is_object(), "{}: {}", route.operation, answer.status);
    }
}
