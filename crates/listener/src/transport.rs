//! The protocol that is spoken on connections.

use std::future::Future;

use tokio::net::TcpStream;

use crate::draining::Draining;
use crate::tls::TlsConnection;

/// Serves a connection from the end of its handshake until it closes. A connection that does not close within
/// [`drain_timeout`] is aborted.
///
/// [`drain_timeout`]: crate::ConnectionLimits::drain_timeout
pub trait Transport: Send + Sync + 'static {
    /// As it completes "closing … that did not end in time".
    const CONNECTIONS: &'static str;

    /// Serves a connection without TLS.
    fn serve_plain(&self, stream: TcpStream, draining: Draining) -> impl Future<Output = ()> + Send;

    /// Serves a connection with TLS.
    fn serve_tls(&self, stream: TlsConnection, draining: Draining) -> impl Future<Output = ()> + Send;
}
