//! Posting through one server, and reading through another.

use zaqar_storage::{Guard, Post};

use super::two;
use crate::bench::{MessageBench, ids, plain};
use crate::samples::{fresh_batch_id, message, messages, poster};

/// What is posted through one server is there for the other, in one order.
pub async fn what_one_server_takes_the_other_has(bench: &MessageBench) {
    let (here, there) = two(bench).await;
    let mut posted = Vec::new();
    for _ in 0..5 {
        posted.extend(here.fill(2).await);
        posted.extend(there.fill(1).await);
    }
    assert_eq!(here.all().await, posted);
    assert_eq!(there.all().await, posted);
}

/// A batch that was posted through one server is recognised by the other.
pub async fn a_batch_is_recognised_by_the_other_server(bench: &MessageBench) {
    let (here, there) = two(bench).await;
    let (client, messages) = (&poster(), &messages(2));
    let post = Post { batch: fresh_batch_id(), client, messages };
    let posted = here.post_batch(&post).await;
    assert_eq!(there.post_batch(&post).await, posted);
    assert_eq!(there.all().await, posted);
}

/// Posts through both at the same time: a reader behind its last position misses none.
pub async fn a_reader_misses_nothing_of_either(bench: &MessageBench) {
    const ROUNDS: usize = 30;
    let (here, there) = two(bench).await;
    let writers: Vec<_> = [here.clone(), there.clone()]
        .into_iter()
        .map(|queue| {
            tokio::spawn(async move {
                let mut posted = Vec::new();
                for _ in 0..ROUNDS {
                    posted.extend(queue.fill(2).await);
                }
                posted
            })
        })
        .collect();
    let (mut query, mut seen) = (plain(), Vec::new());
    while seen.len() < 4 * ROUNDS {
        let page = there.list_once(&query).await;
        query.start = zaqar_storage::ListStart::Behind(page.reached);
        seen.extend(page.items.into_iter().map(|own| own.message.id));
        tokio::task::yield_now().await;
    }
    assert_eq!(seen, here.all().await);
    for writer in writers {
        let posted = writer.await.unwrap();
        let own: Vec<_> = seen.iter().filter(|id| posted.contains(id)).copied().collect();
        assert_eq!(own, posted, "each writer's messages are in its order");
    }
}

/// What is deleted, purged or dropped through one is gone for the other.
pub async fn what_one_server_removes_is_gone_for_the_other(bench: &MessageBench) {
    let (here, there) = two(bench).await;
    let posted = here.fill(4).await;
    assert_eq!(there.pop(1).await, posted[..1]);
    there.delete_guarded(&posted[1..2], Guard::Any).await;
    assert_eq!(here.all().await, posted[2..]);
    there.purge().await;
    assert_eq!(here.all().await, []);
    here.fill(1).await;
    there.drop_it().await;
    assert_eq!(here.all().await, []);
    assert!(here.try_post(messages(1)).await.is_err());
}

/// Who waits at one server is woken by a post through the other.
pub async fn a_post_wakes_who_waits_at_the_other_server(bench: &MessageBench) {
    let (here, there) = two(bench).await;
    here.fill(1).await;
    let behind = there.end().await;
    let waiting = async {
        while there.end().await <= behind {
            there.store().wait_for_messages(&there.destination, behind).await.unwrap();
        }
    };
    let ((), id) = tokio::join!(waiting, here.post_one(message()));
    let rest = there.list(&crate::bench::page(plain(), Some(behind), 10)).await;
    assert_eq!(ids(&rest.items), [id]);
}
