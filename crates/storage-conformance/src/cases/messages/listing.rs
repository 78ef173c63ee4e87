//! Which messages a listing shows, and how it goes on from page to page.

use zaqar_model::{Marker, MessageId};
use zaqar_storage::{ListStart, MessageQuery};

use crate::bench::{MessageBench, TestQueue, everything, ids, page, plain};
use crate::samples::{delayed, fresh_message_id, lasting, message, messages, other_client};

/// All pages of `limit`, one after the other; each but the last must be full.
async fn walk(queue: &TestQueue, query: &MessageQuery, limit: usize) -> Vec<MessageId> {
    let mut seen = Vec::new();
    let mut marker: Option<Marker> = None;
    loop {
        let found = queue.list(&page(query.clone(), marker, limit)).await;
        assert!(found.items.len() <= limit, "a page holds no more than was asked for");
        assert_eq!(found.next.is_none(), found.items.is_empty(), "a marker wherever there is an item");
        seen.extend(ids(&found.items));
        if found.items.len() < limit {
            return seen;
        }
        marker = found.next;
    }
}

/// A listing of a queue that the store never heard of is empty and has no marker.
pub async fn an_unknown_queue_lists_nothing(bench: &MessageBench) {
    let found = bench.queue().list(&everything()).await;
    assert_eq!((found.items, found.next), (vec![], None));
}

/// A page holds at most `limit` messages, the first ones.
pub async fn a_page_holds_at_most_its_limit(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(5).await;
    let found = queue.list(&page(plain(), None, 3)).await;
    assert_eq!(ids(&found.items), posted[..3]);
}

/// The next page begins behind the marker.
pub async fn a_marker_goes_on_behind_the_last_item(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(5).await;
    let first = queue.list(&page(plain(), None, 2)).await;
    let second = queue.list(&page(plain(), first.next, 2)).await;
    assert_eq!(ids(&second.items), posted[2..4]);
    let third = queue.list(&page(plain(), second.next, 2)).await;
    assert_eq!(ids(&third.items), posted[4..]);
    let fourth = queue.list(&page(plain(), third.next, 2)).await;
    assert_eq!((fourth.items, fourth.next), (vec![], None));
}

/// A listing goes on behind a message that is named by its id; where nothing is known of it, at the first.
pub async fn a_listing_goes_on_behind_a_message(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    let behind = |id| MessageQuery { start: ListStart::BehindMessage(id), ..everything() };
    for (place, id) in posted.iter().enumerate() {
        assert_eq!(ids(&queue.list(&behind(*id)).await.items), posted[place + 1..]);
    }
    assert_eq!(ids(&queue.list(&behind(fresh_message_id())).await.items), posted);
}

/// A page that holds no messages tells where its listing starts.
pub async fn an_empty_page_tells_where_it_starts(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    let at = |start| MessageQuery { start, limit: 0, ..everything() };
    let all = queue.list_once(&everything()).await;
    let second = all.items[1].position;
    let places = [(ListStart::Behind(second), second), (ListStart::BehindMessage(posted[1]), second)];
    for (start, place) in places {
        let page = queue.list_once(&at(start)).await;
        assert_eq!((page.items, page.reached), (vec![], place), "{start:?}");
    }
    let first = queue.list_once(&at(ListStart::Start)).await.reached;
    assert!(first < all.items[0].position, "before the first message");
    let end = queue.list_once(&at(ListStart::End)).await.reached;
    assert!(end >= all.items[2].position, "at or behind the last message");
    let next = queue.fill(1).await;
    let behind = MessageQuery { start: ListStart::Behind(end), ..everything() };
    assert_eq!(ids(&queue.list(&behind).await.items), next, "before the next one");
}

/// A marker from behind the end, as an earlier queue of the name had, counts as the end.
pub async fn a_marker_behind_the_end_is_the_end(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(2).await;
    let beyond = MessageQuery { start: ListStart::Behind(Marker::new(u64::MAX)), limit: 0, ..everything() };
    assert_eq!(queue.list_once(&beyond).await.reached, queue.end().await);
}

/// A page at the end has looked at everything: whoever goes on behind it sees what is posted later, and nothing twice.
pub async fn a_page_says_how_far_it_has_looked(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(2).await;
    queue.claim(2).await;
    let end = queue.end().await;
    let (mut query, mut seen) = (plain(), Vec::new());
    loop {
        let page = queue.list_once(&query).await;
        query.start = ListStart::Behind(page.reached);
        seen.extend(page.items.into_iter().map(|own| own.message.id));
        if page.is_end {
            assert_eq!(page.reached, end);
            break;
        }
    }
    assert_eq!(seen, vec![]);
    let later = queue.fill(2).await;
    assert_eq!(ids(&queue.list(&query).await.items), later);
}

