use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Request;
use hyper::body::{Body, Frame};
use serde_json::json;
use tower::ServiceExt;
use zaqar_domain::Limits;

use crate::fixture::{Fixture, request};

const API: &str = "Invalid API request";
const BODY: &str = "Invalid request body";
const MESSAGES: &str = "/v2/queues/q/messages";

#[tokio::test]
async fn a_message_is_posted_shown_and_deleted() {
    let fixture = Fixture::new();
    let document =
        "{\"messages\": [{\"body\": {\"a\" :1e2, \"é\": \"\\u00e9\"}, \"ttl\": 300}, {\"body\": null}]}";
    let posted = fixture.post(MESSAGES, document).await;
    assert_eq!(posted.status, 201);
    let hrefs = posted.json()["resources"].clone();
    let ids: Vec<_> = hrefs.as_array().unwrap().iter().map(|href| &href.as_str().unwrap()[22..]).collect();
    assert_eq!(posted.header("location").unwrap(), format!("{MESSAGES}?ids={},{}", ids[0], ids[1]));

    fixture.clock.advance_secs(9);
    let href = hrefs[0].as_str().unwrap();
    let shown = fixture.get(href).await;
    assert_eq!(
        shown.text(),
        format!(
            "{{\"id\": \"{}\", \"href\": \"{href}\", \"ttl\": 300, \"age\": 9, \"body\": {{\"a\" :1e2, \"é\": \
             \"\\u00e9\"}}}}",
            ids[0]
        )
    );
    assert_eq!(fixture.delete(href).await.status, 204);
    assert_eq!(fixture.delete(href).await.status, 204);
    let text = format!("Message {} does not exist in queue q for project p", ids[0]);
    fixture.get(href).await.is_error(404, "Not found", &text);
}

#[tokio::test]
async fn bad_posts_are_told_with_upstreams_texts_and_make_no_queue() {
    let fixture = Fixture::new();
    let unparsable = "Request body could not be parsed.";
    let absent = "No messages were found in the request body.";
    let shape = "Document type not supported.";
    let ttl_type = "The value of the \"ttl\" field must be a int.";
    let ttl = "The TTL for a message may not exceed 1209600 seconds, and must be at least 60 seconds long.";
    let delay = "The Delay TTL for a message may not exceed 900 seconds,and must be at least 0 seconds long.";
    for (body, title, text) in [
        ("", BODY, "Request body can not be empty"),
        ("[", BODY, unparsable),
        ("123", BODY, unparsable),
        ("[]", API, absent),
        ("{}", API, absent),
        ("[\"messages\"]", API, absent),
        ("{\"messages\": 5}", BODY, shape),
        ("{\"messages\": [5]}", BODY, shape),
        ("{\"messages\": []}", API, "No messages to enqueu."),
        ("{\"messages\": [{}]}", BODY, "Missing \"body\" field."),
        ("{\"messages\": [{\"body\": 1, \"ttl\": 59}]}", API, ttl),
        ("{\"messages\": [{\"body\": 1, \"ttl\": 60.0}]}", BODY, ttl_type),
        ("{\"messages\": [{\"body\": 1, \"ttl\": null}]}", BODY, ttl_type),
        ("{\"messages\": [{\"body\": 1, \"ttl\": true}]}", BODY, ttl_type),
        ("{\"messages\": [{\"body\": 1, \"ttl\": \"x\"}, {\"ttl\": 3}]}", BODY, ttl_type),
        ("{\"messages\": [{\"body\": 1, \"delay\": -1}]}", API, delay),
        (
            "{\"messages\": [{\"body\": 1, \"delay\": \"1\"}]}",
            BODY,
            "The value of the \"delay\" field must be a int.",
        ),
        (
            "{\"messages\": [{\"body\": 9223372036854775808}]}",
            BODY,
            "JSON contains integer that is too large.",
        ),
        ("{\"messages\": [{\"body\": NaN}]}", BODY, unparsable),
    ] {
        fixture.post(MESSAGES, body).await.is_error(400, title, text);
    }
    assert_eq!(fixture.get("/v2/queues").await.json()["queues"], json!([]));
}

#[tokio::test]
async fn a_post_has_a_largest_size_of_the_site_or_the_queue() {
    let fixture = Fixture::new();
    let long = "x".repeat(262_145);
    fixture.post(MESSAGES, &long).await.is_error(
        400,
        API,
        "Message collection size is too large. Max size 262144",
    );
    fixture.put("/v2/queues/q", "{\"_max_messages_post_size\": 100}").await;
    let text = "Message collection size is too large. The max size for current queue is 100. It is calculated by max \
                size = min(max_messages_post_size_config: 262144, max_messages_post_size_queue: 100).";
    for long in [&long, "x".repeat(101).as_str()] {
        fixture.post(MESSAGES, long).await.is_error(400, API, text);
    }
    fixture.post(MESSAGES, "x".repeat(100)).await.is_error(400, BODY, "Request body could not be parsed.");
}

#[tokio::test]
async fn a_body_in_chunks_is_taken_up_to_the_limit() {
    let limits = Limits { max_messages_post_size: 100, ..Limits::default() };
    let fixture = Fixture::with(limits);
    let send = async |chunks: &[&'static str]| {
        let (mut head, _) = request("POST", MESSAGES, "").into_parts();
        head.headers.insert("transfer-encoding", "chunked".parse().unwrap());
        let body = Chunks(chunks.iter().copied().map(Bytes::from).collect());
        fixture.service.clone().oneshot(Request::from_parts(head, body)).await.unwrap()
    };
    let good = send(&["{\"messages\": [{\"bo", "dy\": \"", "chunked\"}]}"]).await;
    assert_eq!(good.status(), 201);
    let padding = "                                                  ";
    let long = send(&[padding, padding, " ", "never read"]).await;
    assert_eq!((long.status().as_u16(), long.headers()["connection"].to_str().unwrap()), (400, "close"));
    assert_eq!(fixture.get("/v2/queues/q/stats").await.json()["messages"]["total"], 1);
}

