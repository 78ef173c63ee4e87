//! A line that is cut: what the client hears, and what the server did.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use zaqar_test_servers::{Cut, Engine, Proxy, Redis};

struct Line {
    server: Redis,
    proxy: Proxy,
}

impl Line {
    fn new() -> Self {
        let server = Redis::start(Engine::Redis, &[]);
        let proxy = Proxy::to(server.address());
        Self { server, proxy }
    }

    async fn connect(&self) -> redis::RedisResult<redis::aio::MultiplexedConnection> {
        let client = redis::Client::open(format!("redis://{}", self.proxy.address()))?;
        client.get_multiplexed_async_connection().await
    }
}

async fn count(connection: &mut redis::aio::MultiplexedConnection) -> redis::RedisResult<i32> {
    redis::cmd("INCR").arg("count").query_async(connection).await
}

#[tokio::test]
async fn a_request_whose_answer_is_cut_off_was_done() {
    let line = Line::new();
    let mut connection = line.connect().await.unwrap();
    assert_eq!(count(&mut connection).await.unwrap(), 1);
    line.proxy.cut_next(Cut::BeforeAnswer, b"INCR");
    redis::cmd("PING").query_async::<String>(&mut connection).await.unwrap();
    count(&mut connection).await.unwrap_err();
    assert_eq!(line.proxy.cuts(), 1);
    assert_eq!(line.server.run(&["GET", "count"]), "2");
    // The next is carried as before.
    assert_eq!(count(&mut line.connect().await.unwrap()).await.unwrap(), 3);
}

#[tokio::test]
async fn a_request_that_is_cut_off_was_not_done() {
    let line = Line::new();
    let mut connection = line.connect().await.unwrap();
    line.proxy.cut_next(Cut::BeforeRequest, b"");
    count(&mut connection).await.unwrap_err();
    assert_eq!(line.server.run(&["EXISTS", "count"]), "0");
}

#[tokio::test]
async fn a_late_request_is_done_when_it_is_sent_on() {
    let line = Line::new();
    let mut connection = line.connect().await.unwrap();
    line.proxy.cut_next(Cut::LateRequest, b"INCR");
    count(&mut connection).await.unwrap_err();
    assert_eq!(line.server.run(&["EXISTS", "count"]), "0");
    line.proxy.send_late();
    assert_eq!(line.server.run(&["GET", "count"]), "1");
}

#[tokio::test]
async fn a_line_that_is_cut_behind_its_request_ends_without_an_answer() {
    let line = Line::new();
    let mut connection = line.connect().await.unwrap();
    line.proxy.cut_next(Cut::BehindRequest, b"count");
    count(&mut connection).await.unwrap_err();
    assert_eq!(line.proxy.cuts(), 1);
}

#[tokio::test]
async fn one_that_refuses_ends_its_lines_and_takes_none_until_it_passes() {
    let line = Line::new();
    let mut connection = line.connect().await.unwrap();
    line.proxy.refuse();
    count(&mut connection).await.unwrap_err();
    assert!(line.connect().await.unwrap_err().is_connection_refusal());
    line.proxy.pass();
    assert_eq!(count(&mut line.connect().await.unwrap()).await.unwrap(), 1);
}

#[tokio::test]
async fn what_is_held_comes_when_it_passes() {
    let line = Line::new();
    let mut connection = line.connect().await.unwrap();
    line.proxy.hold();
    let question = tokio::spawn(async move { count(&mut connection).await });
    assert_eq!(line.server.run(&["EXISTS", "count"]), "0");
    line.proxy.pass();
    // The client gives up after half a second: either way the server has got it.
    let _ = question.await.unwrap();
    assert_eq!(line.server.run(&["GET", "count"]), "1");
}

#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "the time is what is looked at")]
async fn a_delayed_answer_takes_so_much_longer() {
    let line = Line::new();
    let mut connection = line.connect().await.unwrap();
    line.proxy.delay(Duration::from_millis(100));
    let begin = std::time::Instant::now();
    assert_eq!(count(&mut connection).await.unwrap(), 1);
    assert!(begin.elapsed() >= Duration::from_millis(100));
}
