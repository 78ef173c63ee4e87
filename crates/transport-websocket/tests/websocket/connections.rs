//! Connections: formats, order, limits, close.

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use zaqar_transport_websocket::WebSocketOptions;

use crate::fixture::{Fixture, request};
use crate::raw::{HANDSHAKE, RawClient};

#[tokio::test]
async fn a_reply_comes_in_the_format_of_its_request() {
    let mut client = Fixture::new().await.connect().await;
    // {"action": "queue_list"}, which lacks its headers.
    client.send(Message::binary(&b"\x81\xa6action\xaaqueue_list"[..])).await;
    let Message::Binary(reply) = client.receive().await else { panic!("no binary frame") };
    let text = String::from_utf8_lossy(&reply);
    assert!(
        text.contains("Schema validation failed.") && reply.ends_with(b"\xa6status\xcd\x01\x90"),
        "{text}"
    );
    client.expect(200, "queue_list", json!({})).await;
}

#[tokio::test]
async fn requests_that_are_sent_ahead_are_answered_in_their_order() {
    let mut client = Fixture::new().await.connect().await;
    let names: Vec<_> = (0..50).map(|number| format!("q{number}")).collect();
    for name in &names {
        let create = request("queue_create", json!({ "queue_name": name }));
        client.send(Message::text(create.to_string())).await;
    }
    for name in &names {
        let reply = client.receive().await;
        assert!(reply.to_text().unwrap().contains(&format!("Queue {name} created.")), "{reply}");
    }
}

#[tokio::test]
async fn a_client_is_asked_whether_it_is_there_and_let_go_when_it_is_silent() {
    let options = WebSocketOptions {
        ping_interval: Some(Duration::from_millis(50)),
        idle_timeout: Duration::from_millis(400),
        ..WebSocketOptions::default()
    };
    let fixture = Fixture::with(options).await;
    // Does not read, so it does not reply to pings.
    let mut silent = RawClient::connect(fixture.address).await;
    assert_eq!(silent.frame().await, Some((0x89, Vec::new())));
    assert_eq!(silent.close_code().await, Some(1001));
    // Its library replies to pings while it reads.
    let mut alive = fixture.connect().await;
    for _ in 0..12 {
        assert!(matches!(alive.receive().await, Message::Ping(_)));
    }
}

#[tokio::test]
async fn who_does_not_become_a_websocket_in_time_is_let_go() {
    let options =
        WebSocketOptions { handshake_timeout: Duration::from_millis(50), ..WebSocketOptions::default() };
    let fixture = Fixture::with(options).await;
    let mut slow = RawClient::open(fixture.address).await;
    slow.write(&HANDSHAKE.as_bytes()[..20]).await;
    assert_eq!(slow.frame().await, None);
}

#[tokio::test]
async fn the_port_in_host_must_be_the_external_one() {
    let fixture =
        Fixture::with(WebSocketOptions { external_port: Some(9443), ..WebSocketOptions::default() }).await;
    for (host, status) in
        [("zaqar.example:9443", "101"), ("zaqar.example:1", "400"), ("zaqar.example", "400")]
    {
        let handshake = HANDSHAKE.replace("localhost", host);
        let answer = RawClient::open(fixture.address).await.ask(&handshake).await;
        assert_eq!(answer.split(' ').nth(1), Some(status), "{host}");
    }
}

#[tokio::test]
async fn when_the_server_stops_clients_are_told_that_it_goes_away() {
    let mut fixture = Fixture::new().await;
    let mut client = fixture.connect().await;
    client.expect(200, "queue_list", json!({})).await;
    fixture.begin_stop();
    assert_eq!(client.close_code().await, 1001);
    assert!(client.socket.next().await.is_none());
    fixture.stopped().await;
}
