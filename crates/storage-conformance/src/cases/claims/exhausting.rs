//! Messages that were claimed too often.

use zaqar_model::QueueStats;
use zaqar_storage::Deletion;

use crate::bench::{MessageBench, TestQueue, ids};
use crate::samples::{claim_of, claim_with_max_count, fresh_message_id, lasting, messages, other_client};

/// Claims the whole queue and gives it back, so often.
async fn claim_and_release(queue: &TestQueue, times: u32) {
    for _ in 0..times {
        let (claim, _) = queue.claim(1000).await;
        queue.release(claim).await;
    }
}

/// A message whose count has reached the maximum is not claimed but set aside by the next claim that meets it.
pub async fn a_message_claimed_often_enough_is_set_aside(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(1).await;
    for count in 1..=3 {
        let request = claim_with_max_count(1, 3);
        let claimed = queue.claim_as(&request).await;
        assert_eq!(
            (ids(&claimed.messages), claimed.dead_letters.len()),
            (posted.clone(), 0),
            "claim {count}"
        );
        queue.release(request.id).await;
    }
    assert_eq!(queue.dead_letter_ids().await, vec![], "no claim has met it yet");
    let fourth = claim_with_max_count(1, 3);
    let claimed = queue.claim_as(&fourth).await;
    assert_eq!((claimed.messages, claimed.dead_letters.len()), (vec![], 1));
    assert_eq!(queue.get_claim(fourth.id).await, None, "there is nothing to hold");
    assert_eq!(queue.dead_letter_ids().await, posted);
}

/// An exhausted message is invisible to everything but the list of exhausted ones.
pub async fn exhausted_message_is_invisible(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    assert_eq!(queue.exhaust(2, 1).await, posted);
    assert_eq!(queue.all().await, vec![]);
    assert_eq!(queue.get(&posted).await, vec![]);
    assert_eq!(queue.pop(10).await, vec![]);
    assert_eq!(queue.claim(10).await.1, vec![]);
    assert_eq!(queue.stats().await, QueueStats::default());
    assert_eq!(queue.delete(posted[0], None).await, Deletion::Done);
    assert_eq!(queue.delete_many(&posted, None).await, Deletion::Done);
    assert_eq!(queue.dead_letter_ids().await, posted, "nor can it be deleted");
}

/// A claim that sets messages aside goes on behind them until it has as many as were asked for.
pub async fn a_claim_goes_on_behind_exhausted_messages(bench: &MessageBench) {
    let queue = bench.queue();
    let worn = queue.fill(3).await;
    claim_and_release(&queue, 2).await;
    let fresh = queue.fill(3).await;
    let claimed = queue.claim_as(&claim_with_max_count(2, 2)).await;
    assert_eq!(ids(&claimed.messages), fresh[..2]);
    assert_eq!(claimed.dead_letters.len(), 3);
    assert_eq!(queue.dead_letter_ids().await, worn);
}

/// A claim meets no more messages than it needs: what stands behind the last that it took is not set aside.
pub async fn a_claim_sets_aside_only_what_it_meets(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(4).await;
    claim_and_release(&queue, 1).await;
    let (claim, _) = queue.claim(1).await;
    queue.release(claim).await;
    // The first was claimed twice, the others once.
    let claimed = queue.claim_as(&claim_with_max_count(1, 2)).await;
    assert_eq!((ids(&claimed.messages), claimed.dead_letters.len()), (posted[1..2].to_vec(), 1));
    let claimed = queue.claim_as(&claim_with_max_count(1, 1)).await;
    assert_eq!((claimed.messages, claimed.dead_letters.len()), (vec![], 2));
    assert_eq!(queue.all().await, posted[1..2]);
}

/// Exhausted messages that are moved are free in the other queue, under their ids, and forgotten here.
pub async fn moved_messages_are_here_no_more(bench: &MessageBench) {
    let (queue, buried) = (bench.queue(), bench.queue());
    let worn = queue.fill(2).await;
    queue.exhaust(2, 1).await;
    queue.move_dead_letters(&buried, queue.dead_letters().await).await;
    assert_eq!(queue.dead_letter_ids().await, vec![]);
    assert_eq!(buried.all().await, worn);
    assert_eq!(buried.claim(10).await.1, worn);
}

