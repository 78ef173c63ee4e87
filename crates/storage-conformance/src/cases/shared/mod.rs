//! Two servers over one store: what one does, the other sees as soon as it is acknowledged.

pub mod claiming;
pub mod closing;
pub mod delivering;
pub mod migrating;
pub mod posting;

use zaqar_storage::MessageStore;

use crate::bench::{MessageBench, TestQueue};

/// A store that several servers can use.
pub async fn needs(store: &dyn MessageStore) -> bool {
    store.capabilities().shared
}

/// A queue as two servers see it.
async fn two(bench: &MessageBench) -> (TestQueue, TestQueue) {
    let queue = bench.queue();
    let other = queue.through(bench.open_another().await);
    (queue, other)
}
