//! Waiting until what was done on a server is on others, or on the disk.
//!
//! A change is written whatever a request did, and its place in the stream of changes is waited for. So a request that found
//! its work done already waits for that as well: Valkey 9 answers `WAIT` at once where the connection has written nothing.
//! One wait serves all requests that were done before it began.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::{Pipeline, Value, cmd};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::link::Link;
use super::{Address, Dialer, Reply};

/// What is waited for before a change is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Replicas {
    pub(crate) count: u32,
    /// It is to be on the disks of the primary and of as many replicas.
    pub(crate) on_disk: bool,
}

impl Replicas {
    pub(crate) const fn are_waited_for(self) -> bool {
        self.count > 0 || self.on_disk
    }
}

/// The waits of one server. Each has the connection to itself, since it blocks it.
#[derive(Debug, Default)]
pub(crate) struct Replication {
    asked: AtomicU64,
    last: Mutex<Last>,
}

#[derive(Debug, Default)]
struct Last {
    link: Option<Arc<Link>>,
    /// Whoever asked up to here is served, with this outcome.
    served: u64,
    failed: Option<String>,
}

impl Replication {
    /// Waits until everything that the server has done so far is where it is to be.
    pub(crate) async fn wait(
        &self,
        address: &Address,
        dialer: &Dialer,
        replicas: Replicas,
        tag: &str,
        patience: Duration,
    ) -> Result<(), String> {
        let own = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut last = self.last.lock().await;
        if last.served < own {
            let served = self.asked.load(Ordering::SeqCst);
            let link = last.link.take().filter(|link| !link.is_dead());
            let waited = async {
                let link = match link {
                    Some(link) => link,
                    None => Arc::new(dialer.dial(address, None).await?),
                };
                wait_once(&link, replicas, tag, patience).await.map(|()| link)
            };
            let waited = waited.await;
            last.served = served;
            last.failed = waited.as_ref().err().map(|why| format!("{address}: {why}"));
            last.link = waited.ok();
        }
        last.failed.clone().map_or(Ok(()), Err)
    }
}

async fn wait_once(link: &Link, replicas: Replicas, tag: &str, patience: Duration) -> Result<(), String> {
    let millis = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX).max(1);
    let (mut change, mut wait) = (cmd("SET"), cmd(if replicas.on_disk { "WAITAOF" } else { "WAIT" }));
    change.arg(format!("{{{tag}}}written")).arg(1);
    if replicas.on_disk {
        wait.arg(1);
    }
    wait.arg(replicas.count).arg(millis);
    let mut commands = Pipeline::with_capacity(2);
    commands.add_command(change).add_command(wait);
    let answers = match timeout(patience + Duration::from_secs(1), link.send(&commands)).await {
        Ok(answers) => answers.map_err(|error| error.to_string())?,
        Err(_) => return Err("no answer in time".to_owned()),
    };
    let mut answers = answers.into_iter();
    let (changed, waited) = (answers.next().unwrap_or_default(), answers.next().unwrap_or_default());
    for answer in [&changed, &waited] {
        if let Value::ServerError(error) = answer {
            return Err(error.to_string());
        }
    }
    let unreadable = |error: zaqar_storage::StorageError| error.to_string();
    let (on_disk, count) = if replicas.on_disk {
        let mut counts = waited.list().map_err(unreadable)?;
        let mut next = || counts.next().unwrap_or_default().number().map_err(unreadable);
        (next()? > 0, next()?)
    } else {
        (true, waited.number().map_err(unreadable)?)
    };
    if on_disk && count >= u64::from(replicas.count) {
        return Ok(());
    }
    Err(format!("{count} of {} replicas have the change in time", replicas.count))
}
