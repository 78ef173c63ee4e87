use serde_json::{Value, json};
use zaqar_domain::Limits;
use zaqar_model::Clock;

use crate::fixture::{Fixture, request};

const API: &str = "Invalid API request";
const BODY: &str = "Invalid request body";
const PATH: &str = "/v2/queues/q/subscriptions";

async fn subscribe(fixture: &Fixture, path: &str, subscriber: &str) -> String {
    let document = format!("{{\"subscriber\": \"{subscriber}\", \"ttl\": 600, \"options\": {{\"a\": 1}}}}");
    let answer = fixture.post(path, document).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (201, Some(path)), "{}", answer.text());
    answer.json()["subscription_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_subscription_is_created_shown_and_deleted() {
    let fixture = Fixture::new();
    for path in [PATH, "/v2/topics/q/subscriptions"] {
        let id = subscribe(&fixture, path, "http://trigger.me").await;
        fixture.clock.advance_secs(7);
        let one = format!(
            "{{\"id\": \"{id}\", \"source\": \"q\", \"subscriber\": \"http://trigger.me\", \"ttl\": 600, \"age\": 7, \
             \"options\": {{\"a\": 1}}, \"confirmed\": false}}"
        );
        let own = format!("{path}/{id}");
        assert_eq!(fixture.get(&own).await.text(), one);
        let links = format!("[{{\"rel\": \"next\", \"href\": \"{path}?marker={id}\"}}]");
        let all = format!("{{\"subscriptions\": [{one}], \"links\": {links}}}");
        assert_eq!(fixture.get(path).await.text(), all);
        for _ in 0..2 {
            assert_eq!(fixture.delete(&own).await.status, 204);
        }
        let text = format!("Subscription {id} does not exist");
        fixture.get(&own).await.is_error(404, "Not found", &text);
        assert_eq!(fixture.get(path).await.text(), "{\"subscriptions\": [], \"links\": []}");
    }
}

#[tokio::test]
async fn subscribers_are_unique_once_confirmed() {
    let fixture = Fixture::new();
    let id = subscribe(&fixture, PATH, "http://trigger.me").await;
    assert_eq!(subscribe(&fixture, PATH, "http://trigger.me").await, id);
    let confirm = format!("{PATH}/{id}/confirm");
    let confirmed = fixture.put(&confirm, "{\"confirmed\": true}").await;
    assert_eq!((confirmed.status.as_u16(), confirmed.header("location")), (204, Some(confirm.as_str())));
    assert_eq!(fixture.get(&format!("{PATH}/{id}")).await.json()["confirmed"], true);

    let again = fixture.post(PATH, "{\"subscriber\": \"http://trigger.me\"}").await;
    assert_eq!(again.header("location"), Some(PATH));
    let text =
        "Such subscription already exists.Subscriptions are unique by project + queue + subscriber URI.";
    again.is_error(409, "Resource conflict", text);

    let other = format!("{PATH}/{}", subscribe(&fixture, PATH, "http://update.me").await);
    let taken = patch(&fixture, &other, "{\"subscriber\": \"http://trigger.me\"}").await;
    let text =
        "Such subscription already exists. Subscriptions are unique by project + queue + subscriber URI.";
    taken.is_error(409, "Resource conflict", text);
    assert_eq!(taken.header("location"), None);
}

#[tokio::test]
async fn a_patch_changes_what_it_names() {
    let fixture = Fixture::new();
    let path = format!("{PATH}/{}", subscribe(&fixture, PATH, "http://trigger.me").await);
    fixture.clock.advance_secs(7);
    let patched = patch(&fixture, &path, "{\"options\": {\"b\": null}}").await;
    assert_eq!((patched.status.as_u16(), patched.header("location")), (204, Some(path.as_str())));
    let shown = fixture.get(&path).await.json();
    assert_eq!((&shown["options"], &shown["age"]), (&json!({"b": null}), &json!(7)));
    assert_eq!(patch(&fixture, &path, "{\"ttl\": 300}").await.status, 204);
    let shown = fixture.get(&path).await.json();
    assert_eq!((&shown["ttl"], &shown["age"]), (&json!(300), &json!(0)));

    for (body, title, text) in [
        ("", API, "No subscription to create."),
        ("{}", API, "No subscription to create."),
        ("[]", API, "No subscription to create."),
        ("[1]", API, "Subscriptions must be a dict."),
        ("5", BODY, "Request body could not be parsed."),
        ("{\"ttl\": \"invalid\"}", API, "TTL must be an integer."),
    ] {
        patch(&fixture, &path, body).await.is_error(400, title, text);
        patch(&fixture, &format!("{PATH}/x"), body).await.is_error(400, title, text);
    }
    let nothing = patch(&fixture, &format!("{PATH}/x"), "{\"unknown\": 1}").await;
    nothing.is_error(400, "Unable to update subscription", "Subscription x could not be updated.");
    let absent = patch(&fixture, &format!("{PATH}/x"), "{\"ttl\": 300}").await;
    absent.is_error(404, "Not found", "Subscription x does not exist");
}

