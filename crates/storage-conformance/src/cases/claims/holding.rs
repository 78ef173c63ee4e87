//! How messages under a live claim show.

use zaqar_model::QueueStats;
use zaqar_storage::Volume;

use crate::bench::{MessageBench, everything, ids, page, plain};
use crate::samples::{delayed, message};

/// A message under a live claim is listed only where claimed ones are asked for.
pub async fn claimed_message_is_not_listed(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    let (claim, _) = queue.claim(2).await;
    assert_eq!(queue.listed().await, posted[2..]);
    let all = queue.list(&everything()).await.items;
    assert_eq!(ids(&all), posted);
    let claims: Vec<_> = all.iter().map(|message| message.claim).collect();
    assert_eq!(claims, [Some(claim), Some(claim), None]);
}

/// Claimed and delayed messages are asked for apart.
pub async fn claimed_and_delayed_are_asked_for_apart(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![delayed(0), delayed(10), delayed(0)]).await;
    queue.claim(1).await;
    let mut query = plain();
    query.include_claimed = true;
    assert_eq!(ids(&queue.list(&query).await.items), [posted[0], posted[2]]);
    query = plain();
    query.include_delayed = true;
    assert_eq!(ids(&queue.list(&query).await.items), [posted[1], posted[2]]);
}

/// A page is short only at the end: claimed messages are passed over, not counted.
pub async fn claimed_messages_do_not_shorten_a_page(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(50).await;
    queue.claim(45).await;
    let first = queue.list(&page(plain(), None, 3)).await;
    assert_eq!(ids(&first.items), posted[45..48]);
    let second = queue.list(&page(plain(), first.next, 3)).await;
    assert_eq!(ids(&second.items), posted[48..]);
}

/// A claimed message can be fetched by its id.
pub async fn claimed_message_can_be_fetched(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(message()).await;
    let (claim, _) = queue.claim(1).await;
    assert_eq!(queue.get_one(id).await.unwrap().claim, Some(claim));
}

/// A pop passes claimed messages over.
pub async fn claimed_message_is_not_popped(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(4).await;
    let (first, _) = queue.claim(1).await;
    let (second, _) = queue.claim(1).await;
    queue.release(first).await;
    assert_eq!(queue.pop(2).await, [posted[0], posted[2]]);
    assert_eq!(queue.held_by(second).await, posted[1..2]);
}

/// Messages under a live claim are counted as claimed, all others as free.
pub async fn claimed_messages_are_counted_apart(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![delayed(0), delayed(0), delayed(0), delayed(10)]).await;
    let created = bench.now();
    queue.claim(2).await;
    let (oldest, newest) = ((posted[0], created), (posted[3], created));
    let expected = QueueStats { claimed: 2, free: 2, oldest: Some(oldest), newest: Some(newest) };
    assert_eq!(queue.stats().await, expected);
}

/// When a claim has expired, its messages are counted as free.
pub async fn messages_of_an_expired_claim_are_counted_as_free(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(3).await;
    queue.claim(2).await;
    bench.advance_secs(60);
    let stats = queue.stats().await;
    assert_eq!((stats.claimed, stats.free), (0, 3));
}

/// A queue whose messages are all claimed still has an oldest and a newest.
pub async fn a_queue_of_claimed_messages_has_stats(bench: &MessageBench) {
    let queue = bench.queue();
    let only = (queue.post_one(message()).await, bench.now());
    queue.claim(1).await;
    let expected = QueueStats { claimed: 1, free: 0, oldest: Some(only), newest: Some(only) };
    assert_eq!(queue.stats().await, expected);
}

/// A purge deletes claimed messages too, and every claim.
pub async fn purge_deletes_claimed_messages_and_claims(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(3).await;
    let (claim, _) = queue.claim(2).await;
    queue.purge().await;
    assert_eq!(queue.all().await, vec![]);
    assert_eq!(queue.get_claim(claim).await, None);
    assert!(!queue.renew(claim, crate::samples::terms(60, 60)).await);
    let later = queue.fill(1).await;
    assert_eq!(queue.claim(5).await.1, later);
}

/// A dropped destination has no claims.
pub async fn a_dropped_queue_has_no_claims(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(2).await;
    let (claim, _) = queue.claim(1).await;
    queue.drop_it().await;
    assert_eq!(queue.get_claim(claim).await, None);
    assert!(!queue.renew(claim, crate::samples::terms(60, 60)).await);
    assert_eq!(queue.claim(5).await.1, vec![]);
}

/// The store's volume counts claimed messages apart.
pub async fn the_volume_counts_claimed_messages_apart(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(3).await;
    bench.queue().fill(2).await;
    queue.claim(2).await;
    let health = bench.store().health(bench.now()).await.unwrap();
    assert_eq!(health.volume, Some(Volume { claimed: 2, free: 3 }));
}
