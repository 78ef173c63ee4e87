//! A cluster of three primaries, each with a replica.

use super::{Engine, Redis};
use crate::ports::Reserved;
use crate::wait;

/// How many parts the keys have.
const SLOTS: usize = 16_384;
const PRIMARIES: usize = 3;
const NODES: usize = 2 * PRIMARIES;

#[derive(Debug)]
pub struct Cluster {
    /// The first three begin as the primaries, each with the replica that stands three behind it.
    pub nodes: [Redis; NODES],
    /// At which the nodes talk to each other.
    buses: [Reserved; NODES],
}

impl Cluster {
    /// With `options` of each node. All slots are served when this returns.
    pub fn start(engine: Engine, options: &[(&str, &str)]) -> Self {
        let buses = [(); NODES].map(|()| Reserved::new());
        let nodes = buses.each_ref().map(|bus| {
            let bus = bus.number().to_string();
            let own = [
                ("cluster-enabled", "yes"),
                ("cluster-config-file", "nodes.conf"),
                ("cluster-node-timeout", "1000"),
                ("cluster-port", bus.as_str()),
            ];
            let options: Vec<_> = own.into_iter().chain(options.iter().copied()).collect();
            Redis::serve(engine, &[], Reserved::new(), &options)
        });
        let cluster = Self { nodes, buses };
        cluster.form();
        cluster
    }

    pub fn uri(&self) -> String {
        let addresses = self.nodes.each_ref().map(|node| node.address().to_string());
        format!("redis+cluster://{}", addresses.join(","))
    }

    /// Which node serves a key.
    pub fn primary_of(&self, key: &str) -> Option<usize> {
        let slot: usize = self
            .nodes
            .iter()
            .find_map(|node| node.try_run(&["CLUSTER", "KEYSLOT", key]).ok()?.parse().ok())?;
        self.nodes.iter().position(|node| {
            let table = node.try_run(&["CLUSTER", "NODES"]).unwrap_or_default();
            let own = table.lines().find(|line| line.contains("myself,master")).unwrap_or_default();
            own.split(' ').skip(8).any(|range| {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                let [first, last] = [first, last].map(str::parse::<usize>);
                first.is_ok_and(|first| first <= slot) && last.is_ok_and(|last| slot <= last)
            })
        })
    }

    /// Waits until another node than `lost`, which may be paused, serves a key, and all others agree on who serves what.
    pub fn wait_for_successor_of(&self, lost: usize, key: &str) -> usize {
        wait::until("another node serves the key", || {
            let successor = self.primary_of(key).filter(|node| *node != lost)?;
            let mut others = self.nodes.iter().enumerate().filter(|(node, _)| *node != lost);
            others.all(|(_, node)| serves(node)).then_some(successor)
        })
    }

    /// Waits until each node serves, knows three primaries with a replica each, and follows if it is a replica.
    pub fn wait_until_whole(&self) {
        wait::until("all nodes know the whole cluster", || {
            let is_whole = |node: &Redis| {
                let table = node.try_run(&["CLUSTER", "NODES"]).unwrap_or_default();
                let count = |role: &str| {
                    let flags = table.lines().filter_map(|line| line.split(' ').nth(2));
                    flags.filter(|flags| flags.trim_start_matches("myself,") == role).count()
                };
                let follows = node.info("master_link_status").is_none_or(|status| status == "up");
                serves(node) && count("master") == PRIMARIES && count("slave") == PRIMARIES && follows
            };
            self.nodes.iter().all(is_whole).then_some(())
        });
    }

    fn form(&self) {
        let (primaries, replicas) = self.nodes.split_at(PRIMARIES);
        for (number, primary) in primaries.iter().enumerate() {
            let [first, behind] = [number, number + 1].map(|number| number * SLOTS / PRIMARIES);
            primary.run(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &(behind - 1).to_string()]);
        }
        for (number, node) in self.nodes.iter().enumerate() {
            // Else they have to find out first whose word counts.
            node.run(&["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()]);
        }
        for (node, bus) in self.nodes.iter().zip(&self.buses).skip(1) {
            let [port, bus] = [node.port.number(), bus.number()].map(|port| port.to_string());
            self.nodes[0].run(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]);
        }
        let ids = self.nodes.each_ref().map(|node| node.run(&["CLUSTER", "MYID"]));
        wait::until("the nodes have met", || {
            let knows_all = |node: &Redis| {
                let table = node.try_run(&["CLUSTER", "NODES"]).unwrap_or_default();
                ids.iter().all(|id| table.contains(id.as_str())) && !table.contains("handshake")
            };
            self.nodes.iter().all(knows_all).then_some(())
        });
        for (replica, primary) in replicas.iter().zip(&ids) {
            replica.run(&["CLUSTER", "REPLICATE", primary]);
        }
        self.wait_until_whole();
    }
}

fn serves(node: &Redis) -> bool {
    node.try_run(&["CLUSTER", "INFO"]).is_ok_and(|answer| answer.contains("cluster_state:ok"))
}