/// A move that is made twice moves once, also when the messages were consumed in between.
pub async fn a_move_is_not_made_twice(bench: &MessageBench) {
    let (queue, buried) = (bench.queue(), bench.queue());
    let worn = queue.fill(3).await;
    queue.exhaust(3, 1).await;
    let stored = queue.dead_letters().await;
    queue.move_dead_letters(&buried, stored[..2].to_vec()).await;
    assert_eq!(buried.pop(1).await, worn[..1]);
    queue.move_dead_letters(&buried, stored).await;
    assert_eq!(buried.all().await, worn[1..]);
}

/// A move survives reopening, in both queues.
pub async fn a_move_is_kept(bench: &MessageBench) {
    let (queue, buried) = (bench.queue(), bench.queue());
    let worn = queue.fill(2).await;
    queue.exhaust(2, 1).await;
    queue.move_dead_letters(&buried, queue.dead_letters().await).await;
    bench.reopen().await;
    assert_eq!(queue.dead_letter_ids().await, vec![]);
    assert_eq!(buried.all().await, worn);
}

/// Without a dead-letter policy nothing is set aside, however often it was claimed.
pub async fn without_policy_nothing_is_exhausted(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(1).await;
    claim_and_release(&queue, 20).await;
    let claimed = queue.claim_as(&claim_of(1)).await;
    assert_eq!((ids(&claimed.messages), claimed.dead_letters.len()), (posted, 0));
    assert_eq!(claimed.messages[0].claim_count, 21);
}

/// A message under a live claim is not set aside: it is only met when it is free.
pub async fn claimed_message_is_not_set_aside(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(1).await;
    let (claim, _) = queue.claim(1).await;
    assert_eq!(queue.claim_as(&claim_with_max_count(1, 1)).await.dead_letters, []);
    assert_eq!(queue.held_by(claim).await, posted);
    bench.advance_secs(60);
    assert_eq!(queue.claim_as(&claim_with_max_count(1, 1)).await.dead_letters.len(), 1);
    assert_eq!(queue.get_claim(claim).await, None);
}

/// An exhausted message comes with everything that must travel with it, and without a claim.
pub async fn exhausted_message_comes_with_all_that_travels(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_as(&other_client(), messages(1)).await[0];
    let created = bench.now();
    claim_and_release(&queue, 2).await;
    let before = queue.get_one(id).await.unwrap();
    bench.advance_secs(5);
    queue.claim_as(&claim_with_max_count(1, 2)).await;
    let stored = queue.dead_letters().await.remove(0);
    assert_eq!(stored.message, before);
    assert_eq!((stored.message.claim, stored.message.claim_count), (None, 2));
    assert_eq!(stored.client, other_client());
    assert_eq!(stored.expires, created.plus_secs(3600));
    assert!(stored.delayed_until <= created, "it was not delayed");
}

/// At most `limit` exhausted messages are answered.
pub async fn exhausted_messages_come_at_most_so_many(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(5).await;
    queue.exhaust(5, 1).await;
    let first = bench.store().dead_letters(&queue.destination, 2, bench.now()).await.unwrap();
    assert_eq!(first.iter().map(|stored| stored.message.id).collect::<Vec<_>>(), posted[..2]);
}

/// A discarded message is forgotten; the others wait on.
pub async fn discarded_message_is_forgotten(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    queue.exhaust(3, 1).await;
    queue.discard_dead_letters(&posted[..2]).await;
    assert_eq!(queue.dead_letter_ids().await, posted[2..]);
    queue.discard_dead_letters(&posted).await;
    queue.discard_dead_letters(&posted).await;
    assert_eq!(queue.dead_letter_ids().await, vec![]);
}

/// Only exhausted messages can be discarded.
pub async fn discarding_leaves_other_messages_alone(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    queue.discard_dead_letters(&posted).await;
    queue.discard_dead_letters(&[fresh_message_id()]).await;
    assert_eq!(queue.all().await, posted);
}

