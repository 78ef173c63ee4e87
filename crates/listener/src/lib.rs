//! A port, and the life of its connections: they are accepted, bounded in number, secured by TLS, and drained in the end.
//!
//! What is spoken on a connection does not live here: that is a [`Transport`].

mod draining;
mod listener;
mod logged;
mod reception;
mod tls;
mod transport;

pub use draining::Draining;
pub use listener::{Bounds, Listener};
pub use logged::milliseconds;
pub use tls::{Secured, Tls};
pub use transport::Transport;
