//! Many consumers at once.

use std::collections::{BTreeMap, BTreeSet};

use zaqar_model::MessageId;
use zaqar_storage::Deletion;

use crate::bench::{MessageBench, TestQueue, ids};
use crate::samples::{claim_of, message};

/// So many tasks run `work` at the same time; what they answer, in any order.
async fn at_once<T: Send + 'static, W>(
    tasks: usize,
    queue: &TestQueue,
    work: impl Fn(TestQueue) -> W,
) -> Vec<T>
where
    W: Future<Output = T> + Send + 'static,
{
    let running: Vec<_> = (0..tasks).map(|_| tokio::spawn(work(queue.clone()))).collect();
    let mut answers = Vec::new();
    for task in running {
        answers.push(task.await.unwrap());
    }
    answers
}

/// At most one live claim holds a message, however many consumers claim at once; and none is passed over.
pub async fn concurrent_claims_never_share_a_message(bench: &MessageBench) {
    const MESSAGES: usize = 200;
    let queue = bench.queue();
    let posted = queue.fill(MESSAGES).await;
    let held = at_once(16, &queue, |queue| async move {
        let mut held = Vec::new();
        loop {
            let (_, batch) = queue.claim(3).await;
            if batch.is_empty() {
                return held;
            }
            held.extend(batch);
        }
    })
    .await
    .concat();
    assert_eq!(held.len(), MESSAGES, "none is claimed twice");
    assert_eq!(held.into_iter().collect::<BTreeSet<_>>(), posted.into_iter().collect());
}

/// Of concurrent claims on one message, one gets it.
pub async fn one_of_many_gets_a_single_message(bench: &MessageBench) {
    let queue = bench.queue();
    for _ in 0..20 {
        let id = queue.post_one(message()).await;
        let claims = at_once(8, &queue, |queue| async move { queue.claim(1).await }).await;
        let holders: Vec<_> = claims.iter().filter(|(_, held)| !held.is_empty()).collect();
        assert_eq!(holders.len(), 1);
        assert_eq!(queue.delete(id, Some(holders[0].0)).await, Deletion::Done);
    }
}

/// Claims and pops at the same time never take the same message.
pub async fn concurrent_claims_and_pops_never_share_a_message(bench: &MessageBench) {
    const MESSAGES: usize = 120;
    let queue = bench.queue();
    let posted = queue.fill(MESSAGES).await;
    let popping = {
        let queue = queue.clone();
        tokio::spawn(async move {
            let mut taken = Vec::new();
            while let [id] = queue.pop(1).await[..] {
                taken.push(id);
            }
            taken
        })
    };
    let mut taken: Vec<MessageId> = Vec::new();
    loop {
        let (_, held) = queue.claim(2).await;
        if held.is_empty() {
            break;
        }
        taken.extend(held);
    }
    taken.extend(popping.await.unwrap());
    assert_eq!(taken.len(), MESSAGES);
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), posted.into_iter().collect());
}

/// Of an expired claim's messages, each gets one new claim, also when many consumers wait for them.
pub async fn expired_claims_are_taken_over_by_one(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(20).await;
    queue.claim(20).await;
    bench.advance_secs(60);
    let held = at_once(10, &queue, |queue| async move { queue.claim(5).await.1 }).await.concat();
    assert_eq!(held.len(), 20);
    assert_eq!(held.into_iter().collect::<BTreeSet<_>>(), posted.into_iter().collect());
}

/// A claim and the deletion of its messages are told apart: what one consumer deletes, no other gets.
pub async fn consumers_that_claim_and_delete_get_each_message_once(bench: &MessageBench) {
    const MESSAGES: usize = 150;
    let queue = bench.queue();
    let posted = queue.fill(MESSAGES).await;
    let done = at_once(8, &queue, |queue| async move {
        let mut done = Vec::new();
        loop {
            let request = claim_of(4);
            let held = ids(&queue.claim_as(&request).await.messages);
            if held.is_empty() {
                return done;
            }
            for id in held {
                assert_eq!(queue.delete(id, Some(request.id)).await, Deletion::Done);
                done.push(id);
            }
        }
    })
    .await
    .concat();
    assert_eq!(done.len(), MESSAGES);
    assert_eq!(done.into_iter().collect::<BTreeSet<_>>(), posted.into_iter().collect());
    assert_eq!(queue.stats().await.total(), 0);
}

/// Each claim counts once: after many claims and releases at once, the counts are the number of claims.
pub async fn counts_are_exact_under_concurrency(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(5).await;
    let taken = at_once(8, &queue, |queue| async move {
        let mut taken = Vec::new();
        for _ in 0..20 {
            let (claim, held) = queue.claim(2).await;
            taken.extend(held);
            queue.release(claim).await;
        }
        taken
    })
    .await
    .concat();
    let mut counts: BTreeMap<MessageId, u32> = posted.iter().map(|id| (*id, 0)).collect();
    for id in taken {
        *counts.get_mut(&id).expect("a message of this queue") += 1;
    }
    for message in queue.get(&posted).await {
        assert_eq!(message.claim_count, counts[&message.id]);
        assert_eq!(message.claim, None);
    }
}

/// Posts and claims at the same time: every message gets to one consumer.
pub async fn posting_while_claiming_loses_nothing(bench: &MessageBench) {
    let queue = bench.queue();
    let posting = {
        let queue = queue.clone();
        tokio::spawn(async move {
            let mut posted = Vec::new();
            for _ in 0..30 {
                posted.extend(queue.fill(4).await);
            }
            posted
        })
    };
    let mut held = Vec::new();
    for _ in 0..40 {
        held.extend(queue.claim(3).await.1);
    }
    let posted = posting.await.unwrap();
    held.extend(queue.claim(1000).await.1);
    assert_eq!(held, posted, "in the order of posting, since nothing was given back");
}
