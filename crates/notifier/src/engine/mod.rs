//! The engine: leases what is due, has it tried, and records how it ended.
//!
//! - `intake` leases as much as there is room for; `unanswered` repeats leases whose answers were lost;
//! - `lanes` keeps the first attempts of a subscription in the order of posting, one after the other. Further attempts
//!   do not wait in a lane;
//! - `confirm` finds out what is asked of whom, where a delivery is a request to confirm;
//! - `deliver` makes one delivery: it enters its endpoint (`endpoints`: room, rate, and by `health`, breaker and pace),
//!   sends, and concludes. What is retried never takes the turn of what has not been tried;
//! - `expire` ends what has expired before its subscriber had it;
//! - `recorder` writes down how deliveries ended, many at a time.
//!
//! Endpoints that have not answered well the last time, and attempts that take long, get only a part of the [`capacity`]: however
//! many there are, the others find some.

mod capacity;
mod conclude;
mod confirm;
mod deliver;
mod endpoints;
mod expire;
mod health;
mod intake;
mod lanes;
mod leases;
mod options;
mod pauses;
mod rate;
mod recorder;
mod senders;
mod unanswered;
mod workers;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{OwnedSemaphorePermit, mpsc};
use zaqar_domain::{LeasedDelivery, WaitingConfirmation, Zaqar};
use zaqar_model::{LeaseId, Timestamp};

pub use health::BreakerOptions;
pub use options::{Bounds, EngineOptions};
pub use senders::Senders;

use capacity::Capacity;
use endpoints::Endpoints;
use lanes::Lanes;
use leases::Leases;
use recorder::Recorder;
use workers::Workers;

use crate::confirmation::Confirmations;

/// Makes the deliveries that are owed.
pub struct Engine {
    zaqar: Arc<Zaqar>,
    senders: Senders,
    confirmations: Confirmations,
    options: EngineOptions,
    endpoints: Arc<Endpoints>,
    lanes: Lanes,
    recorder: Recorder,
    /// Capacity for what is leased.
    capacity: Capacity,
    workers: Workers,
    leases: Leases,
    is_stopping: AtomicBool,
}

/// A delivery that is ours.
struct Leased {
    owed: LeasedDelivery,
    /// Where it is a request to confirm: what is asked of whom, once that is known.
    asking: Option<Box<WaitingConfirmation>>,
    lease: LeaseId,
    /// When the lease ends.
    until: Timestamp,
    capacity: OwnedSemaphorePermit,
}

impl Leased {
    /// Whom it is for: where it is a request to confirm, the one who is asked.
    fn subscriber(&self) -> &str {
        let asking = self.asking.as_ref().map(|asking| &asking.subscription);
        &asking.unwrap_or(&self.owed.delivery.subscription).subscriber
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine, which must be made within a runtime.
    pub fn new(
        zaqar: Arc<Zaqar>,
        senders: Senders,
        confirmations: Confirmations,
        options: EngineOptions,
    ) -> Arc<Self> {
        let (reports, received) = mpsc::unbounded_channel();
        tokio::spawn(recorder::run(Arc::clone(&zaqar), received));
        let endpoints = Arc::new(Endpoints::new(&options));
        zaqar.watch_endpoints(Arc::<Endpoints>::clone(&endpoints));
        Arc::new(Self {
            endpoints,
            lanes: Lanes::default(),
            recorder: Recorder::new(reports),
            capacity: Capacity::new(options.waiting),
            workers: Workers::new(options.workers),
            leases: Leases::default(),
            is_stopping: AtomicBool::new(false),
            zaqar,
            senders,
            confirmations,
            options,
        })
    }

    /// Delivers until `stop` comes, then lets what is under way end and gives back the rest. What has not ended within
    /// the time for it is left: it is due again when its lease ends.
    pub async fn run(self: Arc<Self>, stop: impl Future<Output = ()> + Send) {
        intake::run(&self, stop).await;
        self.is_stopping.store(true, Ordering::Release);
        let all_ended = self.capacity.wait_until_empty();
        if tokio::time::timeout(self.options.stop_time, all_ended).await.is_err() {
            tracing::warn!("some deliveries have not ended in time; they will be made once more");
        }
    }

    fn now(&self) -> Timestamp {
        self.zaqar.now()
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }
}
