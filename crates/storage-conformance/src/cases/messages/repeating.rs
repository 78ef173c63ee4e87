//! Calls that are made again, as after an answer that was lost.

use zaqar_storage::{Guard, PopRequest, Post};

use crate::bench::{MessageBench, ids};
use crate::samples::{fresh_batch_id, messages, pop_of, poster};

/// A batch that is posted again changes nothing and returns the ids of the first, also when some were consumed meanwhile.
pub async fn a_batch_is_posted_once(bench: &MessageBench) {
    if !bench.store().capabilities().shared {
        return;
    }
    let queue = bench.queue();
    let (client, messages) = (&poster(), &messages(3));
    let post = Post { batch: fresh_batch_id(), client, messages };
    let posted = queue.post_batch(&post).await;
    assert_eq!(queue.pop(1).await, posted[..1]);
    assert_eq!(queue.post_batch(&post).await, posted);
    assert_eq!(queue.all().await, posted[1..]);
    let other = queue.post_batch(&Post { batch: fresh_batch_id(), client, messages }).await;
    assert_eq!(queue.all().await, [&posted[1..], &other].concat());
}

/// A batch is recognised in its own queue only, and also after the store was opened again.
pub async fn a_batch_is_recognised_in_its_queue_after_a_restart(bench: &MessageBench) {
    if !bench.store().capabilities().shared {
        return;
    }
    let (queue, other) = (bench.queue(), bench.queue());
    let (client, messages) = (&poster(), &messages(2));
    let post = Post { batch: fresh_batch_id(), client, messages };
    let posted = queue.post_batch(&post).await;
    assert!(other.post_batch(&post).await.iter().all(|id| !posted.contains(id)));
    bench.advance_secs(zaqar_storage::BATCH_RECOGNISED_FOR - 1);
    bench.store().expire(bench.now()).await.unwrap();
    bench.reopen().await;
    assert_eq!(queue.post_batch(&post).await, posted);
    assert_eq!((queue.all().await, other.all().await.len()), (posted, 2));
}

/// A deletion that is made again is done again.
pub async fn a_deletion_may_be_repeated(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    let (claim, _) = queue.claim(2).await;
    for _ in 0..2 {
        let deleted = queue.delete_guarded(&posted[..1], Guard::HeldBy(&[claim])).await;
        assert_eq!(deleted, zaqar_storage::Deletion::Done);
    }
    assert_eq!(queue.all().await, posted[1..]);
}

/// A pop takes what is free once, however often others pop.
pub async fn a_pop_takes_messages_once(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(4).await;
    let (store, now) = (bench.store(), bench.now());
    let first = store.pop(&queue.destination, &pop_of(2), now).await.unwrap();
    assert_eq!(ids(&first), posted[..2]);
    assert!(first.iter().all(|message| message.claim.is_none() && message.claim_count == 0), "{first:?}");
    // Whether the first attempt was carried out or not: what is popped is gone once.
    let lost = PopRequest { is_repeated: true, ..pop_of(1) };
    let third = store.pop(&queue.destination, &lost, now).await.unwrap();
    assert_eq!(ids(&third), posted[2..3]);
    let second = store.pop(&queue.destination, &pop_of(2), now).await.unwrap();
    assert_eq!(ids(&second), posted[3..]);
    assert_eq!(queue.all().await, []);
}
