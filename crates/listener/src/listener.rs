//! The accept loop: accepts connections until the server stops, then drains them.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::connection::ConnectionHandler;
use crate::draining::Draining;
use crate::tls::Tls;
use crate::transport::Transport;

/// The pause after a failed accept, which most likely means that file descriptors ran out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Limits on the connections of a port, whatever their protocol.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Maximum number of open connections. Further ones wait to be accepted.
    pub max_connections: usize,
    /// Maximum time for the TLS handshake.
    pub tls_handshake_timeout: Duration,
    /// Maximum time for connections to end at shutdown.
    pub drain_timeout: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            tls_handshake_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(30),
        }
    }
}

/// A bound socket, and how its connections are served.
#[derive(Debug)]
pub struct Listener {
    pub socket: TcpListener,
    /// `None`: connections without TLS.
    pub tls: Option<Tls>,
    pub limits: ConnectionLimits,
}

impl Listener {
    /// Serves connections until `shutdown` completes. Then it stops accepting, waits up to
    /// [`ConnectionLimits::drain_timeout`] for open connections to end, aborts the rest and returns.
    pub async fn serve<T: Transport>(self, transport: T, shutdown: impl Future<Output = ()>) {
        let Self { socket, tls, limits } = self;
        let max_connections = limits.max_connections.max(1);
        let handler =
            Arc::new(ConnectionHandler { transport, tls, handshake_timeout: limits.tls_handshake_timeout });
        let (start_draining, draining) = Draining::channel();
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(_) = connections.join_next() => continue,
                // At the limit, new connections wait in the kernel's backlog.
                accepted = socket.accept(), if connections.len() < max_connections => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let (handler, draining) = (Arc::clone(&handler), draining.clone());
                    connections.spawn(async move { handler.handle(stream, draining).await });
                }
                Err(error) if is_peer_error(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(socket);
        start_draining.send_replace(true);
        let all_ended = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(limits.drain_timeout, all_ended).await.is_err() {
            let open = connections.len();
            tracing::warn!(open, "closing {} that did not end in time", T::CONNECTIONS);
            connections.shutdown().await;
        }
    }
}

/// Whether the peer closed the connection.
fn is_peer_error(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
