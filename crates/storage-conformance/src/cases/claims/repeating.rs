//! Claims that are asked for again, as after an answer that was lost.

use zaqar_storage::ClaimRequest;

use crate::bench::{MessageBench, ids};
use crate::samples::{claim_of, terms};

/// A claim with the id of a live one takes nothing more, and returns what that one holds.
pub async fn a_claim_is_made_once(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(4).await;
    let request = claim_of(3);
    let first = queue.claim_as(&request).await;
    let again = ClaimRequest { is_repeated: true, ..request };
    assert_eq!(queue.claim_as(&again).await, first);
    queue.delete(posted[0], Some(request.id)).await;
    assert_eq!(ids(&queue.claim_as(&again).await.messages), posted[1..3]);
    assert_eq!(queue.listed().await, posted[3..]);
}

/// A claim that is made twice at the same time through the same handle of the store is made once.
pub async fn a_claim_that_is_made_twice_at_once_is_made_once(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(4).await;
    let request = claim_of(2);
    let again = ClaimRequest { is_repeated: true, ..request };
    let (first, second) = tokio::join!(queue.claim_as(&request), queue.claim_as(&again));
    for claimed in [first, second] {
        assert_eq!(ids(&claimed.messages), posted[..2]);
    }
    assert_eq!(queue.held_by(request.id).await, posted[..2]);
}

/// One that has ended is no more: a claim with its id takes messages again.
pub async fn an_ended_claim_is_not_taken_for_the_same(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    let request = claim_of(1);
    queue.claim_as(&request).await;
    queue.release(request.id).await;
    let (other, _) = queue.claim(1).await;
    let again = ClaimRequest { is_repeated: true, ..request };
    assert_eq!(ids(&queue.claim_as(&again).await.messages), posted[1..]);
    assert_eq!(queue.held_by(other).await, posted[..1]);
}

/// A renewal, and a release, that is made again does no harm.
pub async fn renewals_and_releases_may_be_repeated(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    let (claim, _) = queue.claim(1).await;
    for _ in 0..2 {
        assert!(queue.renew(claim, terms(60, 60)).await);
    }
    assert_eq!(queue.held_by(claim).await, posted[..1]);
    for _ in 0..2 {
        queue.release(claim).await;
    }
    assert_eq!(queue.listed().await, posted);
}
