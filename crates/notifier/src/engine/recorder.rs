//! Writes down how deliveries ended, as many at a time as there are.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::sleep;
use zaqar_domain::Zaqar;
use zaqar_model::{DeliveryOutcome, DeliveryReport, LeaseId, Timestamp};

use super::Leased;
use super::pauses::Pauses;

const AT_ONCE: usize = 1024;

pub(super) struct Recorder(mpsc::UnboundedSender<Ended>);

/// A delivery that has ended. It keeps its place in the room until that is recorded: while the store fails, no more than
/// the room holds is taken up.
pub(super) struct Ended {
    lease: LeaseId,
    until: Timestamp,
    report: DeliveryReport,
    capacity: OwnedSemaphorePermit,
    recorded: Option<oneshot::Sender<()>>,
}

impl Recorder {
    pub(super) const fn new(reports: mpsc::UnboundedSender<Ended>) -> Self {
        Self(reports)
    }

    pub(super) fn record(&self, leased: Leased, outcome: DeliveryOutcome) {
        self.send(leased, outcome, None);
    }

    /// Tells when it is recorded, or by an error that it cannot be.
    pub(super) fn record_and_tell(&self, leased: Leased, outcome: DeliveryOutcome) -> oneshot::Receiver<()> {
        let (recorded, receiver) = oneshot::channel();
        self.send(leased, outcome, Some(recorded));
        receiver
    }

    fn send(&self, leased: Leased, outcome: DeliveryOutcome, recorded: Option<oneshot::Sender<()>>) {
        let Leased { owed, lease, until, capacity, .. } = leased;
        let report = owed.delivery.report(outcome);
        // What cannot be recorded any more is due again when its lease ends.
        let _ = self.0.send(Ended { lease, until, report, capacity, recorded });
    }
}

/// What is recorded in one call.
#[derive(Default)]
struct Batch {
    reports: Vec<DeliveryReport>,
    /// When the last of the leases ends.
    until: Timestamp,
    capacities: Vec<OwnedSemaphorePermit>,
    recorded: Vec<oneshot::Sender<()>>,
}

impl Batch {
    fn push(&mut self, ended: Ended) {
        let Ended { until, report, capacity, recorded, .. } = ended;
        self.reports.push(report);
        self.until = self.until.max(until);
        self.capacities.push(capacity);
        self.recorded.extend(recorded);
    }

    fn acknowledge(self) {
        for recorded in self.recorded {
            // Few want to know.
            let _ = recorded.send(());
        }
    }
}

/// Records what comes, until nobody can send any more.
pub(super) async fn run(zaqar: Arc<Zaqar>, mut reports: mpsc::UnboundedReceiver<Ended>) {
    let mut received = Vec::with_capacity(AT_ONCE);
    while reports.recv_many(&mut received, AT_ONCE).await > 0 {
        let mut by_lease: HashMap<LeaseId, Batch> = HashMap::new();
        for ended in received.drain(..) {
            by_lease.entry(ended.lease).or_default().push(ended);
        }
        let mut recording = JoinSet::new();
        for (lease, batch) in by_lease {
            let zaqar = Arc::clone(&zaqar);
            recording.spawn(async move {
                match zaqar.record_deliveries(lease, &batch.reports).await {
                    Ok(()) => batch.acknowledge(),
                    // The others do not wait for a store that fails.
                    Err(_) => drop(tokio::spawn(record_later(zaqar, lease, batch))),
                }
            });
        }
        while recording.join_next().await.is_some() {}
    }
}

/// The same may be recorded again and again, until the lease ends.
async fn record_later(zaqar: Arc<Zaqar>, lease: LeaseId, batch: Batch) {
    let mut pauses = Pauses::default();
    while batch.until > zaqar.now() {
        sleep(pauses.next()).await;
        match zaqar.record_deliveries(lease, &batch.reports).await {
            Ok(()) => return batch.acknowledge(),
            Err(error) => {
                tracing::debug!(%error, "how deliveries ended cannot be recorded yet");
            }
        }
    }
    let deliveries = batch.reports.len();
    tracing::error!(deliveries, "how deliveries ended could not be recorded; they will be made once more");
}
