//! Connections: what is spoken on them, bounded in time.

mod connections;
mod http1;
mod http2;
mod linger;
mod metered;
mod options;
mod pulse;
mod rewound;

pub use connections::PROTOCOLS;
pub use options::ServeOptions;

use std::future::Future;

use zaqar_listener::Listener;

use crate::HttpService;
use connections::Connections;

/// Serves the connections of a port until `shutdown` completes, and lets requests in flight be answered.
pub async fn serve(
    listener: Listener,
    service: HttpService,
    options: ServeOptions,
    shutdown: impl Future<Output = ()>,
) {
    listener.serve(Connections::new(service, &options), shutdown).await;
}
