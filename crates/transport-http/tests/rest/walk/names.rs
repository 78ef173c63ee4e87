//! Every route warns about misspelt query parameters, and never about its own.

use serde_json::Value;

use super::site::Site;
use crate::fixture::Fixture;

/// The names of the parameters, by operation.
async fn parameters(fixture: &Fixture, path: &str, method: &str) -> Vec<String> {
    let document = fixture.get("/v2/openapi.json").await.json();
    let parameters = document["paths"][path][method.to_lowercase()]["parameters"].clone();
    let of_query = |parameter: &&Value| parameter["in"] == "query" && parameter["name"] != "metadata";
    let names = parameters.as_array().into_iter().flatten().filter(of_query);
    names.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_route_tells_a_slip_in_each_of_its_parameters_and_none_of_its_own_names() {
    let routes = Site::new().await.routes;
    let mut told = 0;
    for route in routes {
        let site = Site::new().await;
        let good = site.send(site.request(&route)).await;
        assert_eq!(good.headers.get("warning"), None, "{}", route.operation);
        for name in parameters(&site.fixture, &route.path, &route.method).await {
            let slip = format!("{name}z");
            for (given, is_told) in [(&name, false), (&slip, true)] {
                let mut request = site.request(&route);
                let separator = if request.uri().query().is_some() { '&' } else { '?' };
                *request.uri_mut() = format!("{}{separator}{given}=none", request.uri()).parse().unwrap();
                let answer = site.send(request).await;
                assert_eq!(answer.headers.contains_key("warning"), is_told, "{}: {given}", route.operation);
                told += usize::from(is_told);
            }
        }
    }
    assert!(told > 40, "{told}");
}
