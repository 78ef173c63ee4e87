//! Claims whose time to live ends.

use crate::bench::MessageBench;
use crate::samples::{claim_of, message, terms};
use zaqar_model::Clock;
use zaqar_storage::ClaimRequest;

/// A claim lives until its time to live has passed, and not from then on.
pub async fn a_claim_expires_when_its_ttl_has_passed(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(1).await;
    let (claim, _) = queue.claim(1).await;
    bench.advance_millis(59_999);
    assert_eq!(queue.held_by(claim).await, posted);
    assert_eq!(queue.claim(1).await.1, vec![]);
    bench.advance_millis(1);
    assert_eq!(queue.get_claim(claim).await, None);
}

/// The messages of an expired claim are free at once, in their old places.
pub async fn messages_of_an_expired_claim_are_free_in_their_places(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(4).await;
    queue.claim(2).await;
    bench.advance_secs(60);
    assert_eq!(queue.listed().await, posted);
    assert_eq!(queue.get_one(posted[0]).await.unwrap().claim, None);
    assert_eq!(queue.claim(3).await.1, posted[..3]);
}

/// The messages of an expired claim can be popped.
pub async fn messages_of_an_expired_claim_can_be_popped(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    queue.claim(2).await;
    bench.advance_secs(60);
    assert_eq!(queue.pop(5).await, posted);
}

/// Claims expire each at its own time.
pub async fn each_claim_expires_at_its_own_time(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    let long = ClaimRequest { terms: terms(90, 60), ..claim_of(1) };
    let short = ClaimRequest { terms: terms(30, 60), ..claim_of(1) };
    queue.claim_as(&long).await;
    queue.claim_as(&short).await;
    bench.advance_secs(30);
    assert_eq!(queue.get_claim(short.id).await, None);
    assert_eq!(queue.listed().await, posted[1..]);
    assert_eq!(queue.held_by(long.id).await, posted[..1]);
    bench.advance_secs(60);
    assert_eq!(queue.get_claim(long.id).await, None);
    assert_eq!(queue.listed().await, posted);
}

/// Giving back the space of expired claims leaves their messages free.
pub async fn giving_back_space_frees_the_messages_of_expired_claims(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    let (claim, _) = queue.claim(2).await;
    bench.advance_secs(60);
    for _ in 0..3 {
        bench.store().expire(bench.now()).await.unwrap();
    }
    assert_eq!(queue.get_claim(claim).await, None);
    assert_eq!(queue.listed().await, posted);
    assert_eq!(queue.claim(5).await.1, posted);
}

/// An expired claim can neither be renewed nor released, also when another holds its messages now.
pub async fn an_expired_claim_has_no_power_over_its_messages(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    let (late, _) = queue.claim(2).await;
    bench.advance_secs(60);
    let (claim, held) = queue.claim(2).await;
    assert_eq!(held, posted);
    assert!(!queue.renew(late, terms(600, 60)).await);
    queue.release(late).await;
    assert_eq!(queue.get_claim(late).await, None);
    assert_eq!(queue.held_by(claim).await, posted);
}

/// At most one live claim holds a message, also when one caller's clock is a little behind the other's.
pub async fn a_clock_a_little_behind_does_not_share_a_message(bench: &MessageBench) {
    let queue = bench.queue();
    let store = bench.store();
    let id = queue.post_one(message()).await;
    let (first, _) = queue.claim(1).await;
    let before_expiry = {
        bench.advance_millis(59_999);
        bench.now()
    };
    bench.advance_millis(1);
    let (second, held) = queue.claim(1).await;
    assert_eq!(held, [id]);
    // For the other caller the first claim may still be alive, but it holds nothing any more.
    let behind = crate::ManualClock::at(before_expiry).now();
    let left = store.get_claim(&queue.destination, first, behind).await.unwrap();
    assert!(left.is_none_or(|claim| claim.messages.is_empty()));
    let third = claim_of(1);
    assert_eq!(store.claim(&queue.destination, &third, behind).await.unwrap().messages, vec![]);
    assert_eq!(queue.held_by(second).await, [id]);
}