#[tokio::test]
async fn bad_subscriptions_are_told_with_upstreams_texts_and_make_no_queue() {
    let fixture = Fixture::new();
    let types = "The subscriber type of subscription must be supported in the list \
                 ['http', 'https', 'mailto', 'trust+http', 'trust+https'].";
    let least = "The TTL for a subscription must be at least 60 seconds long.";
    for (body, title, text) in [
        ("", API, "Missing parameter subscriber in body."),
        ("{}", API, "Missing parameter subscriber in body."),
        ("[1]", API, "Subscriptions must be a dict."),
        ("{\"subscriber\": fake}", BODY, "Request body could not be parsed."),
        ("{\"subscriber\": \"fake\"}", API, types),
        ("{\"subscriber\": \"email://fake\"}", API, types),
        ("{\"subscriber\": 5}", API, types),
        ("{\"subscriber\": \"http://a\", \"options\": 1}", API, "Options must be a dict."),
        ("{\"subscriber\": \"http://a\", \"ttl\": 0}", API, least),
        ("{\"subscriber\": \"http://a\", \"ttl\": 59}", API, least),
        (
            "{\"subscriber\": \"http://a\", \"ttl\": 99999999999999999}",
            API,
            "The TTL seconds for a subscription plus current time must be less than 9999-12-31 23:59:59.999999.",
        ),
        (
            "{\"subscriber\": \"http://a\", \"options\": {\"_retry_policy\": {\"minimum_delay\": \"5\"}}}",
            API,
            "Retry policy: minimum_delay must be a integer.",
        ),
    ] {
        fixture.post(PATH, body).await.is_error(400, title, text);
    }
    let large = format!("{{\"subscriber\": \"http://{}\"}}", "x".repeat(65_536));
    let text = "Request body is too large. Max size: 65536";
    fixture.post(PATH, large).await.is_error(400, BODY, text);
    assert_eq!(fixture.get("/v2/queues").await.json()["queues"], json!([]));
}

#[tokio::test]
async fn a_confirmation_is_a_boolean() {
    let fixture = Fixture::new();
    let confirm = format!("{PATH}/x/confirm");
    for body in ["", "{}", "[]", "{\"confirmed\": 1}", "{\"confirmed\": null}"] {
        fixture.put(&confirm, body).await.is_error(400, API, "The 'confirmed' should be boolean.");
    }
    fixture.put(&confirm, "{confirmed:123}").await.is_error(400, BODY, "Request body could not be parsed.");
    let text = "Subscription x does not exist";
    fixture.put(&confirm, "{\"confirmed\": true}").await.is_error(404, "Not found", text);
}

#[tokio::test]
async fn subscriptions_are_listed_with_links() {
    let fixture = Fixture::with(Limits { max_subscriptions_per_page: 3, ..Limits::default() });
    for number in 0..3 {
        subscribe(&fixture, PATH, &format!("http://{number}")).await;
    }
    let first = fixture.get(&format!("{PATH}?limit=2")).await.json();
    let ids = ids(&first);
    assert_eq!(ids.len(), 2);
    let href = format!("{PATH}?limit=2&marker={}", ids[1]);
    assert_eq!(first["links"], json!([{"rel": "next", "href": href}]));
    let second = fixture.get(&format!("{PATH}?marker={}&limit=2", ids[1])).await.json();
    let [last] = &self::ids(&second)[..] else { panic!("{second}") };
    assert_eq!(second["links"][0]["href"], format!("{PATH}?marker={last}&limit=2"));
    let empty = fixture.get(&format!("{PATH}?marker={last}")).await;
    assert_eq!(empty.text(), "{\"subscriptions\": [], \"links\": []}");
    assert_eq!(fixture.get(&format!("{PATH}?marker=x")).await.json(), empty.json());
    let text = "Limit must be at least 1 and may not be greater than 3.";
    for limit in ["0", "4", "-1"] {
        fixture.get(&format!("{PATH}?limit={limit}")).await.is_error(400, API, text);
    }
    assert_eq!(fixture.get(&format!("{PATH}?limit=x")).await.json()["title"], "Invalid parameter");
}

