//! Runs a connection to its end.

use std::future::Future;
use std::pin::{Pin, pin};

use hyper_util::server::graceful::GracefulConnection;
use zaqar_listener::Draining;

/// Runs a connection until it ends, and shuts it down gracefully when the server stops. `None`: a timeout expired.
pub(super) async fn run_to_completion<C: GracefulConnection>(
    mut connection: Pin<&mut C>,
    timed_out: impl Future<Output = ()>,
    draining: &mut Draining,
) -> Option<Result<(), C::Error>> {
    let mut timed_out = pin!(timed_out);
    tokio::select! {
        biased;
        // A connection that is accepted while the server drains has no request in progress.
        outcome = connection.as_mut(), if !draining.has_begun() => return Some(outcome),
        () = &mut timed_out => return None,
        () = draining.begun() => connection.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        biased;
        outcome = connection => Some(outcome),
        () = timed_out => None,
    }
}
