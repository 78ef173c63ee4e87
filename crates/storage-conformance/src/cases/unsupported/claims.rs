//! Stores without claims.

use super::assert_unsupported;
use crate::bench::MessageBench;
use crate::samples::{claim_of, fresh_claim_id, terms};

/// A store that does not declare claims answers `Unsupported` to each of their operations.
pub async fn undeclared_claims_are_unsupported(bench: &MessageBench) {
    let store = bench.store();
    if store.capabilities().claims {
        return;
    }
    let (queue, now) = (bench.queue(), bench.now());
    assert_unsupported(&store.claim(&queue.destination, &claim_of(1), now).await);
    assert_unsupported(&store.get_claim(&queue.destination, fresh_claim_id(), now).await);
    assert_unsupported(&store.renew(&queue.destination, fresh_claim_id(), terms(60, 60), now).await);
    assert_unsupported(&store.release(&queue.destination, fresh_claim_id(), now).await);
}
