//! The URIs of a store: this driver's and upstream's.
//!
//! * `redis://[user:password@]host[:port][/database]`, and `rediss://` with TLS;
//! * `redis:/path/to/socket`, and upstream's `redis:///path/to/socket`;
//! * `redis+sentinel://host[:port],…/NAME[/database]`, and upstream's `redis://host[:port],…?master=NAME`;
//! * `redis+cluster://host[:port],…`; both of these with TLS as `rediss+…`.

use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;

use crate::connection::{Address, Login, Place};
use crate::tls::TlsFiles;

const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26_379;

/// What stands before the first colon.
pub(crate) const SCHEMES: [&str; 12] = [
    "redis",
    "rediss",
    "redis+sentinel",
    "rediss+sentinel",
    "redis+cluster",
    "rediss+cluster",
    "valkey",
    "valkeys",
    "valkey+sentinel",
    "valkeys+sentinel",
    "valkey+cluster",
    "valkeys+cluster",
];

/// What a URI says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) place: Place,
    pub(crate) login: Login,
    pub(crate) database: i64,
    pub(crate) has_tls: bool,
    pub(crate) tls: TlsFiles,
    /// For how long an answer is waited for.
    pub(crate) socket_timeout: Option<Duration>,
}

impl Target {
    /// Servers and database, for people: without what is secret.
    pub(crate) fn shown(&self) -> String {
        let all =
            |addresses: &[Address]| addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let servers = match &self.place {
            Place::One(address) => address.to_string(),
            Place::Sentinels { sentinels, name, .. } => format!("{name} of {}", all(sentinels)),
            Place::Cluster(nodes) => format!("cluster of {}", all(nodes)),
        };
        if self.database == 0 { servers } else { format!("{servers}/{}", self.database) }
    }
}

/// Why a URI cannot be used. The texts never hold a password.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidUri {
    #[error("the URI of a Redis store begins with redis:// or rediss://, not with {0}:")]
    OtherScheme(String),
    #[error("the Redis URI names no server")]
    NoServer,
    #[error("the port in {0:?} of the Redis URI is none")]
    BadPort(String),
    #[error("the option {name} of the Redis URI cannot be {value:?}: {why}")]
    BadValue { name: String, value: String, why: &'static str },
    #[error("the option {0} of the Redis URI is not known")]
    UnknownOption(String),
    #[error("the Redis URI has {0}")]
    Contradiction(&'static str),
    #[error(
        "the Redis URI has an @ behind its servers: in a password, write / as %2F, ? as %3F and @ as %40"
    )]
    StrayAt,
    #[error(
        "the Redis URI names several servers: add ?master=NAME if they are Sentinels, or write redis+cluster://"
    )]
    WhichKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Sentinel,
    Cluster,
}

pub(crate) fn parse(uri: &str) -> Result<Target, InvalidUri> {
    let (scheme, rest) = uri.split_once(':').unwrap_or((uri, ""));
    let (transport, kind) = match scheme.split_once('+') {
        None => (scheme, Kind::Plain),
        Some((transport, "sentinel")) => (transport, Kind::Sentinel),
        Some((transport, "cluster")) => (transport, Kind::Cluster),
        Some(_) => return Err(InvalidUri::OtherScheme(scheme.to_owned())),
    };
    let has_tls = match transport {
        "redis" | "valkey" => false,
        "rediss" | "valkeys" => true,
        _ => return Err(InvalidUri::OtherScheme(scheme.to_owned())),
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash)),
        None => ("", rest),
    };
    // What is shown of such a URI would be a piece of a password.
    if !authority.is_empty() && (path.contains('@') || query.contains('@') && !authority.contains('@')) {
        return Err(InvalidUri::StrayAt);
    }
    let options = Options::read(query)?;
    let (login, hosts) = match authority.rsplit_once('@') {
        Some((login, hosts)) => (login_of(login), hosts),
        None => (Login::default(), authority),
    };
    let (place, path_database) = place(kind, hosts, path, &options)?;
    if has_tls && place_is_socket(&place) {
        return Err(InvalidUri::Contradiction("TLS, and a socket of this machine: redis: is enough"));
    }
    let database = match (path_database, options.database) {
        (Some(one), Some(other)) if one != other => {
            return Err(InvalidUri::Contradiction("two numbers of a database"));
        }
        (one, other) => one.or(other).unwrap_or(0),
    };
    if database != 0 && matches!(place, Place::Cluster(_)) {
        return Err(InvalidUri::Contradiction("a database, and a cluster: it has none but 0"));
    }
    let Options { tls, socket_timeout, .. } = options;
    Ok(Target { place, login, database, has_tls, tls, socket_timeout })
}

