//! The handshake of TLS. Where certificates come from is the caller's business.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;
use tracing::field::display;

/// A connection whose handshake is done.
pub type Secured = TlsStream<TcpStream>;

/// How connections are secured. What is sent through the channel holds for connections from then on.
#[derive(Clone, Debug)]
pub struct Tls(watch::Receiver<Arc<ServerConfig>>);

impl Tls {
    pub const fn new(configs: watch::Receiver<Arc<ServerConfig>>) -> Self {
        Self(configs)
    }

    /// `None`: there was no handshake, or none within `timeout`.
    pub(crate) async fn secure(&self, stream: TcpStream, timeout: Duration) -> Option<Secured> {
        let config = Arc::clone(&self.0.borrow());
        let peer = stream.peer_addr().ok().map(display);
        match tokio::time::timeout(timeout, TlsAcceptor::from(config).accept(stream)).await {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                tracing::debug!(peer, %error, "a handshake of TLS failed");
                None
            }
            Err(_) => {
                tracing::debug!(peer, "a handshake of TLS was not done in time");
                None
            }
        }
    }
}
