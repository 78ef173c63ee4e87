//! An accepted connection, before its transport gets it: socket options and the TLS handshake.

use std::time::Duration;

use tokio::net::TcpStream;

use crate::draining::Draining;
use crate::tls::Tls;
use crate::transport::Transport;

#[derive(Debug)]
pub(crate) struct ConnectionHandler<T> {
    pub(crate) transport: T,
    pub(crate) tls: Option<Tls>,
    pub(crate) handshake_timeout: Duration,
}

impl<T: Transport> ConnectionHandler<T> {
    /// Serves a connection from its first byte to its last.
    pub(crate) async fn handle(&self, stream: TcpStream, draining: Draining) {
        // A response is written in one piece: waiting for more of it would only delay it.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        match &self.tls {
            None => self.transport.serve_plain(stream, draining).await,
            // Boxed, so that connections without TLS do not reserve memory for it.
            Some(tls) => Box::pin(self.handshake(tls, stream, draining)).await,
        }
    }

    async fn handshake(&self, tls: &Tls, stream: TcpStream, mut draining: Draining) {
        let accepted = tokio::select! {
            accepted = tls.accept(stream, self.handshake_timeout) => accepted,
            () = draining.begun() => None,
        };
        if let Some(stream) = accepted {
            self.transport.serve_tls(stream, draining).await;
        }
    }
}
