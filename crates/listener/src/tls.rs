//! The TLS handshake. The caller supplies the certificates.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;
use tracing::field::display;

/// A connection that has completed its TLS handshake.
pub type TlsConnection = TlsStream<TcpStream>;

/// The TLS configuration of a port. A configuration sent through the channel applies to new connections.
#[derive(Clone, Debug)]
pub struct Tls(watch::Receiver<Arc<ServerConfig>>);

impl Tls {
    pub const fn new(configs: watch::Receiver<Arc<ServerConfig>>) -> Self {
        Self(configs)
    }

    /// `None`: the handshake failed or timed out.
    pub(crate) async fn accept(&self, stream: TcpStream, timeout: Duration) -> Option<TlsConnection> {
        let config = Arc::clone(&self.0.borrow());
        let peer = stream.peer_addr().ok().map(display);
        match tokio::time::timeout(timeout, TlsAcceptor::from(config).accept(stream)).await {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                tracing::debug!(peer, %error, "TLS handshake failed");
                None
            }
            Err(_) => {
                tracing::debug!(peer, "TLS handshake timed out");
                None
            }
        }
    }
}
