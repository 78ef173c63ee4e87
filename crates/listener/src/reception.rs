//! What is done with a connection before its transport has it.

use std::time::Duration;

use tokio::net::TcpStream;

use crate::{Draining, Tls, Transport};

#[derive(Debug)]
pub(crate) struct Reception<T> {
    pub(crate) transport: T,
    pub(crate) tls: Option<Tls>,
    pub(crate) handshake_timeout: Duration,
}

impl<T: Transport> Reception<T> {
    /// A connection, from its first byte to its last.
    pub(crate) async fn receive(&self, stream: TcpStream, draining: Draining) {
        // An answer is written in one piece: waiting for more of it only delays it.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
        match &self.tls {
            None => self.transport.plain(stream, draining).await,
            // In a box, so that connections without TLS do not carry the room for it.
            Some(tls) => Box::pin(self.secure(tls, stream, draining)).await,
        }
    }

    async fn secure(&self, tls: &Tls, stream: TcpStream, mut draining: Draining) {
        let secured = tokio::select! {
            secured = tls.secure(stream, self.handshake_timeout) => secured,
            () = draining.begun() => None,
        };
        if let Some(stream) = secured {
            self.transport.secured(stream, draining).await;
        }
    }
}
