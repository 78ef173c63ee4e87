//! The life of a port: connections are accepted until the server stops, and then drained.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::reception::Reception;
use crate::{Draining, Tls, Transport};

/// After a failed accept (out of file descriptors, most likely) the next try waits so long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Bounds on the connections of a port, whatever is spoken on them.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// More than so many connections wait to be accepted.
    pub max_connections: usize,
    /// A client of TLS must have introduced itself in this time.
    pub tls_handshake_timeout: Duration,
    /// How long connections may take to end when the server stops.
    pub drain_timeout: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            tls_handshake_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(30),
        }
    }
}

/// A port that was taken.
#[derive(Debug)]
pub struct Listener {
    pub socket: TcpListener,
    /// `None`: connections are not secured.
    pub tls: Option<Tls>,
    pub bounds: Bounds,
}

impl Listener {
    /// Serves connections until `shutdown` completes. Then it accepts no more, lets those that are open end within
    /// [`Bounds::drain_timeout`], closes what is left and returns.
    pub async fn serve<T: Transport>(self, transport: T, shutdown: impl Future<Output = ()>) {
        let Self { socket, tls, bounds } = self;
        let places = bounds.max_connections.max(1);
        let reception =
            Arc::new(Reception { transport, tls, handshake_timeout: bounds.tls_handshake_timeout });
        let (begin_to_drain, draining) = Draining::channel();
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(_) = connections.join_next() => continue,
                // With all places taken, nobody is accepted: the kernel's queue waits.
                accepted = socket.accept(), if connections.len() < places => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let (reception, draining) = (Arc::clone(&reception), draining.clone());
                    connections.spawn(async move { reception.receive(stream, draining).await });
                }
                Err(error) if is_the_peers(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(socket);
        begin_to_drain.send_replace(true);
        let all_ended = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(bounds.drain_timeout, all_ended).await.is_err() {
            let open = connections.len();
            tracing::warn!(open, "{} that did not end in time are closed", T::CONNECTIONS);
            connections.shutdown().await;
        }
    }
}

/// Whether it was the other side that broke the connection off.
fn is_the_peers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
