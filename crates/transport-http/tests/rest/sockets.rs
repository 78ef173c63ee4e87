//! A service that listens on a port of its own.

use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use zaqar_listener::{ConnectionLimits, Listener};
use zaqar_transport_http::{ServeOptions, serve};

use crate::fixture::Fixture;

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

pub(crate) async fn start(options: ServeOptions) -> Running {
    start_limited(ConnectionLimits::default(), options).await
}

pub(crate) async fn start_limited(limits: ConnectionLimits, options: ServeOptions) -> Running {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let service = Fixture::new().service;
    let server = tokio::spawn(async move {
        let listener = Listener { socket, tls: None, limits };
        serve(listener, service, options, async { stopped.await.unwrap_or_default() }).await;
    });
    Running { address, stop: Some(stop), server }
}

impl Running {
    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends all of it and reads until the server closes.
    pub(crate) async fn exchange(&self, data: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(data).await.unwrap();
        read_all(&mut stream).await
    }

    pub(crate) fn begin_to_stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Waits until the server has stopped.
    pub(crate) async fn stop(mut self) {
        if self.stop.is_some() {
            self.begin_to_stop();
        }
        self.server.await.unwrap();
    }
}

pub(crate) async fn read_all(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

/// Reads until `end` was sent.
pub(crate) async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(end.as_bytes()) {
        answer.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(answer).unwrap()
}
