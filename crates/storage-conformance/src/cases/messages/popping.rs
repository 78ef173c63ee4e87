//! Messages taken out of the queue for good.

use std::collections::BTreeSet;

use crate::bench::MessageBench;
use crate::samples::{delayed, lasting};

/// A pop takes the first messages, in the order of posting.
pub async fn pop_takes_the_first_messages(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(5).await;
    assert_eq!(queue.pop(2).await, posted[..2]);
    assert_eq!(queue.pop(2).await, posted[2..4]);
    assert_eq!(queue.pop(2).await, posted[4..]);
    assert_eq!(queue.pop(2).await, vec![]);
}

/// A popped message is gone from every view of the queue.
pub async fn popped_message_is_gone(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    queue.pop(1).await;
    assert_eq!(queue.all().await, posted[1..]);
    assert_eq!(queue.get_one(posted[0]).await, None);
    assert_eq!(queue.stats().await.total(), 2);
}

/// A pop passes delayed messages over.
pub async fn delayed_message_is_not_popped(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![delayed(10), delayed(0), delayed(10), delayed(0)]).await;
    assert_eq!(queue.pop(10).await, [posted[1], posted[3]]);
    bench.advance_secs(10);
    assert_eq!(queue.pop(10).await, [posted[0], posted[2]]);
}

/// A popped message shows the time to live with which it was posted, however short that is.
pub async fn a_pop_does_not_lengthen_a_life(bench: &MessageBench) {
    let queue = bench.queue();
    queue.post(vec![lasting(30)]).await;
    let popped = queue.pop_messages(1).await;
    assert_eq!((popped[0].ttl.get(), popped[0].claim, popped[0].claim_count), (30, None, 0));
}

/// A pop does not see expired messages.
pub async fn expired_message_is_not_popped(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![lasting(60), lasting(90)]).await;
    bench.advance_secs(60);
    assert_eq!(queue.pop(10).await, posted[1..]);
}

/// A pop from a queue that is empty, or that the store never heard of, takes nothing.
pub async fn pop_from_an_empty_queue_takes_nothing(bench: &MessageBench) {
    let queue = bench.queue();
    assert_eq!(queue.pop(10).await, vec![]);
    queue.fill(1).await;
    queue.pop(1).await;
    assert_eq!(queue.pop(10).await, vec![]);
}

/// Two concurrent pops never take the same message, and none is lost between them.
pub async fn concurrent_pops_never_share_a_message(bench: &MessageBench) {
    const MESSAGES: usize = 200;
    let queue = bench.queue();
    let posted = queue.fill(MESSAGES).await;
    let poppers: Vec<_> = (0..8)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move {
                let mut taken = Vec::new();
                loop {
                    let batch = queue.pop(3).await;
                    if batch.is_empty() {
                        return taken;
                    }
                    taken.extend(batch);
                }
            })
        })
        .collect();
    let mut taken = Vec::new();
    for popper in poppers {
        taken.extend(popper.await.unwrap());
    }
    assert_eq!(taken.len(), MESSAGES, "none is taken twice");
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), posted.into_iter().collect());
    assert_eq!(queue.all().await, vec![]);
}