/// A body without a declared length.
struct Chunks(VecDeque<Bytes>);

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|chunk| Ok(Frame::data(chunk))))
    }
}

#[tokio::test]
async fn messages_are_listed_with_links_in_upstreams_order() {
    let fixture = Fixture::new();
    assert_eq!(fixture.get(MESSAGES).await.text(), "{\"messages\": [], \"links\": []}");
    fixture.post_messages("q", &["1", "2", "3"]).await;
    let first = fixture.get(&format!("{MESSAGES}?limit=2&echo=yes&include_claimed=0")).await.json();
    let href = first["links"][0]["href"].as_str().unwrap();
    let start = format!("{MESSAGES}?limit=2&echo=true&include_claimed=false&include_delayed=true&marker=");
    assert!(href.starts_with(&start), "{href}");
    assert_eq!(first["links"][0]["rel"], "next");
    let second = fixture.get(href).await.json();
    assert_eq!(second["messages"].as_array().unwrap().len(), 1);
    let href = second["links"][0]["href"].as_str().unwrap();
    assert!(href.starts_with(&format!("{MESSAGES}?marker=")), "{href}");
    assert!(href.ends_with("&limit=2&echo=true&include_claimed=false&include_delayed=true"), "{href}");
    let third = fixture.get(href).await;
    assert_eq!(third.text(), "{\"messages\": [], \"links\": []}");
    let bad = fixture.get(&format!("{MESSAGES}?echo=true&marker=sfhlsfdjh2048")).await;
    assert_eq!(bad.text(), "{\"messages\": [], \"links\": []}");
}

#[tokio::test]
async fn a_messages_id_is_a_marker_too() {
    let fixture = Fixture::new();
    let hrefs = fixture.post_messages("q", &["1", "2", "3"]).await;
    let id = hrefs[1].rsplit('/').next().unwrap();
    let behind = async |id: &str| {
        let page = fixture.get(&format!("{MESSAGES}?echo=true&marker={id}")).await.json();
        page["messages"].as_array().unwrap().iter().map(|message| message["body"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(behind(id).await, [3]);
    assert_eq!(behind("00000000-0000-4000-8000-000000000000").await, [1, 2, 3]);
}

#[tokio::test]
async fn messages_are_shown_and_deleted_by_their_ids() {
    let fixture = Fixture::new();
    let hrefs = fixture.post_messages("q", &["1", "2"]).await;
    let ids: Vec<_> = hrefs.iter().map(|href| href.rsplit('/').next().unwrap()).collect();
    let both = format!("{MESSAGES}?ids={},{},nope", ids[0], ids[1]);
    let shown = fixture.get(&both).await.json();
    assert_eq!(shown["messages"].as_array().unwrap().len(), 2);
    assert_eq!(shown.get("links"), None);
    assert_eq!(fixture.delete(&both).await.status, 204);
    let gone = format!("{MESSAGES}?ids=a,it's");
    let text = "No messages with IDs: ['a', \"it's\"] found in the queue q for project p.";
    fixture.get(&gone).await.is_error(404, "Not found", text);
    let limit = "Limit must be at least 1 and may not be greater than 20.";
    fixture.get(&format!("{MESSAGES}?ids=,")).await.is_error(400, API, limit);
    fixture.get(&format!("{MESSAGES}?ids={}", "a,".repeat(21))).await.is_error(400, API, limit);
    assert_eq!(fixture.delete(MESSAGES).await.status, 400);
    assert_eq!(fixture.delete(&format!("{MESSAGES}?ids=")).await.status, 400);
}

#[tokio::test]
async fn popped_messages_are_shown_once() {
    let fixture = Fixture::with(Limits { enable_checksum: true, ..Limits::default() });
    fixture.post_messages("q", &["239", "2"]).await;
    let popped = fixture.delete(&format!("{MESSAGES}?pop=1")).await.json();
    let message = &popped["messages"][0];
    assert_eq!(
        (&message["body"], &message["ttl"], &message["age"], &message["claim_id"], &message["claim_count"]),
        (&json!(239), &json!(300), &json!(0), &json!(null), &json!(0))
    );
    assert_eq!(message["checksum"], "MD5:555d6702c950ecb729a966504af0a635");
    fixture.delete(&format!("{MESSAGES}?pop=20")).await;
    assert_eq!(fixture.delete(&format!("{MESSAGES}?pop=1")).await.text(), "{\"messages\": []}");
    let text = "Pop value must be at least 1 and may not be greater than 20.";
    fixture.delete(&format!("{MESSAGES}?pop=21")).await.is_error(400, API, text);
}

#[tokio::test]
async fn an_invalid_length_is_refused() {
    let fixture = Fixture::new();
    for length in ["abc", "-1", "1_0", "18446744073709551616"] {
        let mut request = request("POST", MESSAGES, "");
        request.headers_mut().insert("content-length", length.parse().unwrap());
        let answer = fixture.send(request).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["title"]), (400, &json!("Invalid header value")));
    }
}

#[tokio::test]
async fn invalid_utf8_is_refused() {
    let fixture = Fixture::new();
    let body = b"{\"messages\": [{\"body\": \"\xff\xfe\"}]}";
    fixture.post(MESSAGES, body).await.is_error(400, BODY, "Request body could not be parsed.");
}
