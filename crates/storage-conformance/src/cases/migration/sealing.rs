//! A queue that lives in another store is refused.

use zaqar_model::{MessageId, PageRequest};
use zaqar_storage::{Adoption, Guard, ImportStep, StorageError, StorageResult};

use crate::bench::{MessageBench, TestQueue, everything};
use crate::samples::{claim_of, fresh_claim_id, messages, pop_of, stored_message, terms};

/// Why a call failed; `None` if it did not.
fn failure<T>(result: StorageResult<T>) -> Option<StorageError> {
    result.err()
}

/// Every call about messages and claims of a queue, by its name, with its failure.
async fn every_call(
    queue: &TestQueue,
    other: &TestQueue,
    message: MessageId,
) -> Vec<(&'static str, Option<StorageError>)> {
    let (store, at, now) = (queue.store(), &queue.destination, queue.now());
    let (claim, ids) = (fresh_claim_id(), [message]);
    let letters = [stored_message(now)];
    let mut calls = vec![
        ("post", failure(queue.try_post(messages(1)).await)),
        ("list", failure(store.list(at, &everything(), now).await)),
        ("get", failure(store.get(at, &ids, now).await)),
        ("delete", failure(store.delete(at, &ids, Guard::Any, now).await)),
        ("purge", failure(store.purge(at, now).await)),
        ("stats", failure(store.stats(at, now).await)),
        ("adopt", failure(store.adopt(at, &letters, Adoption::Arrival, now).await)),
        ("wait_for_messages", failure(store.wait_for_messages(at, zaqar_model::Marker::default()).await)),
        ("dead_letters", failure(store.dead_letters(at, 10, now).await)),
        ("discard_dead_letters", failure(store.discard_dead_letters(at, &ids).await)),
        (
            "move_dead_letters from it",
            failure(store.move_dead_letters(at, &other.destination, &letters, now).await),
        ),
        (
            "move_dead_letters to it",
            failure(store.move_dead_letters(&other.destination, at, &letters, now).await),
        ),
    ];
    if store.capabilities().claims {
        calls.extend([
            ("claim", failure(store.claim(at, &claim_of(1), now).await)),
            ("get_claim", failure(store.get_claim(at, claim, now).await)),
            ("renew", failure(store.renew(at, claim, terms(60, 60), now).await)),
            ("release", failure(store.release(at, claim, now).await)),
            ("set_aside", failure(store.set_aside(at, None, now).await)),
            ("pop", failure(store.pop(at, &pop_of(1), now).await)),
        ]);
    }
    calls
}

