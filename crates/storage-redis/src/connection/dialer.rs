//! Making connections.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ProtocolVersion, PushInfo, RedisConnectionInfo};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::link::Link;
use super::{Address, Login};

/// Requests that may wait to be sent on one connection before others wait with them.
const SENDING: usize = 256;

/// Where what a server says of its own accord goes.
pub(crate) type Heard = UnboundedSender<PushInfo>;

pub(crate) struct Dialer {
    pub(crate) login: Login,
    pub(crate) database: i64,
    pub(crate) tls: Option<Arc<ClientConfig>>,
    pub(crate) timeout: Duration,
}

impl Dialer {
    /// A connection to a server of the store.
    pub(crate) async fn dial(&self, address: &Address, heard: Option<Heard>) -> Result<Link, String> {
        self.within_time(address, self.connect(address, &self.login, self.database, heard)).await
    }

    /// The same for requests, which can be broken off.
    pub(crate) async fn dial_for_requests(&self, address: &Address) -> Result<Link, String> {
        let connecting = async {
            let mut link = self.connect(address, &self.login, self.database, None).await?;
            link.learn_id().await;
            Ok(link)
        };
        self.within_time(address, connecting).await
    }

    /// A connection to a Sentinel, which has users of its own and no databases.
    pub(crate) async fn dial_sentinel(&self, address: &Address, login: &Login) -> Result<Link, String> {
        self.within_time(address, self.connect(address, login, 0, None)).await
    }

    async fn within_time(
        &self,
        address: &Address,
        connecting: impl Future<Output = Result<Link, String>>,
    ) -> Result<Link, String> {
        let told = |why: String| format!("{address}: {why}");
        match timeout(self.timeout, connecting).await {
            Ok(connected) => connected.map_err(told),
            Err(_) => Err(told("no connection in time".to_owned())),
        }
    }

    async fn connect(
        &self,
        address: &Address,
        login: &Login,
        database: i64,
        heard: Option<Heard>,
    ) -> Result<Link, String> {
        let text = |error: std::io::Error| error.to_string();
        match address {
            Address::Unix(path) => {
                let stream = UnixStream::connect(path).await.map_err(text)?;
                greet(stream, login, database, heard).await
            }
            Address::Tcp(host, port) => {
                let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(text)?;
                stream.set_nodelay(true).map_err(text)?;
                let Some(tls) = &self.tls else { return greet(stream, login, database, heard).await };
                let name = ServerName::try_from(host.clone()).map_err(|error| error.to_string())?;
                let connector = TlsConnector::from(Arc::clone(tls));
                greet(connector.connect(name, stream).await.map_err(text)?, login, database, heard).await
            }
        }
    }
}

/// Logs in and chooses the database.
async fn greet(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    login: &Login,
    database: i64,
    heard: Option<Heard>,
) -> Result<Link, String> {
    let mut info = RedisConnectionInfo::default().set_db(database).set_skip_set_lib_name();
    if let Some(user) = &login.user {
        info = info.set_username(user);
    }
    if let Some(password) = &login.password {
        info = info.set_password(password);
    }
    // Who asks waits as long as they like: the library's own time-out knows nothing of the request.
    let mut config =
        AsyncConnectionConfig::new().set_response_timeout(None).set_pipeline_buffer_size(SENDING);
    if let Some(heard) = heard {
        info = info.set_protocol(ProtocolVersion::RESP3);
        config = config.set_push_sender(heard);
    }
    let greeted = MultiplexedConnection::new_with_config(&info, stream, config).await;
    let (connection, driver) = greeted.map_err(|error| error.to_string())?;
    Ok(Link::new(connection, tokio::spawn(driver)))
}

impl std::fmt::Debug for Dialer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dialer")
            .field("login", &self.login)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}
