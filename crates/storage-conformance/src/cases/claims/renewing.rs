//! Claims that begin anew.

use crate::bench::MessageBench;
use crate::samples::{fresh_claim_id, lasting, message, terms};

/// A renewed claim lives for its new time to live from the renewal on.
pub async fn a_renewed_claim_begins_anew(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    let (claim, _) = queue.claim(2).await;
    bench.advance_secs(50);
    assert!(queue.renew(claim, terms(100, 60)).await);
    bench.advance_millis(99_999);
    assert_eq!(queue.held_by(claim).await, posted);
    assert_eq!(queue.claim(1).await.1, vec![]);
    bench.advance_millis(1);
    assert_eq!(queue.get_claim(claim).await, None);
    assert_eq!(queue.listed().await, posted);
}

/// A renewed claim shows its new time to live, and its age counts from the renewal.
pub async fn a_renewed_claim_shows_its_new_terms(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(1).await;
    let (claim, _) = queue.claim(1).await;
    bench.advance_secs(5);
    queue.renew(claim, terms(100, 60)).await;
    let renewed = bench.now();
    bench.advance_secs(5);
    let found = queue.get_claim(claim).await.unwrap();
    assert_eq!((found.ttl.get(), found.renewed), (100, renewed));
}

/// A renewal may shorten a claim.
pub async fn a_renewal_may_shorten_a_claim(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(1).await;
    let (claim, _) = queue.claim(1).await;
    assert!(queue.renew(claim, terms(10, 60)).await);
    bench.advance_secs(10);
    assert_eq!(queue.get_claim(claim).await, None);
    assert_eq!(queue.claim(1).await.1, posted);
}

/// A renewal is no claim: the count stays.
pub async fn a_renewal_does_not_count(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(message()).await;
    let (claim, _) = queue.claim(1).await;
    queue.renew(claim, terms(100, 60)).await;
    assert_eq!(queue.get_one(id).await.unwrap().claim_count, 1);
}

/// A renewal lets messages live as long as at the claim's creation: those that would expire before it are extended.
pub async fn a_renewal_extends_the_life_of_its_messages(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![lasting(120), lasting(150)]).await;
    let (claim, _) = queue.claim(2).await;
    bench.advance_secs(50);
    queue.renew(claim, terms(100, 30)).await;
    let found = queue.get(&posted).await;
    let ttls: Vec<_> = found.iter().map(|message| message.ttl.get()).collect();
    assert_eq!(ttls, [130, 150]);
    bench.advance_secs(100);
    assert_eq!(queue.all().await, posted[..1]);
    bench.advance_secs(30);
    assert_eq!(queue.all().await, vec![]);
}

/// A renewal extends only what the claim still holds.
pub async fn a_renewal_extends_only_what_is_held(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![lasting(120); 3]).await;
    let (first, _) = queue.claim(1).await;
    queue.claim(1).await;
    queue.renew(first, terms(3600, 60)).await;
    let ttls: Vec<_> = queue.get(&posted).await.iter().map(|message| message.ttl.get()).collect();
    assert_eq!(ttls, [3660, 120, 120]);
}

/// Of a claim that does not exist, or not any more, renewal answers that there is none.
pub async fn an_unknown_claim_is_not_renewed(bench: &MessageBench) {
    let queue = bench.queue();
    assert!(!queue.renew(fresh_claim_id(), terms(60, 60)).await, "in an unknown queue");
    let posted = queue.fill(1).await;
    assert!(!queue.renew(fresh_claim_id(), terms(60, 60)).await);
    let (released, _) = queue.claim(1).await;
    queue.release(released).await;
    assert!(!queue.renew(released, terms(60, 60)).await);
    let (expired, _) = queue.claim(1).await;
    bench.advance_secs(60);
    assert!(!queue.renew(expired, terms(60, 60)).await);
    assert_eq!(queue.listed().await, posted);
}

/// A claim may be renewed again and again.
pub async fn a_claim_may_be_renewed_again_and_again(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![lasting(60)]).await;
    let (claim, _) = queue.claim(1).await;
    for _ in 0..10 {
        bench.advance_secs(59);
        assert!(queue.renew(claim, terms(60, 60)).await);
        assert_eq!(queue.held_by(claim).await, posted);
    }
}