pub(in crate::cases) fn assert_all_moved(calls: &[(&'static str, Option<StorageError>)]) {
    for (call, failure) in calls {
        assert!(matches!(failure, Some(StorageError::Moved)), "{call}: {failure:?}");
    }
}

/// A sealed queue refuses every call, and so does one that has left, that was dropped since, and that has not arrived yet.
pub async fn what_lives_elsewhere_refuses_every_call(bench: &MessageBench) {
    let (queue, other) = (bench.queue(), bench.queue());
    let posted = queue.fill(3).await;
    let mut mover = queue.begin_export().await;
    let mut items = mover.rest().await;
    mover.seal().await;
    items.extend(mover.rest().await);
    assert_all_moved(&every_call(&queue, &other, posted[0]).await);
    mover.leave().await;
    assert_all_moved(&every_call(&queue, &other, posted[0]).await);
    queue.drop_it().await;
    assert_all_moved(&every_call(&queue, &other, posted[0]).await);
    let arriving = queue.mover();
    arriving.import(ImportStep::Begin, &items).await;
    assert_all_moved(&every_call(&queue, &other, posted[0]).await);
    arriving.import(ImportStep::End, &[]).await;
    assert_all_moved(&every_call(&queue, &other, posted[0]).await);
    arriving.open().await;
    assert_eq!(queue.all().await, posted);
    assert_eq!(other.all().await, []);
}

/// A sealed queue that is dropped still says that it has moved, also to who has not heard of it.
pub async fn dropped_after_the_seal_it_has_moved(bench: &MessageBench) {
    for posted in [0, 2] {
        let queue = bench.queue();
        queue.fill(posted).await;
        queue.begin_export().await.seal().await;
        for _ in 0..2 {
            queue.drop_it().await;
            let refused = queue.try_post(messages(1)).await;
            assert!(matches!(refused, Err(StorageError::Moved)), "{refused:?}");
        }
        bench.store().expire(bench.now()).await.unwrap();
        bench.advance_secs(3600);
        bench.store().expire(bench.now()).await.unwrap();
        let refused = queue.try_post(messages(1)).await;
        assert!(matches!(refused, Err(StorageError::Moved)), "{refused:?}");
    }
}

/// A queue that is exported and not sealed is dropped as any other; its export is over.
pub async fn dropped_before_the_seal_it_is_gone(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(2).await;
    let mut mover = queue.begin_export().await;
    queue.drop_it().await;
    let refused = queue.try_post(messages(1)).await;
    assert!(matches!(refused, Err(StorageError::NotFound(_))), "{refused:?}");
    assert!(mover.try_export(10).await.is_err());
    assert!(mover.try_seal().await.is_err());
    let refused = mover.try_begin_export().await;
    assert!(matches!(refused, Err(StorageError::NotFound(_))), "{refused:?}");
}

/// Whoever waits for messages when a queue is sealed is woken, and asks elsewhere.
pub async fn who_waits_is_woken(bench: &MessageBench) {
    let queue = bench.queue();
    let end = queue.end().await;
    let store = bench.store();
    let waiting = async {
        while store.wait_for_messages(&queue.destination, end).await.is_ok() {}
        failure(store.wait_for_messages(&queue.destination, end).await)
    };
    let (woken, ()) = tokio::join!(waiting, async { queue.begin_export().await.seal().await });
    assert!(matches!(woken, Some(StorageError::Moved)), "{woken:?}");
}

/// An export that is abandoned takes its seal off: the queue is in use where it is, and what was exported is all there.
pub async fn abandoning_takes_the_seal_off(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    let request = claim_of(1);
    queue.claim_as(&request).await;
    let mut mover = queue.begin_export().await;
    mover.rest().await;
    for _ in 0..2 {
        mover.seal().await;
    }
    for _ in 0..2 {
        mover.abandon().await;
    }
    assert_eq!(queue.all().await, posted);
    assert_eq!(queue.held_by(request.id).await, posted[..1]);
    let refused = mover.try_export(10).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    let refused = mover.try_seal().await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    let later = queue.fill(1).await;
    assert_eq!(queue.leave_and_return().await.len(), 4);
    assert_eq!(queue.all().await, [posted, later].concat());
}

/// Nobody is told of dead letters and ended claims in a queue that lives elsewhere.
pub async fn a_sealed_queue_is_left_out(bench: &MessageBench) {
    let (queue, other) = (bench.queue(), bench.queue());
    for queue in [&queue, &other] {
        queue.fill(3).await;
        queue.exhaust(1, 1).await;
    }
    let page = PageRequest { marker: None, limit: 100 };
    let told = async || {
        let store = bench.store();
        let letters = store.with_dead_letters(&page).await.unwrap().items;
        (letters, store.with_ended_claims(100, bench.now()).await.unwrap())
    };
    let mut mover = queue.begin_export().await;
    let mut items = mover.rest().await;
    mover.seal().await;
    items.extend(mover.rest().await);
    let only = || vec![other.destination.clone()];
    assert_eq!(told().await, (only(), only()));
    mover.leave().await;
    let arriving = queue.mover();
    arriving.import(ImportStep::Begin, &items).await;
    assert_eq!(told().await, (only(), only()));
    arriving.import(ImportStep::End, &[]).await;
    arriving.open().await;
    assert_eq!(told().await.0.len(), 2);
}

/// What arrives does not expire on its way: another item may say that it lives longer.
pub async fn nothing_expires_on_its_way(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![crate::samples::lasting(30)]).await;
    let mut mover = queue.begin_export().await;
    let early = mover.rest().await;
    let request = claim_of(1);
    queue.claim_as(&request).await;
    mover.seal().await;
    let late = mover.rest().await;
    mover.leave().await;
    let arriving = queue.mover();
    arriving.import(ImportStep::Begin, &early).await;
    bench.advance_secs(40);
    bench.store().expire(bench.now()).await.unwrap();
    arriving.import(ImportStep::End, &late).await;
    arriving.open().await;
    assert_eq!(queue.all().await, posted);
    assert_eq!(queue.held_by(request.id).await, posted);
}
