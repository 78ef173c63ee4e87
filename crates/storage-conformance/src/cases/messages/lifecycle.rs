//! A store that is open, and one that was closed.

use zaqar_storage::{Guard, StorageError};

use crate::bench::{MessageBench, everything};
use crate::samples::{fresh_message_id, messages, pop_of};

/// An open store is alive.
pub async fn an_open_store_is_alive(bench: &MessageBench) {
    assert!(bench.store().is_alive().await);
    assert!(bench.store().health(bench.now()).await.unwrap().reachable);
}

/// A closed store is not alive, and every call to it answers `Unavailable`.
pub async fn a_closed_store_answers_unavailable(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(1).await;
    let (store, to, now) = (bench.store(), &queue.destination, bench.now());
    store.close().await.unwrap();
    assert!(!store.is_alive().await);
    let answers = [
        queue.try_post(messages(1)).await.err(),
        store.list(to, &everything(), now).await.err(),
        store.get(to, &[fresh_message_id()], now).await.err(),
        store.delete(to, &[fresh_message_id()], Guard::Unclaimed, now).await.err(),
        store.pop(to, &pop_of(1), now).await.err(),
        store.purge(to, now).await.err(),
        store.stats(to, now).await.err(),
        store.drop_destination(to, now).await.err(),
        store.expire(now).await.err(),
    ];
    for (at, answer) in answers.iter().enumerate() {
        assert!(matches!(answer, Some(StorageError::Unavailable(_))), "call {at}: {answer:?}");
    }
}

/// What a store can do is constant.
pub async fn capabilities_are_constant(bench: &MessageBench) {
    let before = bench.store().capabilities();
    bench.queue().fill(1).await;
    assert_eq!(bench.store().capabilities(), before);
    bench.reopen().await;
    assert_eq!(bench.store().capabilities(), before);
}
