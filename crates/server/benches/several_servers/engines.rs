//! The stores: alone, and replicated ones that lose their primary.

use std::net::SocketAddr;

use zaqar_test_servers::{Cluster, Engine, Postgres, Process, Redis, Sentinels};

use super::support::postgresql::zaqar_db;
use super::support::server::{Server, Site};

/// How a primary is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    Killed,
    /// It is stopped, and goes on when another has taken its place.
    Stopped,
}

/// A store that does not outlive its primary, as durable as the engine is.
pub(crate) enum Alone {
    Embedded,
    PostgreSql(Postgres),
    Redis(Redis),
}

impl Alone {
    pub(crate) fn start(engine: &str) -> Self {
        match engine {
            "embedded" => Self::Embedded,
            "postgresql" => Self::PostgreSql(Postgres::start(&[("max_connections", "300")])),
            "redis" => {
                let options = [("appendonly", "yes"), ("appendfsync", "always")];
                Self::Redis(Redis::start(Engine::Redis, &options))
            }
            other => panic!("{other} is none of embedded, postgresql, redis"),
        }
    }

    /// So many servers on it; one, if it is for one only.
    pub(crate) fn servers(&self, count: usize) -> Vec<Server> {
        let (lines, count) = match self {
            Self::Embedded => (String::new(), 1),
            Self::PostgreSql(server) => (configuration("postgresql", &server.uri("postgres"), ""), count),
            Self::Redis(server) => (configuration("redis", &server.uri(), ""), count),
        };
        servers(&lines, count, matches!(self, Self::PostgreSql(_)))
    }
}

/// A primary and what takes its place.
#[allow(clippy::large_enum_variant, reason = "there is one at a time")]
pub(crate) enum Replicated {
    PostgreSql { primary: Postgres, standby: Postgres },
    Sentinel { all: Sentinels, lost: SocketAddr },
    Cluster { all: Cluster, lost: usize },
}

/// A key of the first node of a cluster.
const KEY_OF_FIRST_NODE: &str = "{zaqar:0}";

impl Replicated {
    pub(crate) fn start(engine: &str, is_synchronous: bool) -> Self {
        match engine {
            "postgresql" => {
                let primary = Postgres::start(&[("wal_level", "replica"), ("max_connections", "300")]);
                let standby = primary.standby("second");
                if is_synchronous {
                    primary.wait_for_each_commit_on("second");
                }
                Self::PostgreSql { primary, standby }
            }
            "sentinel" => {
                let all = Sentinels::start(Engine::Redis, &[("appendonly", "yes")]);
                let lost = all.primary().unwrap();
                Self::Sentinel { all, lost }
            }
            "cluster" => {
                let all = Cluster::start(Engine::Redis, &[("appendonly", "yes")]);
                let lost = all.primary_of(KEY_OF_FIRST_NODE).unwrap();
                Self::Cluster { all, lost }
            }
            other => panic!("{other} is none of postgresql, sentinel, cluster"),
        }
    }

    pub(crate) fn servers(&self, count: usize, is_synchronous: bool) -> Vec<Server> {
        let replicas = format!("wait_for_replicas = {}\n", u8::from(is_synchronous));
        let lines = match self {
            Self::PostgreSql { primary, standby } => {
                let hosts = format!("{},{}", primary.address(), standby.address());
                configuration("postgresql", &format!("postgresql://postgres@{hosts}/postgres"), "")
            }
            Self::Sentinel { all, .. } => configuration("redis", &all.uri(), &replicas),
            Self::Cluster { all, .. } => configuration("redis", &all.uri(), &replicas),
        };
        servers(&lines, count, matches!(self, Self::PostgreSql { .. }))
    }

    /// The server that begins as the primary.
    fn lost(&mut self) -> &mut Process {
        match self {
            Self::PostgreSql { primary, .. } => &mut primary.process,
            Self::Sentinel { all, lost } => {
                &mut all.nodes.iter_mut().find(|node| node.address() == *lost).unwrap().process
            }
            Self::Cluster { all, lost } => &mut all.nodes[*lost].process,
        }
    }

    /// Loses the primary. Another one has taken its place when this returns.
    pub(crate) fn lose(&mut self, loss: Loss) {
        let lost = self.lost();
        match loss {
            Loss::Killed => lost.kill(),
            Loss::Stopped => lost.pause(),
        }
        match self {
            Self::PostgreSql { standby, .. } => standby.promote(),
            Self::Sentinel { all, lost } => {
                let _ = all.wait_for_successor_of(*lost);
            }
            Self::Cluster { all, lost } => {
                let _ = all.wait_for_successor_of(*lost, KEY_OF_FIRST_NODE);
            }
        }
    }

    /// Whether the one that takes over acknowledges nothing before the lost one follows it.
    pub(crate) const fn needs_the_lost_one(&self) -> bool {
        !matches!(self, Self::PostgreSql { .. })
    }

    /// The one that was lost goes on, or is started again.
    pub(crate) fn come_back(&mut self, loss: Loss) {
        let lost = self.lost();
        match loss {
            Loss::Killed => lost.start(),
            Loss::Stopped => lost.resume(),
        }
    }

    /// Ends the old primary, as Patroni does when it has come back.
    pub(crate) fn fence(&mut self) {
        self.lost().kill();
    }
}

fn configuration(driver: &str, uri: &str, options: &str) -> String {
    format!(
        "[drivers]\nmessage_store = {driver}\nmanagement_store = {driver}\n\
         [drivers:message_store:{driver}]\nuri = {uri}\n{options}\
         [drivers:management_store:{driver}]\nuri = {uri}\n{options}\
         [notification]\nallowed_addresses = 127.0.0.1\n"
    )
}

fn servers(configuration: &str, count: usize, has_tables: bool) -> Vec<Server> {
    let sites: Vec<Site> = (0..count).map(|_| Site::new(configuration)).collect();
    if has_tables {
        let upgraded = zaqar_db(&sites[0], "upgrade");
        assert!(upgraded.status.success(), "{}", String::from_utf8_lossy(&upgraded.stderr));
    }
    sites.iter().map(Site::start).collect()
}
