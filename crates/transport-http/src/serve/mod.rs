//! HTTP connections and their timeouts.

mod activity;
mod activity_tracked;
mod completion;
mod connections;
mod http1;
mod http2;
mod linger;
mod options;
mod rewind;

pub use connections::PROTOCOLS;
pub use options::ServeOptions;

use std::future::Future;

use zaqar_listener::Listener;

use crate::service::HttpService;
use connections::Connections;

/// Serves the connections of a port until `shutdown` completes, then waits for the requests in progress.
pub async fn serve(
    listener: Listener,
    service: HttpService,
    options: ServeOptions,
    shutdown: impl Future<Output = ()>,
) {
    listener.serve(Connections::new(service, &options), shutdown).await;
}
