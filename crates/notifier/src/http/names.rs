//! From names to addresses that may be connected to.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use crate::guard::{AddressGuard, Refusal};

/// So many look-ups run at a time: each takes a thread, and a name server that is away holds it for long.
const AT_ONCE: usize = 64;

/// Finds the addresses of a name.
#[async_trait::async_trait]
pub trait LookUp: Send + Sync + 'static {
    async fn look_up(&self, name: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// As the system does it.
#[derive(Debug)]
pub struct SystemNames(Arc<Semaphore>);

impl Default for SystemNames {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

#[async_trait::async_trait]
impl LookUp for SystemNames {
    async fn look_up(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        let one_of_few = Arc::clone(&self.0).acquire_owned().await;
        let name = name.to_owned();
        let looking = tokio::task::spawn_blocking(move || {
            // Kept until the thread is free again, also when nobody waits any more.
            let _one_of_few = one_of_few;
            let found = (name.as_str(), 0).to_socket_addrs()?;
            Ok(found.map(|address| address.ip()).collect())
        });
        looking.await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
    }
}

/// Resolves names to those of their addresses that the guard lets pass. What is connected to is what was checked: no
/// name is looked up twice in between.
pub(super) struct GuardedNames {
    pub(super) names: Arc<dyn LookUp>,
    pub(super) guard: Arc<AddressGuard>,
}

impl Resolve for GuardedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, guard) = (Arc::clone(&self.names), Arc::clone(&self.guard));
        Box::pin(async move {
            let found = names.look_up(name.as_str()).await?;
            let passed = passed(&guard, found)?;
            let addresses: Addrs = Box::new(passed.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
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
