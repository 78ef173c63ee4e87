//! From names to addresses that may be connected to.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::dns::Name;
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tower_service::Service;

use crate::guard::{AddressGuard, Refusal};

/// So many look-ups run at a time, of either part: each takes a thread, and a name server that is away holds it for long.
const AT_ONCE: usize = 64;

/// A look-up within this time is a quick one.
const QUICK: Duration = Duration::from_secs(1);

/// So many names are remembered.
const MOST_KNOWN: usize = 100_000;

/// Finds the addresses of a name.
#[async_trait::async_trait]
pub trait LookUp: Send + Sync + 'static {
    async fn look_up(&self, name: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// As the system does it. Names that were found quickly the last time have threads of their own: those whose name servers
/// are away do not delay them.
#[derive(Debug)]
pub struct SystemNames {
    quick: Arc<Semaphore>,
    others: Arc<Semaphore>,
    /// Which names were found quickly the last time.
    found: Arc<Mutex<HashSet<String>>>,
}

impl Default for SystemNames {
    fn default() -> Self {
        let part = || Arc::new(Semaphore::new(AT_ONCE));
        Self { quick: part(), others: part(), found: Arc::default() }
    }
}

#[async_trait::async_trait]
impl LookUp for SystemNames {
    async fn look_up(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        let is_quick = self.found.lock().contains(name);
        let part = if is_quick { &self.quick } else { &self.others };
        let one_of_few = Arc::clone(part).acquire_owned().await;
        let (name, quickly_found) = (name.to_owned(), Arc::clone(&self.found));
        let looking = tokio::task::spawn_blocking(move || {
            // Kept until the thread is free again, also when nobody waits any more.
            let _one_of_few = one_of_few;
            let began = Instant::now();
            let found = (name.as_str(), 0).to_socket_addrs();
            let is_quick = found.is_ok() && began.elapsed() < QUICK;
            remember(&mut quickly_found.lock(), name, is_quick);
            Ok(found?.map(|address| address.ip()).collect())
        });
        looking.await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
    }
}

fn remember(quickly_found: &mut HashSet<String>, name: String, is_quick: bool) {
    if !is_quick {
        quickly_found.remove(&name);
        return;
    }
    if quickly_found.len() >= MOST_KNOWN {
        quickly_found.clear();
    }
    quickly_found.insert(name);
}

/// Resolves names to those of their addresses that the guard lets pass. What is connected to is what was checked: no
/// name is looked up twice in between.
#[derive(Clone)]
pub(super) struct GuardedNames {
    pub(super) names: Arc<dyn LookUp>,
    pub(super) guard: Arc<AddressGuard>,
}

impl Service<Name> for GuardedNames {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (names, guard) = (Arc::clone(&self.names), Arc::clone(&self.guard));
        Box::pin(async move {
            let found = names.look_up(name.as_str()).await?;
            let addresses = passed(&guard, found)?.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(addresses.collect::<Vec<_>>().into_iter())
        })
    }
}

/// The addresses that may be connected to; the first refusal where there are none.
fn passed(guard: &AddressGuard, found: Vec<IpAddr>) -> Result<Vec<IpAddr>, Refusal> {
    let (mut passed, mut refusal) = (Vec::new(), None);
    for address in found {
        match guard.check(address) {
            Ok(()) => passed.push(address),
            Err(reason) => refusal = refusal.or(Some(reason)),
        }
    }
    match refusal {
        Some(refusal) if passed.is_empty() => Err(refusal),
        _ => Ok(passed),
    }
}