/// An exhausted message is kept until it expires.
pub async fn exhausted_message_expires(bench: &MessageBench) {
    let queue = bench.queue();
    queue.post(vec![lasting(100), lasting(200)]).await;
    queue.exhaust(2, 1).await;
    bench.advance_secs(99);
    bench.store().expire(bench.now()).await.unwrap();
    assert_eq!(queue.dead_letter_ids().await.len(), 2);
    bench.advance_secs(1);
    assert_eq!(queue.dead_letter_ids().await.len(), 1);
    bench.advance_secs(100);
    assert_eq!(queue.dead_letter_ids().await, vec![]);
}

/// Destinations that have exhausted messages are found, and only those.
pub async fn destinations_with_exhausted_messages_are_found(bench: &MessageBench) {
    let (queue, topic, without) = (bench.queue(), bench.topic(), bench.queue());
    assert_eq!(bench.with_dead_letters().await, vec![]);
    for destination in [&queue, &topic, &without] {
        destination.fill(2).await;
    }
    queue.exhaust(1, 1).await;
    let done = topic.exhaust(2, 1).await;
    let mut found = bench.with_dead_letters().await;
    found.sort();
    let mut expected = vec![queue.destination.clone(), topic.destination.clone()];
    expected.sort();
    assert_eq!(found, expected);
    topic.discard_dead_letters(&done).await;
    assert_eq!(bench.with_dead_letters().await, [queue.destination]);
}

/// A purge deletes what can be seen: exhausted messages wait on.
pub async fn purge_leaves_exhausted_messages(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    queue.exhaust(1, 1).await;
    queue.purge().await;
    assert_eq!(queue.dead_letter_ids().await, posted[..1]);
}

/// A dropped destination has no exhausted messages.
pub async fn a_dropped_queue_has_no_exhausted_messages(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(2).await;
    queue.exhaust(1, 1).await;
    queue.drop_it().await;
    assert_eq!(queue.dead_letter_ids().await, vec![]);
    assert_eq!(bench.with_dead_letters().await, vec![]);
}

/// Exhausted messages of one queue are not another's.
pub async fn exhausted_messages_are_of_their_queue(bench: &MessageBench) {
    let (one, other) = (bench.queue(), bench.queue());
    one.fill(1).await;
    other.fill(1).await;
    let dead_letters = one.exhaust(1, 1).await;
    assert_eq!(other.dead_letter_ids().await, vec![]);
    other.discard_dead_letters(&dead_letters).await;
    assert_eq!(one.dead_letter_ids().await, dead_letters);
}

/// A move to the dead-letter queue that was broken off is made again: nothing is lost, nothing doubled.
pub async fn a_broken_off_move_is_made_again(bench: &MessageBench) {
    let (queue, dead_letters) = (bench.queue(), bench.queue());
    let posted = queue.fill(4).await;
    queue.exhaust(4, 2).await;
    dead_letters.adopt(queue.dead_letters().await[..2].to_vec()).await;
    // Here the server dies; another one begins again.
    let waiting = queue.dead_letters().await;
    assert_eq!(waiting.len(), 4);
    dead_letters.adopt(waiting).await;
    queue.discard_dead_letters(&posted).await;
    assert_eq!(dead_letters.all().await, posted);
    assert_eq!(queue.dead_letter_ids().await, vec![]);
    let claimed = dead_letters.claim_as(&claim_of(10)).await;
    assert_eq!(ids(&claimed.messages), posted, "they are free at once");
}

/// Concurrent claims set each exhausted message aside once.
pub async fn concurrent_claims_set_aside_each_message_once(bench: &MessageBench) {
    let queue = bench.queue();
    let mut posted = queue.fill(40).await;
    claim_and_release(&queue, 1).await;
    let claiming: Vec<_> = (0..8)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.claim_as(&claim_with_max_count(5, 1)).await })
        })
        .collect();
    let mut dead_letters = 0;
    for claim in claiming {
        let claimed = claim.await.unwrap();
        assert_eq!(claimed.messages, vec![]);
        dead_letters += claimed.dead_letters.len();
    }
    assert_eq!(dead_letters, 40);
    let mut waiting = queue.dead_letter_ids().await;
    waiting.sort_unstable();
    posted.sort_unstable();
    assert_eq!(waiting, posted);
}
