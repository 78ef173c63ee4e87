//! A queue that moves while clients and engines use it: none is lost, none is doubled.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use zaqar_model::{ClaimId, DeliveryOutcome, MessageId};
use zaqar_storage::{Guard, ImportStep, Post, StorageError};

use crate::LeaseDue;
use crate::bench::{MessageBench, TestQueue, deliveries_of, ids};
use crate::samples::{attempt, claim_of, fresh_batch_id, messages, poster};

/// How often the queue goes away and comes back.
const MOVES: usize = 6;
/// How many messages each of the posters posts.
const POSTED: usize = 150;

/// Makes a call until the queue lives here.
macro_rules! patiently {
    ($call:expr) => {
        loop {
            match $call.await {
                Err(StorageError::Moved) => tokio::task::yield_now().await,
                outcome => break outcome.unwrap(),
            }
        }
    };
}

async fn posts(queue: TestQueue) -> Vec<MessageId> {
    let mut posted = Vec::new();
    for _ in 0..POSTED {
        let messages = messages(1);
        let post = Post { batch: fresh_batch_id(), client: &poster(), messages: &messages };
        let store = queue.store();
        posted.extend(patiently!(store.post(&queue.destination, &post, queue.now())));
    }
    posted
}

/// Claims and deletes until nobody posts any more and nothing is left. Returns what it took, each as often as it was held.
async fn consumes(queue: TestQueue, no_more: Arc<AtomicBool>) -> Vec<(ClaimId, MessageId)> {
    let (store, at) = (queue.store(), &queue.destination);
    let mut taken = Vec::new();
    loop {
        let is_last = no_more.load(Ordering::SeqCst);
        let request = claim_of(3);
        let claimed = patiently!(store.claim(at, &request, queue.now()));
        let held = ids(&claimed.messages);
        if held.is_empty() {
            if is_last {
                return taken;
            }
            tokio::task::yield_now().await;
            continue;
        }
        taken.extend(held.iter().map(|id| (request.id, *id)));
        let own = [request.id];
        patiently!(store.delete(at, &held, Guard::HeldBy(&own), queue.now()));
    }
}

/// Leases and records until everything was delivered. Returns what it has delivered.
async fn delivers(queue: TestQueue, total: usize) -> Vec<MessageId> {
    let store = queue.store();
    let deliveries = deliveries_of(&*store);
    let mut delivered = Vec::new();
    while delivered.len() < total {
        let (lease, due) = deliveries.lease_due(5, queue.now()).await.unwrap();
        if due.is_empty() {
            tokio::task::yield_now().await;
            continue;
        }
        delivered.extend(due.iter().map(|own| own.message.message.id));
        let outcome = DeliveryOutcome::Delivered(attempt(queue.now(), Some(200)));
        let reports: Vec<_> = due.iter().map(|own| own.report(outcome.clone())).collect();
        patiently!(deliveries.record(lease, &reports, queue.now()));
    }
    delivered
}

/// One move, with the steps of a mover.
async fn moves(queue: &TestQueue) {
    let mut mover = queue.begin_export().await;
    let mut items = Vec::new();
    loop {
        let page = mover.export(50).await;
        let is_caught_up = page.is_caught_up;
        items.extend(mover.receive(page));
        if is_caught_up {
            break;
        }
    }
    mover.seal().await;
    items.extend(mover.rest().await);
    mover.leave().await;
    let arriving = queue.mover();
    arriving.import(ImportStep::Begin, &[]).await;
    for items in items.chunks(20) {
        arriving.import(ImportStep::More, items).await;
    }
    arriving.import(ImportStep::End, &[]).await;
    arriving.open().await;
}

/// Posts, claims, deletions, leases and records go on while the queue goes away and comes back: each message is consumed once
/// and delivered once.
pub async fn a_queue_moves_while_it_is_in_use(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let no_more = Arc::new(AtomicBool::new(false));
    let posting: Vec<_> = (0..2).map(|_| tokio::spawn(posts(queue.clone()))).collect();
    let consuming: Vec<_> =
        (0..2).map(|_| tokio::spawn(consumes(queue.clone(), Arc::clone(&no_more)))).collect();
    let delivering = tokio::spawn(delivers(queue.clone(), 2 * POSTED));
    for _ in 0..MOVES {
        moves(&queue).await;
    }
    let mut posted = Vec::new();
    for posting in posting {
        posted.extend(posting.await.unwrap());
    }
    moves(&queue).await;
    no_more.store(true, Ordering::SeqCst);
    let mut taken = Vec::new();
    for consuming in consuming {
        taken.extend(consuming.await.unwrap().into_iter().map(|(_, id)| id));
    }
    let delivered = delivering.await.unwrap();
    let expected: BTreeSet<MessageId> = posted.iter().copied().collect();
    assert_eq!((posted.len(), expected.len()), (2 * POSTED, 2 * POSTED));
    assert_eq!(taken.len(), expected.len(), "none is consumed twice");
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), expected);
    assert_eq!(delivered.len(), expected.len(), "none is delivered twice");
    assert_eq!(delivered.into_iter().collect::<BTreeSet<_>>(), expected);
    assert_eq!(queue.all().await, []);
    assert_eq!(queue.attempts(id).await.len(), 2 * POSTED);
}
