//! A gate for each queue that is in use right now.
//!
//! Whoever uses a queue's store passes the gate with others; whoever switches the queue to another store passes it
//! alone. One queue never waits for another's gate.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use zaqar_model::DestinationNumber;

use crate::changes::Changes;

/// As many as there are queues in use: a gate goes with the last who needs it.
#[derive(Debug, Default)]
pub(crate) struct Gates(Mutex<HashMap<DestinationNumber, (Arc<Gate>, usize)>>);

#[derive(Debug, Default)]
struct Gate {
    door: Arc<RwLock<()>>,
    /// Where to leave a note of changes, while the queue is being copied.
    changes: Mutex<Option<Arc<Changes>>>,
}

/// Standing at a queue's gate.
#[derive(Debug)]
pub(crate) struct AtGate {
    gates: Arc<Gates>,
    queue: DestinationNumber,
    gate: Arc<Gate>,
}

impl Gates {
    pub(crate) fn approach(gates: &Arc<Self>, queue: DestinationNumber) -> AtGate {
        let mut all = gates.0.lock();
        let (gate, visitors) = all.entry(queue).or_default();
        *visitors += 1;
        AtGate { gates: Arc::clone(gates), queue, gate: Arc::clone(gate) }
    }
}

impl AtGate {
    pub(crate) async fn with_others(&self) -> OwnedRwLockReadGuard<()> {
        Arc::clone(&self.gate.door).read_owned().await
    }

    /// Waits until all who have passed are back. Those who come later wait in turn.
    pub(crate) async fn alone(&self) -> OwnedRwLockWriteGuard<()> {
        Arc::clone(&self.gate.door).write_owned().await
    }

    /// From now on, changes are noted. Called alone, so that nobody who is inside goes without noting.
    pub(crate) fn begin_noting(&self) -> Arc<Changes> {
        let changes = Arc::new(Changes::default());
        *self.gate.changes.lock() = Some(Arc::clone(&changes));
        changes
    }

    pub(crate) fn end_noting(&self) {
        *self.gate.changes.lock() = None;
    }

    pub(crate) fn changes(&self) -> Option<Arc<Changes>> {
        self.gate.changes.lock().clone()
    }
}

impl Drop for AtGate {
    fn drop(&mut self) {
        let mut all = self.gates.0.lock();
        if let Some((_, visitors)) = all.get_mut(&self.queue) {
            *visitors -= 1;
            if *visitors == 0 {
                all.remove(&self.queue);
            }
        }
    }
}
