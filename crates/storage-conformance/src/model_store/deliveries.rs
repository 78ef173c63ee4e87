//! Deliveries: notifications that are owed.

use zaqar_model::{Delivery, DeliveryOutcome, LeaseId, Marker, SubscriptionId, Timestamp};
use zaqar_storage::{Deliveries, StorageResult};

use super::ModelStore;
use super::contents::{Contents, Owed};

#[async_trait::async_trait]
impl Deliveries for ModelStore {
    async fn lease(
        &self,
        lease: LeaseId,
        until: Timestamp,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<Delivery>> {
        let mut state = self.state()?;
        let mut taken = Vec::new();
        for contents in state.contents.values_mut() {
            for at in 0..contents.owed.len() {
                let owed = &contents.owed[at];
                if taken.len() < limit && owed.due <= now && contents.is_owed(owed, now) {
                    taken.extend(delivery(contents, owed, now));
                    contents.owed[at].lease = Some(lease);
                    contents.owed[at].due = until;
                }
            }
        }
        Ok(taken)
    }

    async fn record(
        &self,
        lease: LeaseId,
        outcomes: Vec<(SubscriptionId, Marker, DeliveryOutcome)>,
        _now: Timestamp,
    ) -> StorageResult<()> {
        let mut state = self.state()?;
        for (subscription, position, outcome) in outcomes {
            for contents in state.contents.values_mut() {
                let meant = contents.owed.iter().position(|owed| {
                    owed.subscription == subscription
                        && owed.position == position
                        && owed.lease == Some(lease)
                });
                let Some(at) = meant else { continue };
                match outcome {
                    DeliveryOutcome::Delivered | DeliveryOutcome::Exhausted(_) => {
                        contents.owed.remove(at);
                    }
                    DeliveryOutcome::RetryAt(due) => {
                        contents.owed[at].lease = None;
                        contents.owed[at].attempts += 1;
                        contents.owed[at].due = due;
                    }
                }
            }
        }
        Ok(())
    }

    async fn next_due(&self, now: Timestamp) -> StorageResult<Option<Timestamp>> {
        let state = self.state()?;
        let owed = state
            .contents
            .values()
            .flat_map(|contents| contents.owed.iter().filter(|owed| contents.is_owed(owed, now)));
        Ok(owed.map(|owed| owed.due).min())
    }
}

fn delivery(contents: &Contents, owed: &Owed, now: Timestamp) -> Option<Delivery> {
    let subscription = contents.subscription(owed.subscription, now)?.clone();
    Some(Delivery {
        subscription,
        message: owed.stored.clone(),
        position: owed.position,
        attempts: owed.attempts,
    })
}