const fn place_is_socket(place: &Place) -> bool {
    matches!(place, Place::One(Address::Unix(_)))
}

fn place(kind: Kind, hosts: &str, path: &str, options: &Options) -> Result<(Place, Option<i64>), InvalidUri> {
    let path = path.trim_matches('/');
    let database = |text: &str| if text.is_empty() { Ok(None) } else { number("database", text).map(Some) };
    if hosts.is_empty() && kind == Kind::Plain && options.master.is_none() {
        if path.is_empty() {
            return Err(InvalidUri::NoServer);
        }
        return Ok((Place::One(Address::Unix(PathBuf::from(format!("/{}", decoded(path))))), None));
    }
    if kind == Kind::Cluster {
        return Ok((Place::Cluster(addresses(hosts, PORT)?), database(path)?));
    }
    if kind == Kind::Sentinel || options.master.is_some() {
        let (named, rest) = match &options.master {
            Some(name) => (name.clone(), path),
            None => {
                path.split_once('/').map_or_else(|| (decoded(path), ""), |(name, rest)| (decoded(name), rest))
            }
        };
        if named.is_empty() {
            return Err(InvalidUri::Contradiction("Sentinels, and not the name of their primary"));
        }
        let sentinels = addresses(hosts, SENTINEL_PORT)?;
        return Ok((
            Place::Sentinels { sentinels, name: named, login: options.sentinel.clone() },
            database(rest)?,
        ));
    }
    let mut one = addresses(hosts, PORT)?;
    match (one.pop(), one.is_empty()) {
        (Some(address), true) => Ok((Place::One(address), database(path)?)),
        _ => Err(InvalidUri::WhichKind),
    }
}

fn addresses(hosts: &str, port: u16) -> Result<Vec<Address>, InvalidUri> {
    let all = hosts.split(',').filter(|host| !host.is_empty());
    let all: Vec<Address> = all.map(|host| address(host, port)).collect::<Result<_, _>>()?;
    if all.is_empty() { Err(InvalidUri::NoServer) } else { Ok(all) }
}

fn address(text: &str, default: u16) -> Result<Address, InvalidUri> {
    let (host, port) = match text.rsplit_once(':') {
        // The colons of an IPv6 address stand in brackets.
        Some((host, port)) if !port.contains(']') => {
            (host, port.parse().map_err(|_| InvalidUri::BadPort(text.to_owned()))?)
        }
        _ => (text, default),
    };
    let host = host.trim_matches(['[', ']']);
    if host.is_empty() { Err(InvalidUri::NoServer) } else { Ok(Address::Tcp(decoded(host), port)) }
}

fn login_of(text: &str) -> Login {
    let (user, password) =
        text.split_once(':').map_or((text, None), |(user, password)| (user, Some(password)));
    let given = |text: &str| Some(decoded(text)).filter(|text| !text.is_empty());
    Login { user: given(user), password: password.and_then(given) }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn number(name: &str, value: &str) -> Result<i64, InvalidUri> {
    let why = "a number from 0 on";
    let bad = || InvalidUri::BadValue { name: name.to_owned(), value: value.to_owned(), why };
    value.parse().ok().filter(|number| *number >= 0).ok_or_else(bad)
}

#[derive(Default)]
struct Options {
    master: Option<String>,
    database: Option<i64>,
    socket_timeout: Option<Duration>,
    sentinel: Login,
    tls: TlsFiles,
}

impl Options {
    fn read(query: &str) -> Result<Self, InvalidUri> {
        let mut read = Self::default();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value = decoded(value);
            match name {
                "master" => read.master = Some(value).filter(|name| !name.is_empty()),
                "dbid" => read.database = Some(number(name, &value)?),
                "socket_timeout" => read.socket_timeout = Some(seconds(name, &value)?),
                "sentinel_username" => read.sentinel.user = Some(value),
                "sentinel_password" => read.sentinel.password = Some(value),
                "tls_cafile" => read.tls.ca = Some(PathBuf::from(value)),
                "tls_certfile" => read.tls.certificate = Some(PathBuf::from(value)),
                "tls_keyfile" => read.tls.key = Some(PathBuf::from(value)),
                _ if name.contains('@') => return Err(InvalidUri::StrayAt),
                _ => return Err(InvalidUri::UnknownOption(name.to_owned())),
            }
        }
        Ok(read)
    }
}

