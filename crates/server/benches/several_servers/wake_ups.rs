//! How long a message takes from one server to whoever waits on another.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

use super::engines::Alone;
use super::median_and_maximum;
use super::support::http::{CLIENT_ID, Client};
use super::support::queues;
use super::support::receiver::Receiver;
use super::support::server::Server;

pub(crate) fn measure(engine: &str, rounds: usize) {
    let store = Alone::start(engine);
    let servers = store.servers(2);
    let (here, there) = (&servers[0], &servers[servers.len() - 1]);
    println!("{engine}: {rounds} messages, posted at one server, seen at another ({} there)", servers.len());
    let mut client = here.client();
    queues::post_ok(&mut client, "followed", &[json!(0)]);
    let mut socket = follow(there, "followed");
    report("WebSocket subscriber", rounds, || {
        let took = post(&mut client, "followed");
        while !notified(&mut socket).get("body").is_some_and(Value::is_object) {}
        took
    });
    let receiver = Receiver::answering(200);
    // Whichever server comes first delivers.
    queues::subscribe(&mut client, "hooked", &receiver.url("/"), &json!({}));
    let mut seen = 0;
    report("webhook", rounds, || {
        let took = post(&mut client, "hooked");
        seen += 1;
        receiver.wait_for(seen);
        took
    });
}

/// Posts one message; answers when that was begun.
fn post(client: &mut Client, queue: &str) -> Instant {
    let begun = Instant::now();
    queues::post_ok(client, queue, &[json!({"a": 1})]);
    begun
}

/// `turn` returns when it was begun, and ends when the message is seen.
fn report(who: &str, rounds: usize, mut turn: impl FnMut() -> Instant) {
    let times: Vec<Duration> = (0..rounds).map(|_| turn().elapsed()).collect();
    let (middle, longest) = median_and_maximum(times);
    println!("{who}: p50 {middle:.2?}, max {longest:.2?} from the beginning of the post");
}

fn follow(server: &Server, queue: &str) -> WebSocket<TcpStream> {
    let stream = TcpStream::connect(server.websocket).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let (mut socket, _) = client(server.websocket_url(), stream).unwrap();
    let wish = json!({
        "action": "subscription_create",
        "headers": {"Client-ID": CLIENT_ID, "X-Project-ID": "tests"},
        "body": {"queue_name": queue, "ttl": 3600},
    });
    socket.send(Message::text(wish.to_string())).unwrap();
    let answer = notified(&mut socket);
    assert_eq!(answer["headers"]["status"], 201, "{answer}");
    socket
}

fn notified(socket: &mut WebSocket<TcpStream>) -> Value {
    loop {
        if let Message::Text(text) = socket.read().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}
