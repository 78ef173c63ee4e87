//! The transports that are configured: their ports are taken first, they serve when all else is ready, and stop together.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use zaqar_authentication::Authentication;
use zaqar_config::Config;
use zaqar_domain::Zaqar;
use zaqar_listener::{Listener, Tls};
use zaqar_transport_http::{HttpOptions, HttpService};
use zaqar_transport_websocket::WebSocketService;

use crate::{http, signing_keys, websocket};

/// The ports that this server has, before anybody is served.
#[derive(Debug)]
pub(crate) struct Ports {
    rest: Option<TcpListener>,
    websocket: Option<TcpListener>,
}

/// Where clients find the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    pub(crate) secured: bool,
    pub(crate) rest: Option<SocketAddr>,
    pub(crate) websocket: Option<SocketAddr>,
}

impl Addresses {
    /// Whether only this machine reaches the server.
    pub(crate) fn are_loopback(&self) -> bool {
        let mut addresses = [self.rest, self.websocket].into_iter().flatten().peekable();
        // Without any, others serve, and nobody here knows who reaches them.
        addresses.peek().is_some() && addresses.all(|address| address.ip().is_loopback())
    }
}

impl Ports {
    pub(crate) async fn take(config: &Config) -> anyhow::Result<Self> {
        let wanted = |name: &str| config.drivers.transport.iter().any(|transport| transport == name);
        let (wsgi, websocket) = (&config.wsgi, &config.websocket);
        Ok(Self {
            rest: if wanted("wsgi") { Some(listen(&wsgi.bind, wsgi.port).await?) } else { None },
            websocket: if wanted("websocket") {
                Some(listen(&websocket.bind, websocket.port).await?)
            } else {
                None
            },
        })
    }

    pub(crate) fn addresses(&self, secured: bool) -> anyhow::Result<Addresses> {
        let address = |listener: &Option<TcpListener>| {
            listener.as_ref().map(TcpListener::local_addr).transpose().context("cannot tell the address")
        };
        Ok(Addresses { secured, rest: address(&self.rest)?, websocket: address(&self.websocket)? })
    }
}

/// The interfaces that are to listen at one port of one address.
pub(crate) fn shared_port(config: &Config) -> Option<String> {
    let (rest, websocket) = (&config.wsgi, &config.websocket);
    let both =
        ["wsgi", "websocket"].iter().all(|name| config.drivers.transport.iter().any(|own| own == name));
    let shared =
        both && rest.port == websocket.port && rest.port != 0 && overlap(&rest.bind, &websocket.bind);
    shared.then(|| {
        format!(
            "[drivers:transport:wsgi] port and [drivers:transport:websocket] port are both {}: each interface needs a \
             port of its own",
            rest.port
        )
    })
}

/// Whether a socket at one address leaves no room for one at the other.
fn overlap(one: &str, other: &str) -> bool {
    let covers = |wide: IpAddr, narrow: IpAddr| {
        // On all addresses of IPv6 means on those of IPv4, too.
        wide.is_unspecified() && (wide.is_ipv6() || narrow.is_ipv4())
    };
    let (ones, others) = (addresses(one), addresses(other));
    let meet = |one: IpAddr, other: IpAddr| one == other || covers(one, other) || covers(other, one);
    one == other || ones.iter().any(|one| others.iter().any(|other| meet(*one, *other)))
}

/// The addresses that are meant. Names but this machine's own are not looked up: what they stand for may change until the
/// server starts.
fn addresses(bind: &str) -> Vec<IpAddr> {
    if bind.eq_ignore_ascii_case("localhost") {
        return vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    }
    bind.parse().into_iter().collect()
}

async fn listen(bind: &str, port: u16) -> anyhow::Result<TcpListener> {
    TcpListener::bind((bind, port)).await.with_context(|| format!("cannot listen on {bind}:{port}"))
}

/// Transports that serve.
#[derive(Debug)]
pub(crate) struct Transports {
    tasks: JoinSet<()>,
    rest: HttpService,
    /// When it is gone, they stop.
    stop: watch::Sender<()>,
}

