//! Messages by their ids.

use zaqar_model::MessageId;

use crate::bench::{MessageBench, everything, ids};
use crate::samples::{delayed, fresh_message_id, lasting, message};

/// Messages come in the order in which their ids are given.
pub async fn messages_come_in_the_order_asked_for(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(4).await;
    let asked = [posted[3], posted[0], posted[2]];
    assert_eq!(ids(&queue.get(&asked).await), asked);
}

/// Ids of which there is no message are passed over.
pub async fn unknown_ids_are_passed_over(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    let asked = [fresh_message_id(), posted[1], MessageId::from_u128(0), posted[0]];
    assert_eq!(ids(&queue.get(&asked).await), [posted[1], posted[0]]);
}

/// No ids, no messages.
pub async fn no_ids_find_no_messages(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(1).await;
    assert_eq!(queue.get(&[]).await, vec![]);
}

/// In a queue that the store never heard of there are no messages.
pub async fn an_unknown_queue_has_no_messages(bench: &MessageBench) {
    assert_eq!(bench.queue().get(&[fresh_message_id()]).await, vec![]);
}

/// A delayed message can be fetched by its id.
pub async fn delayed_message_can_be_fetched(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(delayed(10)).await;
    assert_eq!(queue.get_one(id).await.map(|message| message.id), Some(id));
}

/// An expired message cannot be fetched.
pub async fn expired_message_cannot_be_fetched(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.post_one(lasting(60)).await;
    bench.advance_secs(60);
    assert_eq!(queue.get_one(id).await, None);
}

/// An id means nothing in another queue.
pub async fn an_id_means_nothing_in_another_queue(bench: &MessageBench) {
    let (one, other) = (bench.queue(), bench.queue());
    let id = one.post_one(message()).await;
    let same_place = other.post_one(message()).await;
    assert_eq!(other.get(&[id]).await, vec![]);
    assert_eq!(one.get(&[same_place]).await, vec![]);
}

/// Ids beside those that were answered mean nothing: they cannot be guessed by counting beyond the ends of the queue.
pub async fn ids_beyond_the_ends_of_the_queue_mean_nothing(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    for id in posted.iter().flat_map(|id| [id.as_u128().wrapping_sub(1), id.as_u128().wrapping_add(1)]) {
        let id = MessageId::from_u128(id);
        assert_eq!(queue.get_one(id).await.is_some(), posted.contains(&id));
    }
}

/// A listing says of each message when it comes within reach.
pub async fn a_listing_says_when_a_message_comes_within_reach(bench: &MessageBench) {
    let queue = bench.queue();
    queue.post(vec![delayed(10), delayed(0)]).await;
    let listed = queue.list_once(&everything()).await.items;
    assert_eq!(listed[0].delayed_until, bench.now().plus_secs(10));
    assert!(listed[1].delayed_until <= bench.now());
}
