//! The lives of claimed messages.

use crate::bench::MessageBench;
use crate::samples::{claim_of, lasting, terms};
use zaqar_storage::ClaimRequest;

/// A message that would expire before its claim lives for the claim's time to live and the grace, from now.
pub async fn a_claim_extends_the_life_of_its_messages(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(lasting(100)).await;
    bench.advance_secs(50);
    let request = ClaimRequest { terms: terms(60, 30), ..claim_of(1) };
    queue.claim_as(&request).await;
    bench.advance_millis(89_999);
    assert_eq!(queue.all().await, [id]);
    bench.advance_millis(1);
    assert_eq!(queue.all().await, vec![]);
}

/// An extended message shows its new time to live, and the time of its posting as before.
pub async fn an_extended_message_shows_its_new_ttl(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(lasting(100)).await;
    let created = bench.now();
    bench.advance_secs(50);
    let request = ClaimRequest { terms: terms(60, 30), ..claim_of(1) };
    let claimed = queue.claim_as(&request).await;
    for message in [claimed.messages[0].clone(), queue.get_one(id).await.unwrap()] {
        assert_eq!(message.ttl.get(), 90);
        assert_eq!(message.created, created);
    }
}

/// A message that lives at least as long as its claim keeps its time to live.
pub async fn a_message_that_outlives_its_claim_is_not_extended(bench: &MessageBench) {
    let queue = bench.queue();
    queue.post(vec![lasting(110), lasting(111)]).await;
    bench.advance_secs(50);
    let request = ClaimRequest { terms: terms(60, 3600), ..claim_of(2) };
    let claimed = queue.claim_as(&request).await;
    let ttls: Vec<_> = claimed.messages.iter().map(|message| message.ttl.get()).collect();
    assert_eq!(ttls, [110, 111]);
    bench.advance_secs(60);
    assert_eq!(queue.all().await.len(), 1);
}

/// What a claim has extended stays extended when the claim is released.
pub async fn an_extension_outlives_its_claim(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(lasting(60)).await;
    let request = ClaimRequest { terms: terms(100, 100), ..claim_of(1) };
    queue.claim_as(&request).await;
    queue.release(request.id).await;
    bench.advance_secs(199);
    assert_eq!(queue.listed().await, [id]);
    bench.advance_secs(1);
    assert_eq!(queue.listed().await, vec![]);
}

/// A claimed message does not expire before its claim, also with no grace at all.
pub async fn claimed_message_does_not_expire_before_its_claim(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(lasting(60)).await;
    let request = ClaimRequest { terms: terms(100, 0), ..claim_of(1) };
    queue.claim_as(&request).await;
    bench.advance_millis(99_999);
    assert_eq!(queue.held_by(request.id).await, [id]);
    bench.advance_millis(1);
    assert_eq!(queue.all().await, vec![]);
}

/// Only those messages of a claim are extended that need it.
pub async fn each_message_is_extended_for_itself(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![lasting(60), lasting(3600), lasting(99)]).await;
    let request = ClaimRequest { terms: terms(100, 10), ..claim_of(3) };
    let claimed = queue.claim_as(&request).await;
    let ttls: Vec<_> = claimed.messages.iter().map(|message| message.ttl.get()).collect();
    assert_eq!(ttls, [110, 3600, 110]);
    bench.advance_secs(110);
    assert_eq!(queue.all().await, posted[1..2]);
}

/// The longest terms do not overflow.
pub async fn the_longest_terms_do_not_overflow(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(1).await;
    let request = ClaimRequest { terms: terms(u32::MAX, u32::MAX), ..claim_of(1) };
    queue.claim_as(&request).await;
    bench.advance_secs(u64::from(u32::MAX) - 1);
    assert_eq!(queue.held_by(request.id).await, posted);
}

/// Where the request says so, a message lives no longer for its claim; it is gone while it is claimed, also when the store was
/// opened again.
pub async fn a_claim_may_leave_lives_alone(bench: &MessageBench) {
    for reopens in [false, true] {
        let queue = bench.queue();
        let posted = queue.post(vec![lasting(30), lasting(90)]).await;
        let request = ClaimRequest { outlives: false, ..claim_of(2) };
        let claimed = queue.claim_as(&request).await;
        assert_eq!(claimed.messages.iter().map(|own| own.ttl.get()).collect::<Vec<_>>(), [30, 90]);
        if reopens {
            bench.reopen().await;
        }
        bench.advance_secs(30);
        assert_eq!(queue.held_by(request.id).await, posted[1..]);
        bench.advance_secs(30);
        assert_eq!(queue.listed().await, posted[1..]);
    }
}
