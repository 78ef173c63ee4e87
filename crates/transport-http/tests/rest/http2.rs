//! HTTP/2: well-behaved clients with a library, and misbehaving ones frame by frame.

use std::time::Duration;

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{Reason, RecvStream};
use http::{Request, Response, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use zaqar_transport_http::ServeOptions;

use crate::fixture::CLIENT;
use crate::sockets::{Running, start};

/// A client with prior knowledge of HTTP/2, and its connection.
async fn client(server: &Running) -> (SendRequest<Bytes>, JoinHandle<Result<(), h2::Error>>) {
    let (client, connection) = h2::client::handshake(server.connect().await).await.unwrap();
    (client.ready().await.unwrap(), tokio::spawn(connection))
}

fn request(method: &str, path: &str) -> Request<()> {
    let request = Request::builder().method(method).uri(format!("http://x{path}"));
    request.header("client-id", CLIENT).header("x-project-id", "p").body(()).unwrap()
}

fn ask(client: &mut SendRequest<Bytes>, method: &str, path: &str) -> ResponseFuture {
    client.send_request(request(method, path), true).unwrap().0
}

async fn text(response: Response<RecvStream>) -> (StatusCode, String) {
    let (head, mut body) = response.into_parts();
    let mut all = Vec::new();
    while let Some(data) = body.data().await {
        all.extend_from_slice(&data.unwrap());
    }
    (head.status, String::from_utf8(all).unwrap())
}

#[tokio::test]
async fn many_requests_are_served_side_by_side_on_one_connection() {
    let server = start(ServeOptions::default()).await;
    let (mut client, _connection) = client(&server).await;
    let create = |number| format!("/v2/queues/q{number}");
    let answers: Vec<_> = (0..50).map(|number| ask(&mut client, "PUT", &create(number))).collect();
    for answer in answers {
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), 201);
        assert!(answer.headers().contains_key("x-openstack-request-id"));
    }
    let (status, queues) = text(ask(&mut client, "GET", "/v2/queues?limit=20").await.unwrap()).await;
    assert_eq!((status, queues.matches("\"name\"").count()), (StatusCode::OK, 20));
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn a_body_needs_no_length_and_is_cut_off_at_the_limit() {
    let server = start(ServeOptions::default()).await;
    let (mut client, _connection) = client(&server).await;
    let (answer, mut body) = client.send_request(request("PUT", "/v2/queues/q"), false).unwrap();
    body.send_data("{\"colour\":".into(), false).unwrap();
    body.send_data(" \"red\"}".into(), true).unwrap();
    assert_eq!(answer.await.unwrap().status(), 201);
    let (_, shown) = text(ask(&mut client, "GET", "/v2/queues/q").await.unwrap()).await;
    assert!(shown.contains("\"colour\": \"red\""), "{shown}");

    let post = request("POST", "/v2/queues/q/messages");
    let (answer, mut body) = client.send_request(post, false).unwrap();
    // Everything is read, including what the client sends after the response.
    body.send_data(vec![b' '; 3 << 20].into(), true).unwrap();
    let (status, refusal) = text(answer.await.unwrap()).await;
    assert_eq!(status, 400);
    assert!(refusal.contains("Message collection size is too large."), "{refusal}");
    // The connection stays open.
    assert_eq!(ask(&mut client, "GET", "/v2/ping").await.unwrap().status(), 204);
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn odd_requests_are_refused_and_the_connection_goes_on() {
    let server = start(ServeOptions::default()).await;
    let (mut client, _connection) = client(&server).await;
    let tunnel = Request::connect("elsewhere:80").body(()).unwrap();
    assert_eq!(client.send_request(tunnel, false).unwrap().0.await.unwrap().status(), 405);
    assert_eq!(ask(&mut client, "BREW", "/v2/ping").await.unwrap().status(), 400);
    assert_eq!(ask(&mut client, "GET", "/nowhere").await.unwrap().status(), 404);
    assert_eq!(ask(&mut client, "GET", "/v2/ping").await.unwrap().status(), 204);
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn too_many_headers_or_too_long_ones_are_refused() {
    let server = start(ServeOptions::default()).await;
    let (mut client, _connection) = client(&server).await;
    let mut many = request("GET", "/v2/ping");
    for number in 0..200 {
        let name: http::HeaderName = format!("h{number}").parse().unwrap();
        many.headers_mut().insert(name, "v".parse().unwrap());
    }
    let mut long = request("GET", "/v2/ping");
    long.headers_mut().insert("h", "x".repeat(100_000).parse().unwrap());
    for refused in [many, long] {
        let (answer, _) = client.send_request(refused, true).unwrap();
        assert_eq!(answer.await.unwrap().status(), 431);
    }
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn stopping_lets_requests_in_flight_end_and_closes_idle_connections() {
    let mut server = start(ServeOptions::default()).await;
    let (idle, idle_connection) = client(&server).await;
    let (mut busy, busy_connection) = client(&server).await;
    let (answer, mut body) = busy.send_request(request("PUT", "/v2/queues/q"), false).unwrap();
    // Requests start in order: after the response to this one, the other is in progress.
    assert_eq!(ask(&mut busy, "GET", "/v2/ping").await.unwrap().status(), 204);
    server.begin_to_stop();
    idle_connection.await.unwrap().unwrap();
    body.send_data("{}".into(), true).unwrap();
    assert_eq!(answer.await.unwrap().status(), 201);
    busy_connection.await.unwrap().unwrap();
    drop((idle, busy));
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_requests_is_closed() {
    let server = start(ServeOptions::default()).await;
    let (client, connection) = client(&server).await;
    let start = Instant::now();
    let _ = connection.await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 75);
    drop(client);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_given_up() {
    let server = start(ServeOptions::default()).await;
    let (mut client, _connection) = client(&server).await;
    let (answer, _body) = client.send_request(request("PUT", "/v2/queues/q"), false).unwrap();
    assert_eq!(answer.await.unwrap().status(), 408);
    drop(client);
    server.stop().await;
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GO_AWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// `GET /` by http, as the table of headers of HTTP/2 has them.
const GET: &[u8] = &[0x82, 0x86, 0x84];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A connection after the exchange of settings.
async fn hostile(server: &Running) -> TcpStream {
    let mut stream = server.connect().await;
    stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, b"")].concat()).await.unwrap();
    stream
}

/// Reads until the server closes the connection. Returns its error code.
async fn farewell(stream: &mut TcpStream) -> Option<Reason> {
    let mut reason = None;
    let mut head = [0; 9];
    while stream.read_exact(&mut head).await.is_ok() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        if stream.read_exact(&mut payload).await.is_err() {
            break;
        }
        if head[3] == GO_AWAY {
            reason = Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()).into());
        }
    }
    reason
}

