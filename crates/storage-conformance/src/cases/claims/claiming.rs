//! What a claim takes.

use zaqar_model::Claim;
use zaqar_storage::Claimed;

use crate::bench::{MessageBench, ids};
use crate::samples::{claim_of, delayed, lasting, message};

/// A claim takes the first messages, in the order of posting, and at most so many as were asked for.
pub async fn claim_takes_the_first_messages(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(5).await;
    assert_eq!(queue.claim(2).await.1, posted[..2]);
    assert_eq!(queue.claim(2).await.1, posted[2..4]);
    assert_eq!(queue.claim(2).await.1, posted[4..]);
}

/// A claimed message comes with its claim and its count, and is otherwise as it was posted.
pub async fn claimed_message_comes_with_claim_and_count(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(message()).await;
    let mut expected = queue.get_one(id).await.unwrap();
    bench.advance_secs(5);
    let request = claim_of(1);
    let claimed = queue.claim_as(&request).await;
    expected.claim = Some(request.id);
    expected.claim_count = 1;
    assert_eq!(claimed, Claimed { messages: vec![expected.clone()], dead_letters: vec![] });
    assert_eq!(queue.get_one(id).await, Some(expected));
}

/// A claim that was made is found under its id, with its terms, the time of its creation and its messages.
pub async fn a_claim_is_found_by_its_id(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(3).await;
    let request = claim_of(2);
    let claimed = queue.claim_as(&request).await;
    let renewed = bench.now();
    bench.advance_secs(7);
    let expected = Claim { id: request.id, ttl: request.terms.ttl, renewed, messages: claimed.messages };
    assert_eq!(queue.get_claim(request.id).await, Some(expected));
}

/// Where there is nothing to claim, there is no claim.
pub async fn a_claim_on_an_empty_queue_is_none(bench: &MessageBench) {
    let queue = bench.queue();
    let (unknown, held) = queue.claim(5).await;
    assert_eq!(held, vec![]);
    assert_eq!(queue.get_claim(unknown).await, None);

    let posted = queue.fill(1).await;
    queue.delete(posted[0], None).await;
    let (empty, held) = queue.claim(5).await;
    assert_eq!(held, vec![]);
    assert_eq!(queue.get_claim(empty).await, None);
    assert!(!queue.renew(empty, crate::samples::terms(60, 60)).await);
}

/// A claim takes fewer than were asked for, if there are no more.
pub async fn a_claim_may_hold_fewer_than_asked_for(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    let (claim, held) = queue.claim(5).await;
    assert_eq!(held, posted);
    assert_eq!(queue.held_by(claim).await, posted);
}

/// A message under a live claim is not claimed again.
pub async fn claimed_message_is_not_claimed_again(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(2).await;
    queue.claim(2).await;
    assert_eq!(queue.claim(2).await.1, vec![]);
}

/// A claim passes over claimed messages one by one: free ones between and behind them are taken.
pub async fn a_claim_tests_every_message(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(7).await;
    let mut claims = Vec::new();
    for _ in 0..6 {
        claims.push(queue.claim(1).await.0);
    }
    for free in [0, 2, 5] {
        queue.release(claims[free]).await;
    }
    assert_eq!(queue.claim(10).await.1, [posted[0], posted[2], posted[5], posted[6]]);
}

/// A delayed message is not claimed until its delay has passed; then it is, in its place.
pub async fn delayed_message_is_not_claimed(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![delayed(10), delayed(0), delayed(10), delayed(0)]).await;
    let (claim, held) = queue.claim(10).await;
    assert_eq!(held, [posted[1], posted[3]]);
    queue.release(claim).await;
    bench.advance_secs(10);
    assert_eq!(queue.claim(10).await.1, posted);
}

/// An expired message is not claimed.
pub async fn expired_message_is_not_claimed(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![lasting(60), lasting(61), lasting(60)]).await;
    bench.advance_secs(60);
    assert_eq!(queue.claim(10).await.1, posted[1..2]);
}

/// Each claim of a message counts, over releases and expiries.
pub async fn every_claim_counts(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(message()).await;
    for count in 1..=4 {
        let request = claim_of(1);
        let claimed = queue.claim_as(&request).await;
        assert_eq!(claimed.messages[0].claim_count, count);
        if count % 2 == 0 {
            queue.release(request.id).await;
        } else {
            bench.advance_secs(60);
        }
        assert_eq!(queue.get_one(id).await.unwrap().claim_count, count, "also when it is free");
    }
}

/// Claims of one queue mean nothing in another.
pub async fn a_claim_means_nothing_in_another_queue(bench: &MessageBench) {
    let (one, other) = (bench.queue(), bench.queue());
    one.fill(1).await;
    let in_other = other.fill(1).await;
    let (claim, held) = one.claim(1).await;
    assert_eq!(other.get_claim(claim).await, None);
    assert!(!other.renew(claim, crate::samples::terms(600, 60)).await);
    other.release(claim).await;
    assert_eq!(one.held_by(claim).await, held);
    assert_eq!(other.claim(1).await.1, in_other);
}

/// A topic's messages can be claimed like a queue's.
pub async fn a_topic_can_be_claimed_from(bench: &MessageBench) {
    let topic = bench.topic();
    let posted = topic.fill(2).await;
    assert_eq!(topic.claim(5).await.1, posted);
}

/// An adopted message can be claimed, in its place behind the others, and deleted with the claim.
pub async fn adopted_message_can_be_claimed(bench: &MessageBench) {
    let (old, new) = (bench.queue(), bench.queue());
    let posted = old.fill(2).await;
    let own = new.fill(1).await;
    let stored = old.get(&posted).await.into_iter().map(|message| zaqar_model::StoredMessage {
        client: crate::samples::poster(),
        expires: message.created.plus_secs(3600),
        delayed_until: message.created,
        is_letter: false,
        message,
    });
    new.adopt(stored.collect()).await;
    let request = claim_of(10);
    let claimed = new.claim_as(&request).await;
    assert_eq!(ids(&claimed.messages), [own[0], posted[0], posted[1]]);
    assert_eq!(new.delete(posted[0], None).await, zaqar_storage::Deletion::MessageIsClaimed);
    assert_eq!(new.delete(posted[0], Some(request.id)).await, zaqar_storage::Deletion::Done);
    assert_eq!(new.held_by(request.id).await, [own[0], posted[1]]);
}
