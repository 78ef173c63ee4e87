//! A client as cheap as can be.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Where an answer ends, once it is whole. It must be a good one.
pub(crate) type EndOfAnswer = fn(&[u8]) -> Option<usize>;

/// One connection that is kept.
pub(crate) struct Connection {
    address: SocketAddr,
    /// `None`: the server has closed it after its last answer.
    stream: Option<TcpStream>,
    end: EndOfAnswer,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr, end: EndOfAnswer) -> Self {
        let stream = Some(connect(address).await);
        Self { address, stream, end, buffer: Vec::with_capacity(64 << 10) }
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> &[u8] {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            closed => closed.insert(connect(self.address).await),
        };
        stream.write_all(request).await.unwrap();
        self.buffer.clear();
        loop {
            assert_ne!(stream.read_buf(&mut self.buffer).await.unwrap(), 0, "the server has hung up");
            if let Some(end) = (self.end)(&self.buffer) {
                if is_the_last(&self.buffer) {
                    self.stream = None;
                }
                return &self.buffer[..end];
            }
        }
    }
}

async fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Whether the server says that it closes the connection behind this answer.
fn is_the_last(answer: &[u8]) -> bool {
    let line = b"\r\nconnection: close\r\n";
    answer[..answer.len().min(512)].windows(line.len()).any(|at| at.eq_ignore_ascii_case(line))
}

pub(crate) fn http(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    assert_eq!(answer[9], b'2', "{}", String::from_utf8_lossy(answer));
    let text = std::str::from_utf8(&answer[..head]).unwrap().to_ascii_lowercase();
    let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
    let end = head + length.map_or(0, |length| length.parse().unwrap());
    (answer.len() >= end).then_some(end)
}

pub(crate) fn request(method: &str, path: &str, body: &str) -> Vec<u8> {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nClient-ID: 3381af92-2b9e-11e3-b191-71861300734c\r\n\
         X-Project-ID: bench\r\nContent-Type: application/json\r\n{length}\r\n{body}"
    )
    .into_bytes()
}

/// The ids in an answer's messages.
pub(crate) fn ids_in(answer: &[u8]) -> Vec<&str> {
    let text = std::str::from_utf8(answer).unwrap();
    text.split("\"id\":").skip(1).filter_map(|rest| rest.split('"').nth(1)).collect()
}