async fn others_are_served(server: &Running) {
    let (mut client, _connection) = client(server).await;
    assert_eq!(ask(&mut client, "GET", "/v2/ping").await.unwrap().status(), 204);
}

#[tokio::test]
async fn a_flood_of_streams_that_are_reset_at_once_ends_the_connection() {
    let server = start(ServeOptions::default()).await;
    let mut stream = hostile(&server).await;
    let mut flood = Vec::new();
    for number in 0..5000 {
        let id = 2 * number + 1;
        flood.extend(frame(HEADERS, END_STREAM | END_HEADERS, id, GET));
        flood.extend(frame(RST_STREAM, 0, id, &8_u32.to_be_bytes()));
    }
    let _ = stream.write_all(&flood).await;
    assert_eq!(farewell(&mut stream).await, Some(Reason::ENHANCE_YOUR_CALM));
    others_are_served(&server).await;
    server.stop().await;
}

#[tokio::test]
async fn headers_in_ever_more_pieces_end_the_connection() {
    let server = start(ServeOptions::default()).await;
    let mut stream = hostile(&server).await;
    let mut flood = frame(HEADERS, END_STREAM, 1, GET);
    for _ in 0..5000 {
        // Without indexing: one letter for a name and one for its value.
        flood.extend(frame(CONTINUATION, 0, 1, &[0, 1, b'a', 1, b'b']));
    }
    let _ = stream.write_all(&flood).await;
    assert_eq!(farewell(&mut stream).await, Some(Reason::ENHANCE_YOUR_CALM));
    others_are_served(&server).await;
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn headers_that_do_not_end_are_given_up_however_they_trickle() {
    let server = start(ServeOptions::default()).await;
    let start = Instant::now();
    let (mut reader, mut writer) = hostile(&server).await.into_split();
    writer.write_all(&frame(HEADERS, END_STREAM, 1, GET)).await.unwrap();
    let trickle = async {
        // Each byte of the frame comes ten seconds after the one before.
        for byte in frame(CONTINUATION, 0, 1, &[b'a'; 1000]) {
            tokio::time::sleep(Duration::from_secs(10)).await;
            writer.write_all(&[byte]).await.unwrap_or_default();
        }
    };
    let mut rest = Vec::new();
    tokio::select! {
        _ = reader.read_to_end(&mut rest) => {}
        () = trickle => {}
    }
    assert!(start.elapsed() <= Duration::from_secs(80), "{:?}", start.elapsed());
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_taken_off_our_hands_is_given_up() {
    let server = start(ServeOptions::default()).await;
    let start = Instant::now();
    let mut stream = server.connect().await;
    // No byte of a response body may be sent (SETTINGS_INITIAL_WINDOW_SIZE is 0).
    let settings = frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
    let ask = frame(HEADERS, END_STREAM | END_HEADERS, 1, GET);
    stream.write_all(&[PREFACE, &settings, &ask].concat()).await.unwrap();
    farewell(&mut stream).await;
    assert_eq!(start.elapsed().as_secs(), 75);
    server.stop().await;
}

#[tokio::test]
async fn of_thousands_of_streams_only_as_many_as_are_allowed_are_served_at_a_time() {
    let server = start(ServeOptions { max_http2_streams: 10, ..ServeOptions::default() }).await;
    let mut stream = hostile(&server).await;
    // None of them ever ends: all of them wait for a body. 0x83 is POST.
    let opened: Vec<_> = (0..5000)
        .flat_map(|number| frame(HEADERS, END_HEADERS, 2 * number + 1, &[0x83, 0x86, 0x84]))
        .collect();
    let _ = stream.write_all(&opened).await;
    others_are_served(&server).await;
    // Streams beyond the limit were rejected, so many that the connection was closed.
    assert!(farewell(&mut stream).await.is_some());
    server.stop().await;
}
