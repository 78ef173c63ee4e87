//! Each action with upstream's statuses, bodies and texts.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use zaqar_domain::{ClientIdRule, Limits, Policy, RuleText};

use crate::fixture::{CLIENT, Client, Fixture, OTHER_CLIENT, headers, request};

#[tokio::test]
async fn a_reply_shows_the_request_again() {
    let mut client = Fixture::new().await.connect().await;
    let request = request("queue_get", json!({ "queue_name": "nope" }));
    let reply = client.exchange(&request).await;
    let mut shown = request.clone();
    shown["api"] = "v2".into();
    assert_eq!(reply, json!({ "request": shown, "body": {}, "headers": { "status": 200 } }));
}

#[tokio::test]
async fn what_is_no_request_is_told_and_the_connection_stays() {
    let mut client = Fixture::new().await.connect().await;
    let nothing = json!({ "action": null, "body": {}, "headers": {}, "api": "v2" });
    for (frame, error) in [
        ("{", "Can't decode text (JSON) request. JSONDecodeError: not valid JSON at byte 1"),
        ("123", "Unexpected body type. Expected dict or dict like."),
        ("[]", "Unexpected body type. Expected dict or dict like."),
        ("{}", "None is not a valid action"),
    ] {
        client.send(Message::text(frame)).await;
        let Message::Text(text) = client.receive().await else { panic!("no text") };
        let reply: Value = serde_json::from_str(&text).unwrap();
        let expected =
            json!({ "request": nothing, "body": { "error": error }, "headers": { "status": 400 } });
        assert_eq!(reply, expected);
    }
    for (action, shown) in
        [(json!("queue_glorify"), "queue_glorify"), (json!(5), "5"), (json!(["a"]), "[\"a\"]")]
    {
        let reply = client.exchange(&json!({ "action": action, "headers": headers() })).await;
        assert_eq!(reply["body"], json!({ "error": format!("{shown} is not a valid action") }));
    }
}

#[tokio::test]
async fn what_does_not_fit_the_schema_is_refused_by_the_name_of_the_member() {
    let mut client = Fixture::new().await.connect().await;
    let without = |name: &str| {
        let mut headers = headers();
        headers.as_object_mut().unwrap().remove(name);
        json!({ "action": "queue_list", "headers": headers })
    };
    let number = json!({ "Client-ID": 5, "X-Project-ID": "p" });
    for (request, why) in [
        (json!({ "action": "queue_list" }), "\"headers\" is missing: an object is expected."),
        (json!({ "action": "queue_list", "headers": [] }), "\"headers\" is an array: an object is expected."),
        (
            json!({ "action": "queue_list", "headers": headers(), "body": null }),
            "\"body\" is null: an object is expected.",
        ),
        (
            json!({ "action": "queue_get", "headers": headers() }),
            "\"body\" is missing: an object is expected.",
        ),
        (
            json!({ "action": "queue_list", "headers": number }),
            "\"headers.Client-ID\" is an integer: a string is expected.",
        ),
        (without("Client-ID"), "\"headers.Client-ID\" is missing: a string is expected."),
        (without("X-Project-ID"), "\"headers.X-Project-ID\" is missing: a string is expected."),
        (
            request("queue_list", json!({ "limit": true })),
            "\"body.limit\" is a boolean: an integer is expected.",
        ),
        (
            request("queue_get", json!({ "queue_name": 5 })),
            "\"body.queue_name\" is an integer: a string is expected.",
        ),
    ] {
        let reply = client.exchange(&request).await;
        let error = format!("Schema validation failed. {why}");
        assert_eq!(reply["body"], json!({ "error": error }), "{request}");
        assert_eq!(reply["headers"], json!({ "status": 400 }));
    }
    client.expect(200, "queue_list", json!({})).await;
}

