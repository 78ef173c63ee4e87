//! A server that echoes its input until the client closes the connection.

use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use zaqar_listener::{ConnectionLimits, Draining, Listener, Tls, TlsConnection, Transport};

/// Sent to clients when the server stops.
pub(crate) const STOP_NOTICE: &str = "The server stops.";

struct Echo;

impl Transport for Echo {
    const CONNECTIONS: &'static str = "echoes";

    async fn serve_plain(&self, stream: TcpStream, draining: Draining) {
        assert!(stream.nodelay().unwrap());
        echo(stream, draining).await;
    }

    async fn serve_tls(&self, stream: TlsConnection, draining: Draining) {
        echo(stream, draining).await;
    }
}

async fn echo(mut stream: impl AsyncRead + AsyncWrite + Unpin, mut draining: Draining) {
    let mut notified = false;
    let mut buffer = [0; 64];
    loop {
        let answer = tokio::select! {
            read = stream.read(&mut buffer) => match read {
                Ok(0) | Err(_) => return,
                Ok(size) => &buffer[..size],
            },
            () = draining.begun(), if !notified => {
                notified = true;
                STOP_NOTICE.as_bytes()
            }
        };
        if stream.write_all(answer).await.is_err() {
            return;
        }
    }
}

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

pub(crate) async fn start(tls: Option<Tls>, limits: ConnectionLimits) -> Running {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let server = tokio::spawn(async move {
        let listener = Listener { socket, tls, limits };
        listener.serve(Echo, async { stopped.await.unwrap_or_default() }).await;
    });
    Running { address, stop, server }
}

impl Running {
    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Asks the server to stop. The returned future completes when it has.
    pub(crate) fn stop(self) -> impl Future<Output = ()> {
        self.stop.send(()).unwrap();
        async { self.server.await.unwrap() }
    }
}

/// Reads as much as `text` is long.
pub(crate) async fn expect(stream: &mut (impl AsyncRead + Unpin), text: &str) {
    let mut read = vec![0; text.len()];
    stream.read_exact(&mut read).await.unwrap();
    assert_eq!(String::from_utf8(read).unwrap(), text);
}

/// Sends something and expects it back.
pub(crate) async fn is_served(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    stream.write_all(b"Hello.").await.unwrap();
    expect(stream, "Hello.").await;
}
