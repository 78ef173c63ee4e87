//! Connections: accepted, bounded in number and time, drained at the end.

mod connection;
mod http1;
mod http2;
mod linger;
mod metered;
mod options;
mod pulse;
mod rewound;
mod tls;

pub use options::ServeOptions;
pub use tls::Tls;

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::HttpService;
use connection::{Connections, Phase};

/// After a failed accept (out of file descriptors, most likely) the next try waits so long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves connections, by TLS if it is given, until `shutdown` completes. Then it accepts no more, lets requests in flight be answered within
/// [`ServeOptions::drain_timeout`], closes what is left and returns.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    service: HttpService,
    options: ServeOptions,
    shutdown: impl Future<Output = ()>,
) {
    let mut shutdown = pin!(shutdown);
    let places = Arc::new(Semaphore::new(options.places()));
    let (phase, phases) = watch::channel(Phase::Serving);
    let connections = Arc::new(Connections::new(service, tls, &options));
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
                let (connections, phases) = (Arc::clone(&connections), phases.clone());
                tokio::spawn(async move {
                    prepare(&stream);
                    connections.run(stream, phases).await;
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
    let all = u32::try_from(options.places()).unwrap_or(u32::MAX);
    phase.send_replace(Phase::Draining);
    if tokio::time::timeout(options.drain_timeout, places.acquire_many(all)).await.is_err() {
        let open = options.places() - places.available_permits();
        tracing::warn!(open, "connections that did not end in time are closed");
        phase.send_replace(Phase::Closing);
        let _ = places.acquire_many(all).await;
    }
}

fn prepare(stream: &TcpStream) {
    // An answer is written in one piece: waiting for more of it only delays it.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
}

/// Whether it was the other side that broke the connection off.
fn is_the_peers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
