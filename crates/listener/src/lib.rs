//! A listening socket and its connections: it accepts them, limits their number, performs the TLS handshake, and drains
//! them at shutdown.
//!
//! The protocol of a connection does not live here: that is a [`Transport`].

mod connection;
mod draining;
mod durations;
mod listener;
mod tls;
mod transport;

pub use draining::Draining;
pub use durations::milliseconds;
pub use listener::{ConnectionLimits, Listener};
pub use tls::{Tls, TlsConnection};
pub use transport::Transport;
