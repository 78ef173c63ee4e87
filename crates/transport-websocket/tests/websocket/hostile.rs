//! Misbehaving clients: each is closed with a reason, and others are not affected.

use proptest::prelude::{ProptestConfig, any, proptest};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;
use zaqar_transport_websocket::WebSocketOptions;

use crate::fixture::Fixture;
use crate::raw::{RawClient, TEXT, frame};

#[tokio::test]
async fn each_breach_of_the_protocol_has_its_code_and_is_nobody_elses_concern() {
    let options = WebSocketOptions { max_message_bytes: 2048, ..WebSocketOptions::default() };
    let fixture = Fixture::with(options).await;
    let mut bystander = fixture.connect().await;
    let mut in_two_parts = frame(0x01, b"{");
    in_two_parts.extend(frame(TEXT, b"}"));
    let mut growing = frame(0x01, &[b' '; 1500]);
    growing.extend(frame(0x80, &[b' '; 1500]));
    for (bytes, code) in [
        (frame(TEXT, b"\xff\xfe"), 1007),
        (vec![TEXT, 2, b'{', b'}'], 1002),
        (frame(0xc1, b"{}"), 1002),
        (frame(0x83, b"{}"), 1002),
        (frame(0x80, b"{}"), 1002),
        (frame(0x09, b""), 1002),
        (frame(0x89, &[0; 126]), 1002),
        (in_two_parts, 1002),
        (frame(TEXT, &[b' '; 3000]), 1009),
        (vec![TEXT, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], 1009),
        (growing, 1009),
    ] {
        let mut client = RawClient::connect(fixture.address).await;
        client.write(&bytes).await;
        assert_eq!(client.close_code().await, Some(code), "{:x?}", &bytes[..2]);
        bystander.expect(200, "queue_list", json!({})).await;
    }
}

#[tokio::test]
async fn a_frame_that_is_never_completed_holds_nobody_up() {
    let fixture = Fixture::new().await;
    let mut half = RawClient::connect(fixture.address).await;
    half.write(&frame(TEXT, b"{\"action\": \"queue_list\"}")[..9]).await;
    fixture.connect().await.expect(200, "queue_list", json!({})).await;
    drop(half);
    fixture.connect().await.expect(200, "queue_list", json!({})).await;
}

#[tokio::test]
async fn nesting_is_bounded_in_both_formats() {
    let mut client = Fixture::new().await.connect().await;
    let text = "[".repeat(100_000) + &"]".repeat(100_000);
    client.send(Message::text(text)).await;
    assert!(client.receive().await.to_text().unwrap().contains("nested deeper than 960 levels"));
    client.send(Message::binary(vec![0x91; 100_000])).await;
    let Message::Binary(reply) = client.receive().await else { panic!("no binary frame") };
    assert!(String::from_utf8_lossy(&reply).contains("nested deeper than 960 levels"));
    client.expect(200, "queue_list", json!({})).await;
}

#[tokio::test]
async fn a_body_may_nest_as_deep_as_over_rest() {
    let mut client = Fixture::new().await.connect().await;
    let body = "[".repeat(900) + &"]".repeat(900);
    let headers = crate::fixture::headers();
    let post = format!(
        "{{\"action\": \"message_post\", \"headers\": {headers}, \
         \"body\": {{\"queue_name\": \"q\", \"messages\": [{{\"body\": {body}}}]}}}}"
    );
    client.send(Message::text(post)).await;
    assert!(client.receive().await.to_text().unwrap().contains("\"status\":201"));
    let pop = crate::fixture::request("message_delete_many", json!({ "queue_name": "q", "pop": 1 }));
    client.send(Message::text(pop.to_string())).await;
    assert!(client.receive().await.to_text().unwrap().contains(&body));
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off_and_costs_no_memory() {
    let options = WebSocketOptions {
        send_timeout: std::time::Duration::from_millis(200),
        ..WebSocketOptions::default()
    };
    let fixture = Fixture::with(options).await;
    let client = RawClient::connect(fixture.address).await;
    // Each reply repeats its request. What the socket buffers cannot hold waits in the client.
    let request = frame(TEXT, json!({ "action": "x".repeat(60_000) }).to_string().as_bytes());
    let (mut read, mut write) = client.stream.into_split();
    while write.write_all(&request).await.is_ok() {}
    let mut rest = Vec::new();
    let _ = read.read_to_end(&mut rest).await;
    fixture.connect().await.expect(200, "queue_list", json!({})).await;
}

#[tokio::test]
async fn a_flood_of_pings_costs_no_memory_and_is_cut_off_where_nobody_reads_the_answers() {
    let options = WebSocketOptions {
        send_timeout: std::time::Duration::from_millis(200),
        ..WebSocketOptions::default()
    };
    let fixture = Fixture::with(options).await;
    let client = RawClient::connect(fixture.address).await;
    let pings = frame(0x89, &[0; 125]).repeat(1000);
    let (_unread, mut write) = client.stream.into_split();
    while write.write_all(&pings).await.is_ok() {}
    fixture.connect().await.expect(200, "queue_list", json!({})).await;
}

#[tokio::test]
async fn what_is_no_handshake_is_told_why() {
    let fixture = Fixture::new().await;
    for (request, status) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "426"),
        ("POST / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n", "426"),
        ("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "400"),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 8\r\n\r\n",
            "400",
        ),
        ("nonsense\r\n\r\n", "400"),
    ] {
        let answer = RawClient::open(fixture.address).await.ask(request).await;
        assert_eq!(answer.split(' ').nth(1), Some(status), "{request}");
    }
}

#[test]
fn no_frame_whatever_is_in_it_hurts_the_server() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let fixture = runtime.block_on(Fixture::new());
    proptest!(ProptestConfig::with_cases(64), |(noise in any::<Vec<u8>>(), first in any::<u8>(), payload in any::<Vec<u8>>())| {
        runtime.block_on(async {
            let mut client = RawClient::connect(fixture.address).await;
            let _ = client.stream.write_all(&frame(first, &payload)).await;
            let _ = client.stream.write_all(&noise).await;
            let _ = client.stream.shutdown().await;
            let _ = client.stream.read_to_end(&mut Vec::new()).await;
        });
    });
    runtime.block_on(async { fixture.connect().await.expect(200, "queue_list", json!({})).await });
}