#[tokio::test]
async fn queues_are_made_listed_shown_and_removed() {
    let mut client = Fixture::new().await.connect().await;
    let made = json!({ "queue_name": "q", "metadata": { "a": 1 } });
    assert_eq!(client.ask("queue_create", made.clone()).await, (201, "Queue q created.".into()));
    assert_eq!(client.ask("queue_create", made).await, (204, "Queue q created.".into()));
    let (q, nope) = (json!({ "queue_name": "q" }), json!({ "queue_name": "nope" }));
    assert_eq!(client.expect(200, "queue_list", json!({})).await, json!({ "queues": [{ "name": "q" }] }));
    let detailed = client.expect(200, "queue_list", json!({ "detailed": true })).await;
    assert_eq!(detailed, json!({ "queues": [{ "name": "q", "metadata": { "a": 1 } }] }));
    assert_eq!(client.expect(200, "queue_get", q.clone()).await, json!({ "a": 1 }));
    let zeros = json!({ "messages": { "claimed": 0, "free": 0, "total": 0 } });
    assert_eq!(client.ask("queue_get_stats", nope.clone()).await, (404, zeros.clone()));
    assert_eq!(client.ask("queue_get_stats", q.clone()).await, (200, zeros));
    let id = client.post("q", &[json!(1)]).await.remove(0);
    let stats = client.expect(200, "queue_get_stats", q.clone()).await;
    assert_eq!((&stats["messages"]["total"], &stats["messages"]["oldest"]["id"]), (&json!(1), &json!(id)));
    let messages = json!({ "queue_name": "q", "resource_types": ["messages"] });
    assert_eq!(client.ask("queue_purge", messages).await, (204, json!({})));
    assert_eq!(client.expect(200, "queue_get_stats", q.clone()).await["messages"]["total"], 0);
    assert_eq!(client.ask("queue_delete", q).await, (204, "Queue q removed.".into()));
    assert_eq!(client.ask("queue_delete", nope).await, (204, "Queue nope removed.".into()));
}

#[tokio::test]
async fn what_queues_are_refused_for_is_told() {
    let mut client = Fixture::new().await.connect().await;
    let bad_name = "Queue names may only contain ASCII letters, digits, underscores, dashes and dots.";
    for (action, body, text) in [
        ("queue_create", json!({ "queue_name": "bad name" }), bad_name),
        ("queue_get", json!({ "queue_name": "bad name" }), bad_name),
        ("queue_list", json!({ "limit": 0 }), "Limit must be at least 1 and no greater than 20."),
    ] {
        assert_eq!(client.ask(action, body).await, (400, json!({ "exception": text, "error": null })));
    }
}

#[tokio::test]
async fn messages_are_posted_listed_shown_and_deleted() {
    let mut client = Fixture::new().await.connect().await;
    let bodies = [json!({ "x": 1.0e2 }), json!("grüße"), json!(null)];
    let ids = client.post("q", &bodies).await;
    let shown =
        |at: usize| json!({ "id": ids[at], "claim_id": null, "ttl": 300, "age": 0, "body": bodies[at] });
    assert_eq!(client.expect(200, "message_list", json!({ "queue_name": "q" })).await["messages"], json!([]));
    let all = json!({ "queue_name": "q", "echo": true, "limit": 2 });
    let page = client.expect(200, "message_list", all).await;
    assert_eq!(page["messages"], json!([shown(0), shown(1)]));
    let next = json!({ "queue_name": "q", "echo": true, "marker": page["marker"] });
    assert_eq!(client.expect(200, "message_list", next).await["messages"], json!([shown(2)]));
    assert_eq!(
        client.expect(200, "message_list", json!({ "queue_name": "no" })).await["messages"],
        json!([])
    );

    let one = json!({ "queue_name": "q", "message_id": ids[1] });
    assert_eq!(client.expect(200, "message_get", one.clone()).await, json!({ "messages": shown(1) }));
    let some = json!({ "queue_name": "q", "message_ids": [ids[2], "nope"] });
    assert_eq!(client.expect(200, "message_get_many", some).await, json!({ "messages": [shown(2)] }));
    let none = json!({ "queue_name": "q", "message_ids": ["nope"] });
    assert_eq!(client.expect(200, "message_get_many", none).await, json!({ "messages": [] }));

    assert_eq!(client.ask("message_delete", one.clone()).await, (204, json!({})));
    let absent = format!("Message {} does not exist in queue q for project p", ids[1]);
    assert_eq!(client.ask("message_get", one).await, (404, json!({ "exception": absent, "error": null })));
    let some = json!({ "queue_name": "q", "message_ids": [ids[0]] });
    assert_eq!(client.ask("message_delete_many", some).await, (204, json!({})));
    let popped = client.expect(200, "message_delete_many", json!({ "queue_name": "q", "pop": 5 })).await;
    let last =
        json!({ "id": ids[2], "age": 0, "ttl": 300, "body": null, "claim_id": null, "claim_count": 0 });
    assert_eq!(popped, json!({ "messages": [last] }));
}