#[tokio::test]
async fn a_purge_takes_subscriptions_along() {
    let fixture = Fixture::new();
    subscribe(&fixture, PATH, "http://trigger.me").await;
    fixture.post("/v2/queues/q/purge", "{\"resource_types\": [\"messages\"]}").await;
    assert_eq!(ids(&fixture.get(PATH).await.json()).len(), 1);
    fixture.post("/v2/queues/q/purge", "").await;
    assert!(ids(&fixture.get(PATH).await.json()).is_empty());
}

/// Subscriptions are changed by plain JSON.
async fn patch(fixture: &Fixture, path: &str, body: &str) -> crate::fixture::Answer {
    fixture.send(request("PATCH", path, body)).await
}

fn ids(page: &Value) -> Vec<String> {
    let subscriptions = page["subscriptions"].as_array().unwrap();
    subscriptions.iter().map(|subscription| subscription["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_suspension_is_shown_and_lifted() {
    let fixture = Fixture::new();
    let params = r#"{"subscriber": "http://trigger.me"}"#;
    let id = fixture.post(PATH, params).await.json()["subscription_id"].as_str().unwrap().to_owned();
    let path = format!("{PATH}/{id}");
    let shown = async || {
        let (one, all) = (fixture.get(&path).await.json(), fixture.get(PATH).await.json());
        assert_eq!(all["subscriptions"][0], one);
        one.get("suspended").cloned()
    };
    assert_eq!(shown().await, None);
    let suspended = json!({ "since": fixture.clock.now().to_iso8601(), "reason": "410 Gone" });
    let confirm = async |confirmed: bool| {
        let document = json!({ "confirmed": confirmed }).to_string();
        fixture.put(&format!("{path}/confirm"), document).await.status.as_u16()
    };
    fixture.suspend(&id, "410 Gone").await;
    assert_eq!(shown().await.as_ref(), Some(&suspended));
    // An unconfirmed subscription is returned again, which is not a change.
    assert_eq!(fixture.post(PATH, params).await.status, 201);
    assert_eq!(patch(&fixture, &path, r#"{"ttl": 1}"#).await.status, 400);
    assert_eq!(confirm(false).await, 204);
    assert_eq!(shown().await.as_ref(), Some(&suspended));
    assert_eq!(confirm(true).await, 204);
    assert_eq!(shown().await, None);
    fixture.suspend(&id, "410 Gone").await;
    assert_eq!(fixture.post(PATH, params).await.status, 409);
    assert_eq!(shown().await, Some(suspended), "a refused request changes nothing");
    assert_eq!(patch(&fixture, &path, r#"{"ttl": 600}"#).await.status, 204);
    assert_eq!(shown().await, None);
}

#[tokio::test]
async fn a_subscriber_that_wants_a_token_is_not_set_without_a_trust() {
    let fixture = Fixture::new();
    let path = format!("{PATH}/{}", subscribe(&fixture, PATH, "http://trigger.me").await);
    let text = "Name a trust in the options as trust_id: without one no token can be sent.";
    for body in [
        r#"{"subscriber": "trust+https://trigger.me"}"#,
        r#"{"subscriber": "trust+https://trigger.me", "options": {"trust_id": null}}"#,
    ] {
        patch(&fixture, &path, body).await.is_error(400, API, text);
    }
    assert_eq!(fixture.get(&path).await.json()["subscriber"], "http://trigger.me");
    let named = r#"{"subscriber": "trust+https://trigger.me", "options": {"trust_id": "t"}}"#;
    assert_eq!(patch(&fixture, &path, named).await.status, 204);
}
