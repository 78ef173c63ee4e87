//! Ports of servers.

use std::net::SocketAddr;

use tokio::net::TcpSocket;

/// A port that the system chose, and that nobody else is given as long as this lives: also while its server is away.
///
/// Nobody listens at it. All these servers ask for `SO_REUSEADDR`, and so find it free.
#[derive(Debug)]
pub(crate) struct Reserved {
    pub(crate) address: SocketAddr,
    _socket: TcpSocket,
}

impl Reserved {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        Self { address: socket.local_addr().unwrap(), _socket: socket }
    }

    pub(crate) fn number(&self) -> u16 {
        self.address.port()
    }
}