#[tokio::test]
async fn what_messages_are_refused_for_is_told_and_makes_no_queue() {
    let mut client = Fixture::new().await.connect().await;
    let ttl = "The TTL for a message may not exceed 1209600 seconds, and must be at least 60 seconds long.";
    let too_large = "Message collection size is too large. Max size 262144";
    for (messages, text) in [
        (json!([]), "No messages to enqueu."),
        (json!([{ "ttl": 300 }]), "Bad request. Missing \"body\" field."),
        (json!([{ "ttl": "x", "body": 1 }]), "Bad request. The value of the \"ttl\" field must be a int."),
        (json!([{ "ttl": true, "body": 1 }]), "Bad request. The value of the \"ttl\" field must be a int."),
        (
            json!([{ "delay": 1.5, "body": 1 }]),
            "Bad request. The value of the \"delay\" field must be a int.",
        ),
        (json!([5]), "Bad request. Each item of the \"messages\" field must be a dict."),
        (json!([{ "ttl": 1, "body": 1 }]), ttl),
        (json!([{ "body": "x".repeat(262_144) }]), too_large),
    ] {
        let body = json!({ "queue_name": "q", "messages": messages });
        assert_eq!(
            client.ask("message_post", body).await,
            (400, json!({ "exception": text, "error": null }))
        );
    }
    assert_eq!(client.expect(200, "queue_list", json!({})).await, json!({ "queues": [] }));
    let limit = "Limit must be at least 1 and may not be greater than 20.";
    for (action, body, text) in [
        ("message_list", json!({ "queue_name": "q", "limit": 21 }), limit),
        ("message_get_many", json!({ "queue_name": "q", "message_ids": [] }), limit),
        (
            "message_delete_many",
            json!({ "queue_name": "q", "pop": 0 }),
            "Pop value must be at least 1 and may not be greater than 20.",
        ),
        (
            "message_get_many",
            json!({ "queue_name": "q", "message_ids": [5] }),
            "The items of the \"message_ids\" field must be strings.",
        ),
    ] {
        assert_eq!(client.ask(action, body).await, (400, json!({ "exception": text, "error": null })));
    }
}

#[tokio::test]
async fn every_action_asks_for_a_client_id_that_is_in_order_as_rest_does() {
    let with_id = |id: &str, action: &str, body: Value| json!({ "action": action, "headers": { "Client-ID": id, "X-Project-ID": "p" }, "body": body });
    let q = json!({ "queue_name": "q" });
    let post = json!({ "queue_name": "q", "messages": [{ "body": 1 }] });
    let actions =
        [("queue_list", json!({})), ("message_list", q.clone()), ("message_post", post), ("claim_create", q)];
    let any_text = Limits { client_id_uuid_safe: ClientIdRule::AnyText, ..Limits::default() };
    let (min, max) = (any_text.min_length_client_id, any_text.max_length_client_id);
    let length = format!("Length of client id must be at least {min} and no greater than {max}.");
    let long_enough = "x".repeat(min);
    let uuid = "The value of the \"Client-ID\" header must be a UUID.";
    for (limits, refused, text, taken) in
        [(Limits::default(), "x", uuid, CLIENT), (any_text, "x", length.as_str(), long_enough.as_str())]
    {
        let mut client = Fixture::with_limits(limits).await.connect().await;
        for (action, body) in &actions {
            let reply = client.exchange(&with_id(refused, action, body.clone())).await;
            let refused = json!({ "exception": text, "error": null });
            assert_eq!((&reply["headers"]["status"], &reply["body"]), (&json!(400), &refused), "{action}");
            let reply = client.exchange(&with_id(taken, action, body.clone())).await;
            assert!(reply["headers"]["status"].as_u64() < Some(300), "{reply}");
        }
    }
}

