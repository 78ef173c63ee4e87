//! Connections: how they become WebSockets, what is said on them, how they end.

mod connection;
mod frames;
mod goodbye;
mod handshake;
mod pace;

use std::future::Future;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use zaqar_listener::{Draining, Listener, TlsConnection, Transport};

use crate::{WebSocketOptions, WebSocketService};

/// What every connection is given.
#[derive(Debug)]
struct Site {
    service: WebSocketService,
    options: WebSocketOptions,
    /// How frames are read and written.
    frames: yawc::Options,
}

/// Serves the connections of a port until `shutdown` completes, and tells clients that the server goes away.
pub async fn serve(
    listener: Listener,
    service: WebSocketService,
    options: WebSocketOptions,
    shutdown: impl Future<Output = ()>,
) {
    let site = Site { service, options, frames: frames::options(&options) };
    listener.serve(site, shutdown).await;
}

impl Transport for Site {
    const CONNECTIONS: &'static str = "WebSocket connections";

    async fn serve_plain(&self, stream: TcpStream, draining: Draining) {
        let peer = stream.peer_addr().ok();
        self.converse(stream, peer, draining).await;
    }

    async fn serve_tls(&self, stream: TlsConnection, draining: Draining) {
        let peer = stream.get_ref().0.peer_addr().ok();
        self.converse(stream, peer, draining).await;
    }
}

impl Site {
    async fn converse<S>(&self, stream: S, peer: Option<SocketAddr>, draining: Draining)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // In a box of its own: it is gone when the conversation begins.
        let granted = Box::pin(handshake::upgrade(stream, self)).await;
        if let Some(granted) = granted {
            connection::run(granted, self, peer, draining).await;
        }
    }
}
