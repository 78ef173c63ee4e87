//! Ports of servers under test. The system chooses them, and a server tells which it got: nobody picks a port
//! beforehand that another process could take meanwhile.

use std::net::SocketAddr;

use tokio::net::TcpSocket;

/// The environment in which a server takes free ports, whatever its configuration says: the environment stands above
/// all files.
pub(crate) const FREE: [(&str, &str); 2] =
    [("OS_DRIVERS_TRANSPORT_WSGI__PORT", "0"), ("OS_DRIVERS_TRANSPORT_WEBSOCKET__PORT", "0")];

/// A port at which nobody listens, and that nobody else is given as long as this lives.
///
/// A server that is started again finds it free if it asks for `SO_REUSEPORT`.
#[derive(Debug)]
pub(crate) struct Reserved {
    pub(crate) address: SocketAddr,
    _socket: TcpSocket,
}

impl Reserved {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseport(true).unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        Self { address: socket.local_addr().unwrap(), _socket: socket }
    }
}
