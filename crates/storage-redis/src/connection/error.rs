//! What the answer of a server means that did not do what it was asked. Only the code counts: the two servers word the
//! same error differently.

use redis::{ErrorKind, ServerError, ServerErrorKind};

use super::Address;

/// In all cases but the last, nothing was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The server does not have the script.
    NoScript,
    /// Another node serves these keys, or will soon.
    Elsewhere,
    /// Another node serves these keys for this request alone: they are moving there.
    AskOnce(Address),
    /// Worth another try in a moment.
    Soon,
    /// The queue lives in another store.
    LivesElsewhere,
    /// The server cannot do it as things are: it is full, or has too few replicas.
    NotNow,
    Broken,
}

pub(crate) fn meaning(error: &ServerError) -> Meaning {
    match error.kind() {
        Some(ServerErrorKind::NoScript) => return Meaning::NoScript,
        Some(ServerErrorKind::Ask) => {
            let address = error.details().and_then(|details| details.split(' ').nth(1)).and_then(node);
            return address.map_or(Meaning::Soon, Meaning::AskOnce);
        }
        Some(
            ServerErrorKind::Moved
            | ServerErrorKind::ReadOnly
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::MasterDown,
        ) => return Meaning::Elsewhere,
        Some(ServerErrorKind::TryAgain | ServerErrorKind::BusyLoading) => return Meaning::Soon,
        _ => {}
    }
    match error.code() {
        "BUSY" => Meaning::Soon,
        // Our scripts say so.
        "ELSEWHERE" => Meaning::LivesElsewhere,
        "OOM" | "MISCONF" | "NOREPLICAS" | "NOAUTH" | "NOPERM" | "WRONGPASS" => Meaning::NotNow,
        _ => Meaning::Broken,
    }
}

/// `host:port`, as nodes of a cluster name each other.
pub(crate) fn node(text: &str) -> Option<Address> {
    let (host, port) = text.rsplit_once(':')?;
    // Without a host, it is the one that was asked, whose name is not known here.
    (!host.is_empty()).then_some(())?;
    Some(Address::Tcp(host.trim_matches(['[', ']']).to_owned(), port.parse().ok()?))
}

/// Whether the connection is of no use any more.
pub(crate) fn is_line(error: &redis::RedisError) -> bool {
    error.is_unrecoverable_error() || matches!(error.kind(), ErrorKind::Io | ErrorKind::Parse)
}

#[cfg(test)]
mod tests {
    use super::{Address, node};

    #[test]
    fn nodes_are_named_by_host_and_port() {
        assert_eq!(node("10.0.0.1:6379"), Some(Address::Tcp("10.0.0.1".to_owned(), 6379)));
        assert_eq!(node("::1:6379"), Some(Address::Tcp("::1".to_owned(), 6379)));
        assert_eq!(node(":6379"), None);
    }
}
