//! Messages that were claimed often enough are set aside when their claims have ended, without another claim.

use zaqar_model::Destination;

use crate::bench::{MessageBench, ids};
use crate::samples::claim_with_max_count;

pub(in crate::cases) async fn with_ended_claims(bench: &MessageBench) -> Vec<Destination> {
    let mut found = bench.store().with_ended_claims(1000, bench.now()).await.unwrap();
    found.sort();
    found
}

/// When its last claim has expired, a message that was claimed often enough is set aside.
pub async fn a_message_is_set_aside_when_its_claim_has_expired(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    queue.claim(1).await;
    assert_eq!(with_ended_claims(bench).await, []);
    assert_eq!(queue.set_aside(1).await, [], "it is claimed");
    bench.advance_millis(59_999);
    assert_eq!(with_ended_claims(bench).await, []);
    bench.advance_millis(1);
    assert_eq!(with_ended_claims(bench).await, std::slice::from_ref(&queue.destination));
    assert_eq!(queue.set_aside(1).await, posted[..1]);
    assert_eq!(queue.dead_letter_ids().await, posted[..1]);
    assert_eq!(queue.all().await, posted[1..]);
}

/// So it is when its claim was released.
pub async fn a_message_is_set_aside_when_its_claim_was_released(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(1).await;
    let (claim, _) = queue.claim(1).await;
    queue.release(claim).await;
    assert_eq!(with_ended_claims(bench).await, std::slice::from_ref(&queue.destination));
    assert_eq!(queue.set_aside(1).await, posted);
    assert_eq!(bench.with_dead_letters().await, [queue.destination]);
}

/// What was claimed less often stays, and is looked at again after its next claim.
pub async fn what_was_claimed_less_often_stays(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(1).await;
    for _ in 0..2 {
        let (claim, _) = queue.claim(1).await;
        queue.release(claim).await;
        assert_eq!(with_ended_claims(bench).await, std::slice::from_ref(&queue.destination));
        assert_eq!(queue.set_aside(3).await, []);
        assert_eq!(queue.all().await, posted);
    }
    let (claim, _) = queue.claim(1).await;
    queue.release(claim).await;
    assert_eq!(queue.set_aside(3).await, posted);
}

/// A message that another claim has taken meanwhile is not set aside before that one has ended.
pub async fn what_was_taken_again_is_not_set_aside(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(1).await;
    queue.claim(1).await;
    bench.advance_secs(60);
    let (claim, held) = queue.claim(1).await;
    assert_eq!(held, posted);
    assert_eq!(queue.set_aside(1).await, []);
    assert_eq!(queue.held_by(claim).await, posted);
    queue.release(claim).await;
    assert_eq!(queue.set_aside(1).await, posted);
}

/// Without a policy nothing is set aside.
pub async fn without_a_policy_nothing_is_set_aside(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    let (claim, _) = queue.claim(2).await;
    queue.release(claim).await;
    assert_eq!(bench.store().set_aside(&queue.destination, None, bench.now()).await.unwrap(), []);
    assert_eq!(queue.all().await, posted);
    let met = queue.claim_as(&claim_with_max_count(1, 1)).await;
    assert_eq!((ids(&met.messages), met.dead_letters.len()), (vec![], 2), "a claim that meets them does it");
}

/// Where claims have ended is found, and nothing where none were.
pub async fn destinations_with_ended_claims_are_found(bench: &MessageBench) {
    let (one, two, quiet) = (bench.queue(), bench.queue(), bench.queue());
    for queue in [&one, &two, &quiet] {
        queue.fill(2).await;
    }
    for queue in [&one, &two] {
        queue.claim(1).await;
    }
    bench.advance_secs(60);
    let mut expected = vec![one.destination.clone(), two.destination.clone()];
    expected.sort();
    assert_eq!(with_ended_claims(bench).await, expected);
}

/// Many are set aside some at a time: an empty answer says that all were looked at.
pub async fn many_are_set_aside_some_at_a_time(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2500).await;
    let (claim, _) = queue.claim(2500).await;
    queue.release(claim).await;
    let mut aside = Vec::new();
    loop {
        let some = queue.set_aside(1).await;
        if some.is_empty() {
            break;
        }
        aside.extend(some);
    }
    assert_eq!(aside, posted);
    assert_eq!(queue.all().await, vec![]);
}

/// What was let go and not looked at when the store ended is found afterwards; what was set aside stays so.
pub async fn ended_claims_are_found_after_reopening(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    let (claim, _) = queue.claim(1).await;
    queue.release(claim).await;
    bench.reopen().await;
    assert_eq!(with_ended_claims(bench).await, std::slice::from_ref(&queue.destination));
    queue.claim(1).await;
    bench.advance_secs(60);
    bench.reopen().await;
    assert_eq!(with_ended_claims(bench).await, std::slice::from_ref(&queue.destination));
    assert_eq!(queue.set_aside(2).await, posted[..1], "it was claimed twice");
    bench.reopen().await;
    assert_eq!(queue.dead_letter_ids().await, posted[..1]);
    assert_eq!(queue.all().await, posted[1..]);
}
