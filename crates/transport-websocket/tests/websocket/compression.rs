//! Compressed messages (permessage-deflate).

use std::net::SocketAddr;

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use yawc::{CompressionLevel, Frame, OpCode, Options, WebSocket};
use zaqar_transport_websocket::WebSocketOptions;

use crate::fixture::{Fixture, request};
use crate::raw::{HANDSHAKE, RawClient, frame};

/// The response to a handshake that offers compression.
async fn offer(address: SocketAddr, parameters: &str) -> String {
    let extensions = format!("\r\nSec-WebSocket-Extensions: permessage-deflate{parameters}\r\n\r\n");
    let handshake = HANDSHAKE.replace("\r\n\r\n", &extensions);
    RawClient::open(address).await.ask(&handshake).await.to_lowercase()
}

async fn compressing(fixture: &Fixture) -> WebSocket<TcpStream> {
    let stream = TcpStream::connect(fixture.address).await.unwrap();
    let url = format!("ws://{}/", fixture.address).parse().unwrap();
    let options = Options::default().with_compression_level(CompressionLevel::best());
    WebSocket::handshake(url, stream, options).await.unwrap()
}

#[tokio::test]
async fn a_client_that_offers_to_compress_is_answered_with_what_costs_no_memory() {
    let fixture = Fixture::new().await;
    for parameters in
        ["", "; client_max_window_bits", "; server_max_window_bits=12; client_max_window_bits=12"]
    {
        let answer = offer(fixture.address, parameters).await;
        assert!(answer.contains("permessage-deflate"), "{answer}");
        for bound in ["server_no_context_takeover", "client_no_context_takeover"] {
            assert!(answer.contains(bound), "{answer}");
        }
        assert_eq!(answer.contains("server_max_window_bits=12"), parameters.contains("=12"), "{answer}");
    }
    let answer = RawClient::open(fixture.address).await.ask(HANDSHAKE).await.to_lowercase();
    assert!(!answer.contains("extensions"), "{answer}");
    let options = WebSocketOptions { compression: false, ..WebSocketOptions::default() };
    let answer = offer(Fixture::with(options).await.address, "").await;
    assert!(answer.starts_with("http/1.1 101") && !answer.contains("extensions"), "{answer}");
}

#[tokio::test]
async fn what_is_compressed_is_understood_and_answered_compressed() {
    let fixture = Fixture::new().await;
    let mut client = compressing(&fixture).await;
    for round in 0..3 {
        let text = format!("{round}{}", "pizza ".repeat(10_000));
        let post = json!({ "queue_name": "q", "messages": [{ "body": text, "ttl": 300 }] });
        client.send(Frame::text(request("message_post", post).to_string())).await.unwrap();
        let reply = client.next_frame().await.unwrap().into_payload();
        let reply: Value = serde_json::from_slice(&reply).unwrap();
        assert_eq!(reply["headers"]["status"], 201);
        assert_eq!(reply["request"]["body"]["messages"][0]["body"], text.as_str());
    }
}

#[tokio::test]
async fn what_is_too_large_once_it_is_unpacked_is_refused() {
    let fixture = Fixture::new().await;
    let mut client = compressing(&fixture).await;
    client.send(Frame::text("x".repeat(100 << 20))).await.unwrap();
    let closed = client.next_frame().await.unwrap();
    assert_eq!((closed.opcode(), closed.close_code().map(u16::from)), (OpCode::Close, Some(1009)));
}

#[tokio::test]
async fn what_is_compressed_wrongly_or_without_an_agreement_is_refused() {
    const COMPRESSED_TEXT: u8 = 0xc1;
    let fixture = Fixture::new().await;
    let extensions = "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    for handshake in [HANDSHAKE.to_owned(), HANDSHAKE.replace("\r\n\r\n", extensions)] {
        let mut client = RawClient::open(fixture.address).await;
        client.ask(&handshake).await;
        client.write(&frame(COMPRESSED_TEXT, &[0xff; 20])).await;
        assert_eq!(client.close_code().await, Some(1002));
    }
}
