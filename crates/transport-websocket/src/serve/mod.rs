//! Connections: accepted, bounded in number and time, told when the server stops.

mod connection;
mod frames;
mod goodbye;
mod handshake;
mod pace;
mod tls;

pub use tls::Tls;

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::{WebSocketOptions, WebSocketService};

/// After a failed accept (out of file descriptors, most likely) the next try waits so long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Where the server is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Serving,
    /// Every connection is told that the server goes away.
    Draining,
    /// Everything ends now.
    Closing,
}

/// What every connection is given.
#[derive(Clone, Debug)]
struct Site {
    service: WebSocketService,
    options: WebSocketOptions,
    /// How frames are read and written.
    frames: yawc::Options,
    tls: Option<Tls>,
    phases: watch::Receiver<Phase>,
}

/// Serves connections, by TLS if it is given, until `shutdown` completes. Then it accepts no more, tells clients that it
/// goes away, gives them [`WebSocketOptions::drain_timeout`] to say goodbye, closes what is left and returns.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    service: WebSocketService,
    options: WebSocketOptions,
    shutdown: impl Future<Output = ()>,
) {
    let mut shutdown = pin!(shutdown);
    let max = options.max_connections.clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
    let places = Arc::new(Semaphore::new(max));
    let (phase, phases) = watch::channel(Phase::Serving);
    let site = Arc::new(Site { service, options, frames: frames::options(&options), tls, phases });
    loop {
        // With all places taken, nobody is accepted: the kernel's queue waits.
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await.map_err(io::Error::other)?;
            Ok((place, listener.accept().await?.0))
        };
        let accepted: io::Result<_> = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok((place, stream)) => {
                let site = Arc::clone(&site);
                tokio::spawn(async move {
                    let mut phases = site.phases.clone();
                    tokio::select! {
                        () = receive(stream, &site) => {}
                        _ = phases.wait_for(|phase| *phase == Phase::Closing) => {}
                    }
                    drop(place);
                });
            }
            Err(error) if is_the_peers(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let all = u32::try_from(max).unwrap_or(u32::MAX);
    phase.send_replace(Phase::Draining);
    if tokio::time::timeout(options.drain_timeout, places.acquire_many(all)).await.is_err() {
        let open = max - places.available_permits();
        tracing::warn!(open, "WebSocket connections that did not end in time are closed");
        phase.send_replace(Phase::Closing);
        let _ = places.acquire_many(all).await;
    }
}

/// One connection, from its first byte to its last.
async fn receive(stream: TcpStream, site: &Site) {
    // A reply is written in one piece: waiting for more of it only delays it.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    match &site.tls {
        None => converse(stream, site).await,
        Some(tls) => {
            // In a box, so that connections without TLS do not carry the room for it.
            Box::pin(async {
                if let Some(stream) = tls.secure(stream, site.options.handshake_timeout).await {
                    converse(stream, site).await;
                }
            })
            .await;
        }
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, site: &Site) {
    // In a box of its own: it is gone when the conversation begins.
    let granted = Box::pin(handshake::upgrade(stream, site)).await;
    if let Some(granted) = granted {
        connection::run(granted, site).await;
    }
}

/// Whether it was the other side that broke the connection off.
fn is_the_peers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