impl Transports {
    pub(crate) fn start(
        ports: Ports,
        tls: Option<Tls>,
        zaqar: Arc<Zaqar>,
        authentication: Authentication,
        config: &Config,
    ) -> Result<Self, String> {
        let (stop, stopping) = watch::channel(());
        let rest = {
            let options = http::service_options(config)?;
            let authentication = authentication.clone();
            HttpService::new(Arc::clone(&zaqar), HttpOptions { authentication, ..options })
        };
        let mut tasks = JoinSet::new();
        if let Some(socket) = ports.rest {
            let listener = Listener { socket, tls: tls.clone(), limits: http::limits(&config.wsgi) };
            let (service, options) = (rest.clone(), http::serve_options(&config.wsgi));
            let stopped = stopped(stopping.clone());
            tasks.spawn(zaqar_transport_http::serve(listener, service, options, stopped));
        }
        if let Some(socket) = ports.websocket {
            let listener = Listener { socket, tls, limits: websocket::limits(&config.websocket) };
            let service =
                WebSocketService::new(zaqar, authentication, signing_keys::read(&config.signed_url)?);
            let options = websocket::options(&config.websocket);
            tasks.spawn(zaqar_transport_websocket::serve(listener, service, options, stopped(stopping)));
        }
        Ok(Self { tasks, rest, stop })
    }

    /// Waits for one that ends although nobody asked it to.
    pub(crate) async fn failed(&mut self) -> anyhow::Error {
        match self.tasks.join_next().await {
            Some(Err(error)) => anyhow::Error::new(error).context("a transport failed"),
            Some(Ok(())) => anyhow::anyhow!("a transport ended although nobody had asked it to"),
            None => std::future::pending().await,
        }
    }

    /// Makes the readiness check fail, so that load balancers stop sending requests.
    pub(crate) fn mark_not_ready(&self) {
        self.rest.mark_not_ready();
    }

    /// Stops, once what is under way has been answered.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        drop(self.stop);
        while let Some(ended) = self.tasks.join_next().await {
            ended.context("a transport failed")?;
        }
        Ok(())
    }
}

async fn stopped(mut stopping: watch::Receiver<()>) {
    while stopping.changed().await.is_ok() {}
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use zaqar_config::Config;

    use super::{Addresses, shared_port};

    #[test]
    fn two_interfaces_do_not_share_a_port() {
        let shared = |bind: [&str; 2], port: [u16; 2], transport: &[&str]| {
            let mut config = Config::default();
            [config.wsgi.bind, config.websocket.bind] = bind.map(str::to_owned);
            [config.wsgi.port, config.websocket.port] = port;
            config.drivers.transport = transport.iter().map(|name| (*name).to_owned()).collect();
            shared_port(&config).is_some()
        };
        let both = ["wsgi", "websocket"];
        for (bind, is_shared) in [
            (["127.0.0.1", "127.0.0.1"], true),
            (["localhost", "localhost"], true),
            (["0.0.0.0", "10.0.0.1"], true),
            (["10.0.0.1", "::"], true),
            (["10.0.0.1", "10.0.0.2"], false),
            (["0.0.0.0", "::1"], false),
            (["localhost", "127.0.0.1"], true),
            (["::1", "LocalHost"], true),
            (["localhost", "0.0.0.0"], true),
            (["::", "localhost"], true),
            (["localhost", "127.0.0.2"], false),
            (["localhost", "zaqar.example.org"], false),
            (["zaqar.example.org", "zaqar.example.org"], true),
        ] {
            assert_eq!(shared(bind, [5, 5], &both), is_shared, "{bind:?}");
        }
        assert!(!shared(["::", "::"], [5, 6], &both));
        assert!(!shared(["::", "::"], [0, 0], &both), "the system chooses both");
        assert!(!shared(["::", "::"], [5, 5], &both[..1]));
    }

    #[test]
    fn a_server_is_local_where_all_its_addresses_are_loopback() {
        let address = |text: &str| Some(text.parse::<SocketAddr>().unwrap());
        for (rest, websocket, is_local) in [
            (address("127.0.0.1:1"), address("[::1]:2"), true),
            (address("127.0.0.1:1"), None, true),
            (address("127.0.0.1:1"), address("10.0.0.1:2"), false),
            (address("0.0.0.0:1"), address("127.0.0.1:2"), false),
            (None, None, false),
        ] {
            assert_eq!(Addresses { secured: false, rest, websocket }.are_loopback(), is_local);
        }
    }
}