#[tokio::test]
async fn null_is_as_good_as_absent_where_upstreams_schema_says_nothing() {
    let mut client = Fixture::new().await.connect().await;
    let q = |name: &str| json!({ "queue_name": "q", name: null });
    client.expect(201, "queue_create", q("metadata")).await;
    assert_eq!(client.expect(200, "queue_get", json!({ "queue_name": "q" })).await, json!({}));
    let messages = json!([{ "body": 1, "delay": null }]);
    client.expect(201, "message_post", json!({ "queue_name": "q", "messages": messages })).await;
    client.expect(200, "message_list", q("include_delayed")).await;
    client.expect(200, "subscription_list", q("limit")).await;
    client.expect(200, "subscription_list", q("marker")).await;
    client.expect(201, "subscription_create", q("marker")).await;
}

#[tokio::test]
async fn a_claim_holds_messages_until_it_is_released() {
    let mut client = Fixture::new().await.connect().await;
    let queue = json!({ "queue_name": "q" });
    assert_eq!(client.ask("claim_create", queue.clone()).await, (204, json!({ "claim_id": null })));
    let ids = client.post("q", &[json!(0), json!(1)]).await;
    let terms = json!({ "queue_name": "q", "limit": 1, "ttl": 100, "grace": 60 });
    let claim = client.expect(201, "claim_create", terms).await;
    let id = claim["claim_id"].as_str().unwrap().to_owned();
    let held = json!([{ "id": ids[0], "claim_id": id, "ttl": 300, "age": 0, "body": 0 }]);
    assert_eq!(claim["messages"], held);
    let named = json!({ "queue_name": "q", "claim_id": id });
    let shown = json!({ "age": 0, "ttl": 100, "messages": held });
    assert_eq!(client.expect(200, "claim_get", named.clone()).await, shown);
    let longer = json!({ "queue_name": "q", "claim_id": id, "ttl": 200 });
    assert_eq!(client.ask("claim_update", longer).await, (204, format!("Claim {id} updated.").into()));
    assert_eq!(client.expect(200, "claim_get", named.clone()).await["ttl"], 200);

    let deletion = |message: &str, claim: Option<&str>| {
        let mut body = json!({ "queue_name": "q", "message_id": message });
        if let Some(claim) = claim {
            body["claim_id"] = claim.into();
        }
        body
    };
    let is_claimed = json!({
        "exception": format!("Message {} is claimed", ids[0]),
        "error": "This message is claimed; it cannot be deleted without a valid claim ID.",
    });
    assert_eq!(client.ask("message_delete", deletion(&ids[0], None)).await, (403, is_claimed));
    let not_claimed = json!({
        "exception": format!("Message {} is no longer claimed", ids[1]),
        "error": "A claim was specified, but the message is not currently claimed.",
    });
    assert_eq!(client.ask("message_delete", deletion(&ids[1], Some(&id))).await, (400, not_claimed));
    let no_claim = json!({
        "exception": "Claim x does not exist in queue q for project p",
        "error": "The specified claim does not exist or has expired.",
    });
    assert_eq!(client.ask("message_delete", deletion(&ids[0], Some("x"))).await, (400, no_claim));
    assert_eq!(client.ask("message_delete", deletion(&ids[0], Some(&id))).await, (204, json!({})));

    let gone = format!("Claim {id} deleted.");
    assert_eq!(client.ask("claim_delete", named.clone()).await, (204, gone.into()));
    let absent = json!({
        "exception": format!("Claim {id} does not exist in queue q for project p"),
        "error": format!("Claim {id} does not exist."),
    });
    assert_eq!(client.ask("claim_get", named.clone()).await, (404, absent.clone()));
    let longer = json!({ "queue_name": "q", "claim_id": id, "ttl": 200 });
    assert_eq!(client.ask("claim_update", longer).await, (404, absent));
    let short = client.expect(400, "claim_create", json!({ "queue_name": "q", "ttl": 1 })).await;
    assert!(short["exception"].as_str().unwrap().starts_with("The TTL for a claim may not exceed"));
}