/// A page ends with the message that exceeds the number of bytes; the first message is on it whatever its size.
pub async fn a_page_holds_little_more_than_its_bytes(bench: &MessageBench) {
    let queue = bench.queue();
    let body = |size| zaqar_model::NewMessage { body: crate::samples::body_of(size), ..message() };
    let posted = queue.post(vec![body(5000), body(1000), body(1000), body(1000)]).await;
    let of = |start, max_bytes| MessageQuery { start, max_bytes, ..everything() };
    let first = queue.list_once(&of(ListStart::Start, 1)).await;
    assert_eq!(first.items.iter().map(|own| own.message.id).collect::<Vec<_>>(), posted[..1]);
    assert!(!first.is_end);
    let rest = queue.list_once(&of(ListStart::Behind(first.reached), 1500)).await;
    assert_eq!(rest.items.iter().map(|own| own.message.id).collect::<Vec<_>>(), posted[1..3]);
}

/// Page by page, a listing shows each message once, whatever the size of the pages.
pub async fn pages_cover_the_queue_without_gap_or_overlap(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(23).await;
    for limit in [1, 2, 7, 22, 23, 24, 100] {
        assert_eq!(walk(&queue, &plain(), limit).await, posted, "pages of {limit}");
    }
}

/// A marker at the end finds what is posted later.
pub async fn a_marker_at_the_end_finds_later_messages(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(2).await;
    let end = queue.list(&plain()).await.next;
    let later = queue.fill(2).await;
    assert_eq!(ids(&queue.list(&page(plain(), end, 10)).await.items), later);
}

/// A marker holds good also when the message that it stands behind is gone.
pub async fn a_marker_outlives_its_message(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(4).await;
    let marker = queue.list(&page(plain(), None, 2)).await.next;
    queue.delete_many(&posted[..3], None).await;
    assert_eq!(ids(&queue.list(&page(plain(), marker, 10)).await.items), posted[3..]);
}

/// A marker holds good also when the message that it stands behind has expired.
pub async fn a_marker_outlives_the_expiry_of_its_message(bench: &MessageBench) {
    let queue = bench.queue();
    queue.post(vec![lasting(60)]).await;
    let marker = queue.list(&plain()).await.next;
    let later = queue.fill(2).await;
    bench.advance_secs(60);
    bench.store().expire(bench.now()).await.unwrap();
    assert_eq!(ids(&queue.list(&page(plain(), marker, 10)).await.items), later);
}

/// Without echo, a listing leaves out what the client posted itself, and shows what others posted.
pub async fn own_messages_are_left_out_where_asked(bench: &MessageBench) {
    let queue = bench.queue();
    let others = queue.fill(2).await;
    let own = queue.post_as(&other_client(), messages(2)).await;
    let mut query = plain();
    query.without_client = Some(other_client());
    assert_eq!(ids(&queue.list(&query).await.items), others);
    assert_eq!(queue.listed().await, [others, own].concat());
}

/// A page is short only at the end: own messages are passed over, not counted.
pub async fn own_messages_do_not_shorten_a_page(bench: &MessageBench) {
    let queue = bench.queue();
    let mut others = Vec::new();
    for _ in 0..6 {
        queue.post_as(&other_client(), messages(10)).await;
        others.extend(queue.fill(1).await);
    }
    let mut query = plain();
    query.without_client = Some(other_client());
    assert_eq!(ids(&queue.list(&page(query.clone(), None, 4)).await.items), others[..4]);
    assert_eq!(walk(&queue, &query, 4).await, others);
}

/// A delayed message is listed only where delayed ones are asked for.
pub async fn delayed_message_is_not_listed(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.post(vec![delayed(0), delayed(10), delayed(0)]).await;
    assert_eq!(queue.listed().await, vec![posted[0], posted[2]]);
    assert_eq!(queue.all().await, posted);
}

/// A page is short only at the end: delayed messages are passed over, not counted.
pub async fn delayed_messages_do_not_shorten_a_page(bench: &MessageBench) {
    let queue = bench.queue();
    let mut within_reach = Vec::new();
    for _ in 0..6 {
        queue.post(vec![delayed(10); 10]).await;
        within_reach.extend(queue.fill(1).await);
    }
    assert_eq!(ids(&queue.list(&page(plain(), None, 4)).await.items), within_reach[..4]);
    assert_eq!(walk(&queue, &plain(), 4).await, within_reach);
}

/// A page is short only at the end: expired messages are passed over, not counted.
pub async fn expired_messages_do_not_shorten_a_page(bench: &MessageBench) {
    let queue = bench.queue();
    let mut living = Vec::new();
    for _ in 0..6 {
        queue.post(vec![lasting(60); 10]).await;
        living.extend(queue.fill(1).await);
    }
    bench.advance_secs(60);
    assert_eq!(ids(&queue.list(&page(everything(), None, 4)).await.items), living[..4]);
    assert_eq!(walk(&queue, &everything(), 4).await, living);
}

/// A page is short only at the end: deleted messages leave no gaps.
pub async fn deleted_messages_do_not_shorten_a_page(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(30).await;
    let (kept, deleted): (Vec<_>, Vec<_>) = posted.chunks(3).map(|three| (three[2], &three[..2])).unzip();
    queue.delete_many(&deleted.concat(), None).await;
    assert_eq!(walk(&queue, &plain(), 4).await, kept);
}
