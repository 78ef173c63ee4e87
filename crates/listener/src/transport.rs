//! What is spoken on connections.

use std::future::Future;

use tokio::net::TcpStream;

use crate::{Draining, Secured};

/// Has a connection from when it can be spoken on until it ends. What does not end within [`drain_timeout`] is cut off.
///
/// [`drain_timeout`]: crate::Bounds::drain_timeout
pub trait Transport: Send + Sync + 'static {
    /// As it completes "… that did not end in time are closed".
    const CONNECTIONS: &'static str;

    /// Serves a connection without TLS.
    fn plain(&self, stream: TcpStream, draining: Draining) -> impl Future<Output = ()> + Send;

    /// Serves a connection by TLS.
    fn secured(&self, stream: Secured, draining: Draining) -> impl Future<Output = ()> + Send;
}