#[tokio::test]
async fn subscriptions_are_made_listed_shown_changed_and_ended() {
    let mut client = Fixture::new().await.connect().await;
    let params =
        json!({ "queue_name": "q", "subscriber": "http://example.com", "ttl": 600, "options": { "a": 1 } });
    let made = client.expect(201, "subscription_create", params).await;
    assert_eq!(made["message"], "Subscription q created.");
    let id = made["subscription_id"].as_str().unwrap();
    let shown = json!({
        "id": id, "source": "q", "subscriber": "http://example.com", "ttl": 600, "age": 0, "options": { "a": 1 },
        "confirmed": false,
    });
    let queue = json!({ "queue_name": "q" });
    let listed = client.expect(200, "subscription_list", queue.clone()).await;
    assert_eq!(listed, json!({ "subscriptions": [shown] }));
    let named = json!({ "queue_name": "q", "subscription_id": id });
    assert_eq!(client.expect(200, "subscription_get", named.clone()).await, shown);
    let change = json!({
        "queue_name": "q", "subscription_id": id, "subscriber": "http://example.com/b", "ttl": 900, "options": null,
    });
    let updated = format!("Subscription {id} updated.");
    assert_eq!(client.ask("subscription_update", change).await, (204, updated.into()));
    let changed = client.expect(200, "subscription_get", named.clone()).await;
    assert_eq!((&changed["subscriber"], &changed["ttl"]), (&json!("http://example.com/b"), &json!(900)));
    assert_eq!(changed["options"], json!({ "a": 1 }));
    let nothing = client.expect(400, "subscription_update", named.clone()).await;
    assert_eq!(nothing["exception"], "No subscription to create.");
    let removed = format!("Subscription {id} removed.");
    assert_eq!(client.ask("subscription_delete", named.clone()).await, (204, removed.into()));
    let absent = json!({
        "exception": format!("Subscription {id} does not exist"),
        "error": format!("Subscription {id} for queue q does not exist."),
    });
    assert_eq!(client.ask("subscription_get", named).await, (404, absent.clone()));
    let late = json!({ "queue_name": "q", "subscription_id": id, "ttl": 900 });
    assert_eq!(client.ask("subscription_update", late).await, (404, absent));
    let bad_limit = json!({ "queue_name": "q", "limit": "x" });
    client.expect(400, "subscription_list", bad_limit).await;
}

#[tokio::test]
async fn another_clients_messages_are_listed_without_echo() {
    let mut client = Fixture::new().await.connect().await;
    client.post("q", &[json!(1)]).await;
    let headers = json!({ "Client-ID": OTHER_CLIENT, "X-Project-ID": "p" });
    let list = json!({ "action": "message_list", "headers": headers, "body": { "queue_name": "q" } });
    assert_eq!(client.exchange(&list).await["body"]["messages"][0]["body"], 1);
    let other_project = json!({ "Client-ID": OTHER_CLIENT, "X-Project-ID": "other" });
    let list = json!({ "action": "message_list", "headers": other_project, "body": { "queue_name": "q" } });
    assert_eq!(client.exchange(&list).await["body"]["messages"], json!([]));
}

#[tokio::test]
async fn a_policy_holds_here_too() {
    let fixture = Fixture::new().await;
    let rule = ("queues:get_all".to_owned(), RuleText::Expression("role:reader".to_owned()));
    fixture.zaqar.set_policy(Policy::new(&[rule], "default").unwrap());
    let mut client = fixture.connect().await;
    let mut list = json!({ "action": "queue_list", "headers": headers() });
    assert_eq!(client.exchange(&list).await["headers"]["status"], 403);
    list["headers"]["X-Roles"] = "writer,reader".into();
    assert_eq!(client.exchange(&list).await["headers"]["status"], 200);
}

#[tokio::test]
async fn authentication_without_keystone_is_refused_and_the_connection_stays() {
    let mut client: Client = Fixture::new().await.connect().await;
    let headers = json!({ "X-Project-ID": "p", "X-Auth-Token": "t" });
    let reply = client.exchange(&json!({ "action": "authenticate", "headers": headers })).await;
    assert_eq!(reply["headers"]["status"], 400);
    client.expect(200, "queue_list", json!({})).await;
}
