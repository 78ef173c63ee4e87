//! WebSocket connections: handshake, frames, sessions, close.

mod close;
mod connection;
mod context;
mod frames;
mod handshake;

use std::future::Future;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use zaqar_listener::{Draining, Listener, TlsConnection, Transport};

use crate::options::WebSocketOptions;
use crate::service::WebSocketService;
use context::ConnectionContext;

/// Serves the connections of a port until `shutdown` completes, then closes them.
pub async fn serve(
    listener: Listener,
    service: WebSocketService,
    options: WebSocketOptions,
    shutdown: impl Future<Output = ()>,
) {
    let context = ConnectionContext { service, options, frames: frames::options(&options) };
    listener.serve(WebSocketTransport(context), shutdown).await;
}

#[derive(Debug)]
struct WebSocketTransport(ConnectionContext);

impl Transport for WebSocketTransport {
    const CONNECTIONS: &'static str = "WebSocket connections";

    async fn serve_plain(&self, stream: TcpStream, draining: Draining) {
        let peer = stream.peer_addr().ok();
        self.run(stream, peer, draining).await;
    }

    async fn serve_tls(&self, stream: TlsConnection, draining: Draining) {
        let peer = stream.get_ref().0.peer_addr().ok();
        self.run(stream, peer, draining).await;
    }
}

impl WebSocketTransport {
    async fn run<S>(&self, stream: S, peer: Option<SocketAddr>, draining: Draining)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // Boxed, so that its memory is freed after the handshake.
        let upgraded = Box::pin(handshake::upgrade(stream, &self.0)).await;
        if let Some(upgraded) = upgraded {
            connection::run(upgraded, &self.0, peer, draining).await;
        }
    }
}
