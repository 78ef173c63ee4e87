//! The handshake of TLS. Where certificates come from is the caller's business.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

use super::http2;

/// How connections are secured. What is sent through the channel holds for connections from then on.
#[derive(Clone, Debug)]
pub struct Tls(watch::Receiver<Arc<ServerConfig>>);

impl Tls {
    /// What is spoken on a secured connection, the preferred first: the names for a configuration's ALPN.
    pub const PROTOCOLS: [&[u8]; 2] = [http2::ALPN, b"http/1.1"];

    pub const fn new(configs: watch::Receiver<Arc<ServerConfig>>) -> Self {
        Self(configs)
    }
}

#[derive(Debug)]
pub(super) struct Handshake {
    pub(super) tls: Tls,
    /// Whoever is not done by then is let go.
    pub(super) timeout: Duration,
}

impl Handshake {
    pub(super) async fn run(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let config = Arc::clone(&self.tls.0.borrow());
        match tokio::time::timeout(self.timeout, TlsAcceptor::from(config).accept(stream)).await {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a handshake of TLS failed");
                None
            }
            Err(_) => {
                tracing::debug!("a handshake of TLS was not done in time");
                None
            }
        }
    }
}
