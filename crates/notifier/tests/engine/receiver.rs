//! A subscriber: an HTTP server that keeps what comes.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    received: Arc<watch::Sender<Vec<Received>>>,
}

/// A notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) body: String,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, received) = (listener.local_addr().unwrap(), Arc::default());
        let keeping = Arc::clone(&received);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let keeping: Arc<watch::Sender<Vec<Received>>> = Arc::clone(&keeping);
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
                    while let Some(received) = read(&mut stream).await {
                        keeping.send_modify(|all| all.push(received));
                        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nseen";
                        stream.get_mut().write_all(answer).await.unwrap();
                    }
                });
            }
        });
        Self { address, received }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What has come up to now.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.borrow().clone()
    }

    /// All that has come, once it is enough.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Received> {
        let mut received = self.received.subscribe();
        received.wait_for(|received| received.len() >= count).await.unwrap().clone()
    }

    /// The bodies that have come to one path, in their order.
    pub(crate) fn bodies(&self, path: &str) -> Vec<String> {
        let all = self.received();
        all.into_iter().filter(|received| received.path == path).map(|received| received.body).collect()
    }
}

/// `None` where the other side has hung up.
async fn read(stream: &mut BufReader<TcpStream>) -> Option<Received> {
    let (mut path, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let line = line.trim_end();
        match line.split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().ok()?;
            }
            _ if line.is_empty() => break,
            _ => {}
        }
        path = path.or_else(|| line.split(' ').nth(1).map(ToOwned::to_owned));
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let document: Value = serde_json::from_slice(&body).ok()?;
    Some(Received { path: path?, body: document["body"].as_str()?.to_owned() })
}
