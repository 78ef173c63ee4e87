//! A primary and a replica, and three Sentinels that make the replica the primary when that is lost.

use std::net::SocketAddr;

use super::{Engine, Redis};
use crate::ports::Reserved;
use crate::wait;

/// What the Sentinels call the pair.
const NAME: &str = "zaqar";

#[derive(Debug)]
pub struct Sentinels {
    /// The first begins as the primary.
    pub nodes: [Redis; 2],
    pub sentinels: [Redis; 3],
}

impl Sentinels {
    /// With `options` of both nodes. They know each other when this returns.
    pub fn start(engine: Engine, options: &[(&str, &str)]) -> Self {
        Self::watching(engine, options, &[("down-after-milliseconds", "1000"), ("failover-timeout", "3000")])
    }

    /// Also with options of the Sentinels for their primary.
    pub fn watching(engine: Engine, options: &[(&str, &str)], of_sentinels: &[(&str, &str)]) -> Self {
        let primary = Redis::start(engine, options);
        let port = primary.port.number().to_string();
        let follows = format!("127.0.0.1 {port}");
        let options: Vec<_> = options.iter().copied().chain([("replicaof", follows.as_str())]).collect();
        let replica = Redis::start(engine, &options);

        // Else the Sentinels hear of it only when they ask the primary again, ten seconds later.
        wait::until("the replica follows", || (replica.info("master_link_status")? == "up").then_some(()));

        let monitor = format!("monitor {NAME} 127.0.0.1 {port} 2");
        let own = of_sentinels.iter().map(|(what, value)| format!("{what} {NAME} {value}"));
        let options: Vec<_> = std::iter::once(monitor).chain(own).collect();
        let options: Vec<_> = options.iter().map(|option| ("sentinel", option.as_str())).collect();
        let sentinels = [(); 3].map(|()| Redis::serve(engine, &["--sentinel"], Reserved::new(), &options));
        let all = Self { nodes: [primary, replica], sentinels };
        all.wait_until_whole();
        all
    }

    /// As upstream writes it.
    pub fn uri(&self) -> String {
        let addresses = self.sentinels.each_ref().map(|sentinel| sentinel.address().to_string());
        format!("redis://{}?master={NAME}", addresses.join(","))
    }

    pub fn name(&self) -> &'static str {
        NAME
    }

    /// Whom the first Sentinel that answers calls the primary.
    pub fn primary(&self) -> Option<SocketAddr> {
        let question = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME];
        let answer = self.sentinels.iter().find_map(|sentinel| sentinel.try_run(&question).ok())?;
        answer.replace('\n', ":").parse().ok()
    }

    /// Waits until all Sentinels call the other node the primary than the one at `lost`, and that one takes changes.
    pub fn wait_for_successor_of(&self, lost: SocketAddr) -> SocketAddr {
        let successor = self.nodes.iter().find(|node| node.address() != lost).unwrap();
        let question = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME];
        wait::until(&format!("{} is the primary", successor.address()), || {
            let agree = self.sentinels.iter().all(|sentinel| {
                let named = sentinel.try_run(&question).unwrap_or_default();
                named.replace('\n', ":") == successor.address().to_string()
            });
            (agree && successor.info("role")? == "master").then(|| successor.address())
        })
    }

    /// Waits until one node follows the other, and each Sentinel knows both and its fellows.
    pub fn wait_until_whole(&self) {
        wait::until("the nodes and the Sentinels know each other", || {
            let follows =
                self.nodes.iter().any(|node| node.info("master_link_status").as_deref() == Some("up"));
            let known = self.sentinels.iter().all(|sentinel| {
                let lines = sentinel.try_run(&["SENTINEL", "MASTER", NAME]).unwrap_or_default();
                let lines: Vec<_> = lines.lines().collect();
                let has = |name, value| lines.chunks(2).any(|pair| pair == [name, value]);
                has("flags", "master") && has("num-slaves", "1") && has("num-other-sentinels", "2")
            });
            (follows && known).then_some(())
        });
    }
}