fn seconds(name: &str, value: &str) -> Result<Duration, InvalidUri> {
    let why = "seconds, more than none";
    let bad = || InvalidUri::BadValue { name: name.to_owned(), value: value.to_owned(), why };
    let seconds: f64 = value.parse().map_err(|_| bad())?;
    Duration::try_from_secs_f64(seconds).ok().filter(|time| !time.is_zero()).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use super::{InvalidUri, parse};
    use crate::connection::{Address, Login, Place};

    fn tcp(host: &str, port: u16) -> Address {
        Address::Tcp(host.to_owned(), port)
    }

    #[test]
    fn one_server_is_taken_with_user_password_and_database() {
        let read = parse("redis://zaqar:p%40ss@one/3").unwrap();
        assert_eq!(read.place, Place::One(tcp("one", 6379)));
        assert_eq!(read.login, Login { user: Some("zaqar".to_owned()), password: Some("p@ss".to_owned()) });
        assert_eq!((read.database, read.has_tls), (3, false));
        assert_eq!(parse("redis://:secret@one:7000").unwrap().login.user, None);
        assert_eq!(parse("rediss://[::1]:7000").unwrap().place, Place::One(tcp("::1", 7000)));
    }

    #[test]
    fn a_socket_is_taken_in_both_spellings() {
        let socket = Place::One(Address::Unix(PathBuf::from("/run/redis.sock")));
        for uri in ["redis:/run/redis.sock", "redis:///run/redis.sock", "redis://:secret@/run/redis.sock"] {
            assert_eq!(parse(uri).unwrap().place, socket, "{uri}");
        }
        assert_eq!(parse("redis:/run/redis.sock?dbid=2").unwrap().database, 2);
    }

    #[test]
    fn sentinels_are_taken_in_both_spellings() {
        let ours = parse("redis+sentinel://a,b:27000/m/1").unwrap();
        let upstreams = parse("redis://a:26379,b:27000?master=m&dbid=1&socket_timeout=0.5").unwrap();
        let sentinels = vec![tcp("a", 26_379), tcp("b", 27_000)];
        let place = Place::Sentinels { sentinels, name: "m".to_owned(), login: Login::default() };
        assert_eq!((ours.place, ours.database), (place.clone(), 1));
        assert_eq!((upstreams.place, upstreams.database), (place, 1));
        assert_eq!(upstreams.socket_timeout, Some(Duration::from_millis(500)));
    }

    #[test]
    fn a_cluster_is_taken() {
        let read = parse("rediss+cluster://a,b:7000?tls_cafile=%2Fca.pem").unwrap();
        assert_eq!(read.place, Place::Cluster(vec![tcp("a", 6379), tcp("b", 7000)]));
        assert_eq!(read.tls.ca, Some(PathBuf::from("/ca.pem")));
        assert!(read.has_tls);
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        assert_eq!(parse("redis://a,b"), Err(InvalidUri::WhichKind));
        for uri in ["redis://", "redis+cluster://", "redis://a:port", "redis://a/x", "redis://a?nonsense=1"] {
            assert!(parse(uri).is_err(), "{uri}");
        }
        for uri in
            ["redis+cluster://a/1", "redis+sentinel://a", "rediss:/run/redis.sock", "redis://a/1?dbid=2"]
        {
            assert!(matches!(parse(uri), Err(InvalidUri::Contradiction(_))), "{uri}");
        }
        let text = parse("mongodb://u:secret@host/db").unwrap_err().to_string();
        assert!(text.contains("mongodb") && !text.contains("secret"), "{text}");
        for uri in
            ["redis://:se/cret@a", "redis://:se?cret@a", "redis://:se@b/cret@a", "redis://:se@b?cret@a"]
        {
            assert_eq!(parse(uri), Err(InvalidUri::StrayAt), "{uri}");
        }
    }

    #[test]
    fn every_scheme_is_known() {
        for scheme in super::SCHEMES {
            let name = if scheme.ends_with("sentinel") { "/m" } else { "" };
            assert!(parse(&format!("{scheme}://a{name}")).is_ok(), "{scheme}");
        }
    }
}
