//! Ping and health.

use serde_json::json;

use crate::fixture::{Fixture, request};

#[tokio::test]
async fn ping_tells_whether_the_stores_live() {
    let fixture = Fixture::new();
    for method in ["GET", "HEAD"] {
        let answer = fixture.send(request(method, "/v2/ping", "")).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (204, ""));
    }
    fixture.store.close().await.unwrap();
    assert_eq!(fixture.get("/v2/ping").await.status, 503);
    assert_eq!(fixture.send(request("HEAD", "/v2/ping", "")).await.status, 204);
}

#[tokio::test]
async fn health_is_cheap_and_deep_on_request() {
    let fixture = Fixture::new();
    fixture.post_messages("q", &["1"]).await;
    let cheap = fixture.get("/v2/health").await;
    let volume = json!({"free": 1, "claimed": 0, "total": 1});
    assert_eq!(
        cheap.json(),
        json!({"storage_reachable": true, "operation_status": {}, "message_volume": volume})
    );
    let deep = fixture.get("/v2/health?deep=true").await.json();
    assert_eq!(deep["operation_status"].as_object().unwrap().len(), 8);
    assert_eq!(deep["operation_status"]["post_messages"]["succeeded"], true);
    assert_eq!(deep["operation_status"]["post_messages"]["ref"], json!(null));
    assert_eq!(fixture.get("/v2/health").await.json()["message_volume"], volume);
}

#[tokio::test]
async fn health_is_for_administrators() {
    let fixture = Fixture::new();
    let mut member = request("GET", "/v2/health", "");
    member.headers_mut().insert("x-roles", "member, reader".parse().unwrap());
    let text = "You are not authorized to complete this action.";
    fixture.send(member).await.is_error(403, "Not authorized", text);
    let mut admin = request("GET", "/v2/health", "");
    admin.headers_mut().insert("x-roles", "member, admin".parse().unwrap());
    assert_eq!(fixture.send(admin).await.status, 200);
}
