//! What was acknowledged is there when the store is opened again.

use zaqar_model::QueueStats;
use zaqar_storage::StorageError;

use crate::bench::{MessageBench, everything, page, plain};
use crate::samples::{delayed, lasting, messages, other_client, poster, with_body};

/// Posted messages are there after reopening, as they were.
pub async fn posted_messages_are_kept(bench: &MessageBench) {
    let queue = bench.queue();
    queue.post_as(&other_client(), vec![with_body("[ 1 ]"), lasting(100)]).await;
    bench.advance_millis(1_234);
    queue.post(vec![delayed(20), with_body("{\"b\" : 2}")]).await;
    let before = queue.list(&everything()).await;
    let stats = queue.stats().await;
    bench.reopen().await;
    assert_eq!(queue.list(&everything()).await, before);
    assert_eq!(queue.stats().await, stats);
    let mut query = everything();
    query.without_client = Some(other_client());
    assert_eq!(queue.list(&query).await.items, before.items[2..]);
}

/// The place that a store is in has one id: through each handle, and when it is opened again.
pub async fn the_identity_is_kept(bench: &MessageBench) {
    let before = bench.store().identity();
    bench.reopen().await;
    assert_eq!(bench.store().identity(), before);
    if bench.store().capabilities().shared {
        assert_eq!(bench.open_another().await.identity(), before);
    }
}

/// A large body is there after reopening.
pub async fn a_large_body_is_kept(bench: &MessageBench) {
    let queue = bench.queue();
    let text = format!("\"{}\"", "x".repeat(256 * 1024 - 2));
    let id = queue.post_one(with_body(&text)).await;
    bench.reopen().await;
    assert_eq!(queue.get_one(id).await.unwrap().body.as_bytes(), text.as_bytes());
}

/// Messages of many queues are there after reopening, each in its queue.
pub async fn messages_of_many_queues_are_kept(bench: &MessageBench) {
    let queues: Vec<_> = (0..20).map(|at| if at % 2 == 0 { bench.queue() } else { bench.topic() }).collect();
    let mut posted = Vec::new();
    for (at, queue) in queues.iter().enumerate() {
        posted.push(queue.fill(at).await);
    }
    bench.reopen().await;
    for (queue, posted) in queues.iter().zip(posted) {
        assert_eq!(queue.all().await, posted);
    }
}

/// Delays and times to live go on over a reopening.
pub async fn delays_and_expiry_are_kept(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![delayed(30), lasting(60), lasting(90)]).await;
    bench.advance_secs(10);
    bench.reopen().await;
    assert_eq!(queue.listed().await, posted[1..]);
    bench.advance_secs(20);
    assert_eq!(queue.listed().await, posted);
    bench.advance_secs(30);
    assert_eq!(queue.listed().await, [posted[0], posted[2]]);
}

/// What has expired while the store was closed is not there.
pub async fn expired_messages_do_not_come_back(bench: &MessageBench) {
    let queue = bench.queue();
    queue.post(vec![lasting(60); 3]).await;
    bench.advance_secs(60);
    bench.store().expire(bench.now()).await.unwrap();
    bench.reopen().await;
    assert_eq!(queue.all().await, vec![]);
}

/// Deleted messages do not come back after reopening.
pub async fn deleted_messages_do_not_come_back(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(6).await;
    queue.delete(posted[1], None).await;
    queue.delete_many(&posted[3..5], None).await;
    bench.reopen().await;
    assert_eq!(queue.all().await, [posted[0], posted[2], posted[5]]);
}

/// Popped messages do not come back after reopening.
pub async fn popped_messages_do_not_come_back(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(5).await;
    queue.pop(2).await;
    bench.reopen().await;
    assert_eq!(queue.all().await, posted[2..]);
    assert_eq!(queue.pop(1).await, [posted[2]]);
}

/// Purged messages do not come back after reopening; what was posted later is there.
pub async fn purged_messages_do_not_come_back(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(5).await;
    queue.purge().await;
    bench.reopen().await;
    assert_eq!(queue.stats().await, QueueStats::default());
    queue.fill(2).await;
    queue.purge().await;
    let later = queue.fill(2).await;
    bench.reopen().await;
    assert_eq!(queue.all().await, later);
}

/// A dropped destination stays dropped after reopening.
pub async fn a_dropped_queue_stays_dropped(bench: &MessageBench) {
    let (queue, unheard, kept) = (bench.queue(), bench.queue(), bench.queue());
    queue.fill(5).await;
    let posted = kept.fill(1).await;
    queue.drop_it().await;
    unheard.drop_it().await;
    bench.reopen().await;
    for dropped in [queue, unheard] {
        assert_eq!(dropped.all().await, vec![]);
        let refused = dropped.try_post(messages(1)).await;
        assert!(matches!(refused, Err(StorageError::NotFound(_))), "{refused:?}");
    }
    assert_eq!(kept.all().await, posted);
}

/// Adopted messages are there after reopening, under their ids, and are not adopted again.
pub async fn adopted_messages_are_kept(bench: &MessageBench) {
    let (old, new) = (bench.queue(), bench.queue());
    let posted = old.fill(3).await;
    let stored: Vec<_> = old
        .get(&posted)
        .await
        .into_iter()
        .map(|message| zaqar_model::StoredMessage {
            client: poster(),
            expires: message.created.plus_secs(100),
            delayed_until: message.created.plus_secs(10),
            is_letter: false,
            message,
        })
        .collect();
    new.adopt(stored.clone()).await;
    let before = new.list(&everything()).await;
    bench.reopen().await;
    assert_eq!(new.list(&everything()).await, before);
    new.adopt(stored).await;
    assert_eq!(new.all().await, posted);
    assert_eq!(new.listed().await, vec![]);
    bench.advance_secs(10);
    assert_eq!(new.listed().await, posted);
    bench.advance_secs(90);
    assert_eq!(new.all().await, vec![]);
}

/// A queue goes on after reopening: order, ids and markers.
pub async fn a_queue_goes_on_after_reopening(bench: &MessageBench) {
    let queue = bench.queue();
    let mut posted = queue.fill(3).await;
    let marker = queue.list(&page(plain(), None, 2)).await.next;
    bench.reopen().await;
    posted.extend(queue.fill(3).await);
    assert_eq!(queue.all().await, posted);
    let behind = queue.list(&page(plain(), marker, 10)).await;
    assert_eq!(crate::bench::ids(&behind.items), posted[2..]);
    queue.delete_many(&posted, None).await;
    bench.reopen().await;
    let later = queue.fill(2).await;
    assert!(later.iter().all(|id| !posted.contains(id)), "no id comes again");
    assert_eq!(queue.all().await, later);
}

/// A store may be opened again and again.
pub async fn a_store_may_be_reopened_again_and_again(bench: &MessageBench) {
    let queue = bench.queue();
    let mut posted = Vec::new();
    for _ in 0..5 {
        posted.extend(queue.fill(3).await);
        let deleted = posted.remove(0);
        queue.delete(deleted, None).await;
        bench.reopen().await;
        assert_eq!(queue.all().await, posted);
    }
}
