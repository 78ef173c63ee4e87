//! Which server serves which shard.

use std::time::Duration;

use redis::{Value, cmd};
use tokio::time::timeout;
use zaqar_storage::StorageResult;

use super::link::Link;
use super::{Address, Dialer, Login, Place, Reply};

/// The hash slots of a cluster.
const SLOTS: u16 = 16_384;

/// What is known of the servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Topology {
    One(Address),
    /// The first and last slot of each range, and who serves it.
    Cluster(Vec<(u16, u16, Address)>),
}

impl Topology {
    /// Who serves a key, whose tag this is. `None`: at the moment nobody does.
    pub(crate) fn serving(&self, tag: &str) -> Option<&Address> {
        match self {
            Self::One(address) => Some(address),
            Self::Cluster(ranges) => {
                let slot = slot_of(tag);
                let found = ranges.iter().find(|(first, last, _)| (*first..=*last).contains(&slot));
                found.map(|(.., address)| address)
            }
        }
    }

    pub(crate) fn addresses(&self) -> Vec<&Address> {
        match self {
            Self::One(address) => vec![address],
            Self::Cluster(ranges) => {
                let mut all: Vec<_> = ranges.iter().map(|(.., address)| address).collect();
                all.sort_unstable();
                all.dedup();
                all
            }
        }
    }
}

/// The slot of a tag: CRC-16 as XMODEM has it.
fn slot_of(tag: &str) -> u16 {
    let crc = tag.bytes().fold(0_u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    });
    crc % SLOTS
}

/// A Sentinel that is silent is not waited for as long as a server: there are others.
const SENTINEL_PATIENCE: Duration = Duration::from_secs(1);

/// Asks who serves what: of a cluster, nodes that are known, and those that the operator named.
pub(crate) async fn look(place: &Place, known: &[Address], dialer: &Dialer) -> Result<Topology, String> {
    match place {
        Place::One(address) => Ok(Topology::One(address.clone())),
        Place::Sentinels { sentinels, name, login } => ask_sentinels(sentinels, name, login, dialer).await,
        Place::Cluster(nodes) => {
            let mut why = "no node of the cluster is named".to_owned();
            for node in known.iter().chain(nodes) {
                match ask_node(node, dialer).await {
                    Ok(topology) => return Ok(topology),
                    Err(own) => why = own,
                }
            }
            Err(why)
        }
    }
}

async fn ask_sentinels(
    sentinels: &[Address],
    name: &str,
    login: &Login,
    dialer: &Dialer,
) -> Result<Topology, String> {
    let mut why = "no Sentinel is named".to_owned();
    for sentinel in sentinels {
        let asked = ask_sentinel(sentinel, name, login, dialer);
        let answer = timeout(SENTINEL_PATIENCE, asked).await;
        match answer.unwrap_or_else(|_| Err(format!("{sentinel}: no answer in time"))) {
            Ok(Some(primary)) => return Ok(Topology::One(primary)),
            Ok(None) => why = format!("{sentinel}: no primary is called {name}"),
            Err(own) => why = own,
        }
    }
    Err(why)
}

async fn ask_sentinel(
    sentinel: &Address,
    name: &str,
    login: &Login,
    dialer: &Dialer,
) -> Result<Option<Address>, String> {
    let link = dialer.dial_sentinel(sentinel, login).await?;
    let mut question = cmd("SENTINEL");
    question.arg("GET-MASTER-ADDR-BY-NAME").arg(name);
    let answer = within_time(&link, question, dialer).await.map_err(|why| format!("{sentinel}: {why}"))?;
    primary(answer).map_err(|error| error.to_string())
}

fn primary(answer: Value) -> StorageResult<Option<Address>> {
    let mut parts = answer.list()?;
    let (Some(host), Some(port)) = (parts.next(), parts.next()) else { return Ok(None) };
    let port = u16::try_from(port.number()?).unwrap_or_default();
    Ok(Some(Address::Tcp(String::from_utf8_lossy(&host.bytes()?).into_owned(), port)))
}

async fn ask_node(node: &Address, dialer: &Dialer) -> Result<Topology, String> {
    let link = dialer.dial(node, None).await?;
    let mut question = cmd("CLUSTER");
    question.arg("SLOTS");
    let answer = within_time(&link, question, dialer).await.map_err(|why| format!("{node}: {why}"))?;
    let ranges = ranges(answer, node).map_err(|error| error.to_string())?;
    if ranges.is_empty() {
        Err(format!("{node}: the cluster serves nothing"))
    } else {
        Ok(Topology::Cluster(ranges))
    }
}

async fn within_time(link: &Link, question: redis::Cmd, dialer: &Dialer) -> Result<Value, String> {
    match timeout(dialer.timeout, link.ask(question)).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err("no answer in time".to_owned()),
    }
}

fn ranges(answer: Value, asked: &Address) -> StorageResult<Vec<(u16, u16, Address)>> {
    let slot = |value: Value| Ok(u16::try_from(value.number()?).unwrap_or(SLOTS));
    let mut ranges = Vec::new();
    for range in answer.list()? {
        let mut parts = range.list()?;
        let (Some(first), Some(last), Some(primary)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let mut primary = primary.list()?;
        let (Some(host), Some(port)) = (primary.next(), primary.next()) else { continue };
        let host = String::from_utf8_lossy(&host.bytes()?).into_owned();
        // A node that does not know its own name leaves it out: it is the one that was asked.
        let host = match asked {
            Address::Tcp(asked, _) if host.is_empty() || host == "?" => asked.clone(),
            _ => host,
        };
        let port = u16::try_from(port.number()?).unwrap_or_default();
        ranges.push((slot(first)?, slot(last)?, Address::Tcp(host, port)));
    }
    Ok(ranges)
}

#[cfg(test)]
mod tests {
    use super::slot_of;

    #[test]
    fn slots_are_those_of_the_servers() {
        // Expected values: `CLUSTER KEYSLOT`.
        assert_eq!([slot_of("123456789"), slot_of("foo"), slot_of("")], [12_739, 12_182, 0]);
    }
}
