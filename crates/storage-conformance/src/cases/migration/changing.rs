//! A queue that changes while it is exported.

use zaqar_model::{ExportedItem, Marker};
use zaqar_storage::{ImportStep, ListStart};

use super::leaving::moving_ids;
use crate::bench::{MessageBench, TestMove, messages_of};
use crate::samples::{claim_of, terms};

/// Everything that a mover has to carry over now.
async fn news(mover: &mut TestMove) -> Vec<ExportedItem> {
    let items = mover.rest().await;
    assert_eq!(mover.rest().await, vec![], "what was carried over comes once");
    items
}

fn gone(items: &[ExportedItem]) -> Vec<Marker> {
    let gone = items.iter().filter_map(|item| match item {
        ExportedItem::MessageGone(position) => Some(*position),
        _ => None,
    });
    gone.collect()
}

/// An export goes on where it was, and a page holds at most as many items as it was asked for.
pub async fn an_export_comes_in_pages(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(5).await;
    let mut mover = queue.begin_export().await;
    let mut items = Vec::new();
    for _ in 0..100 {
        let page = mover.export(1).await;
        let is_caught_up = page.is_caught_up;
        items.extend(mover.receive(page));
        if is_caught_up {
            break;
        }
    }
    assert_eq!(moving_ids(&messages_of(&items)), posted);
    assert_eq!(mover.rest().await, vec![]);
}

/// A page may be asked for again, until the next one was: no item is lost with an answer.
pub async fn a_page_may_be_asked_for_again(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    let mut mover = queue.begin_export().await;
    let mut items = Vec::new();
    loop {
        drop(mover.export(2).await);
        let page = mover.export(2).await;
        let is_caught_up = page.is_caught_up;
        items.extend(mover.receive(page));
        if is_caught_up {
            break;
        }
    }
    assert_eq!(moving_ids(&messages_of(&items)), posted);
    queue.delete(posted[0], None).await;
    drop(mover.export(2).await);
    assert_eq!(gone(&news(&mut mover).await).len(), 1);
}

/// A message that changes behind its export comes again, as it is then: claimed, renewed, released.
pub async fn a_change_after_its_export_comes_again(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    let mut mover = queue.begin_export().await;
    let early = news(&mut mover).await;
    assert_eq!(moving_ids(&messages_of(&early)), posted);
    let request = claim_of(2);
    queue.claim_as(&request).await;
    let claimed = messages_of(&news(&mut mover).await);
    assert_eq!(moving_ids(&claimed), posted[..2]);
    assert!(claimed.iter().all(|moving| moving.hold.is_some_and(|hold| hold.id == request.id)));
    assert!(claimed.iter().all(|moving| moving.stored.message.claim_count == 1));
    bench.advance_secs(10);
    queue.renew(request.id, terms(120, 60)).await;
    let renewed = messages_of(&news(&mut mover).await);
    assert_eq!(moving_ids(&renewed), posted[..2]);
    assert!(renewed.iter().all(|moving| moving.hold.is_some_and(|hold| hold.renewed == bench.now())));
    queue.release(request.id).await;
    let released = messages_of(&news(&mut mover).await);
    assert_eq!(moving_ids(&released), posted[..2]);
    assert!(released.iter().all(|moving| moving.hold.is_none()));
}

/// What was exported and is gone is said to be: deleted, popped, purged, discarded as a dead letter.
pub async fn what_is_gone_is_told(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(6).await;
    assert_eq!(queue.exhaust(1, 1).await, posted[..1]);
    let mut mover = queue.begin_export().await;
    let items = messages_of(&news(&mut mover).await);
    let places: Vec<Marker> = items.iter().map(|moving| moving.position).collect();
    queue.delete(posted[1], None).await;
    assert_eq!(gone(&news(&mut mover).await), places[1..2]);
    queue.pop(1).await;
    assert_eq!(gone(&news(&mut mover).await), places[2..3]);
    queue.discard_dead_letters(&posted[..1]).await;
    assert_eq!(gone(&news(&mut mover).await), places[..1]);
    queue.purge().await;
    assert_eq!(gone(&news(&mut mover).await), places[3..]);
}

/// A message that becomes a dead letter comes again as one.
pub async fn a_dead_letter_is_told(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    let mut mover = queue.begin_export().await;
    news(&mut mover).await;
    assert_eq!(queue.exhaust(1, 1).await, posted[..1]);
    let letters = messages_of(&news(&mut mover).await);
    let letters: Vec<_> = letters.iter().map(|moving| (moving.stored.message.id, moving.exhausted)).collect();
    assert!(letters.contains(&(posted[0], true)), "{letters:?}");
}

/// What is posted behind the export comes; of a sealed queue the last position comes last, and nothing behind it.
pub async fn the_end_comes_last(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(2).await;
    let mut mover = queue.begin_export().await;
    assert!(!news(&mut mover).await.iter().any(|item| matches!(item, ExportedItem::End(_))));
    let posted = queue.fill(2).await;
    queue.delete(posted[1], None).await;
    let last = queue.end().await;
    mover.seal().await;
    let rest = news(&mut mover).await;
    assert_eq!(moving_ids(&messages_of(&rest)), posted[..1]);
    assert!(matches!(rest.last(), Some(ExportedItem::End(end)) if *end >= last), "{rest:?}");
}

/// An item that is imported again takes the place of the earlier one: nothing is doubled, and the later state holds. All steps
/// may be repeated.
pub async fn a_later_item_takes_the_place_of_an_earlier(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(4).await;
    let mut mover = queue.begin_export().await;
    let early = news(&mut mover).await;
    let request = claim_of(1);
    queue.claim_as(&request).await;
    queue.delete(posted[3], None).await;
    mover.seal().await;
    let late = news(&mut mover).await;
    mover.leave().await;
    let arriving = queue.mover();
    for _ in 0..2 {
        arriving.import(ImportStep::Begin, &early).await;
    }
    arriving.import(ImportStep::More, &early).await;
    for _ in 0..2 {
        arriving.import(ImportStep::End, &late).await;
    }
    for _ in 0..2 {
        arriving.open().await;
    }
    assert_eq!(queue.all().await, posted[..3]);
    assert_eq!(queue.held_by(request.id).await, posted[..1]);
    assert_eq!(queue.stats().await.total(), 3);
}

/// A queue that the store never heard of can leave and arrive.
pub async fn an_unknown_queue_can_move(bench: &MessageBench) {
    let queue = bench.queue();
    assert_eq!(queue.leave_and_return().await, vec![]);
    let posted = queue.fill(1).await;
    assert_eq!(queue.all().await, posted);
}

/// Messages keep the positions that another store has given them; what is posted later stands behind the last of them.
pub async fn positions_of_another_store_stay(bench: &MessageBench) {
    let (from, queue) = (bench.queue(), bench.queue());
    let posted = from.fill(2).await;
    let shift = |position: Marker| Marker::new(position.get() + 5_000_000_000);
    let items: Vec<ExportedItem> = from
        .leave()
        .await
        .into_iter()
        .filter_map(|item| match item {
            ExportedItem::Message(mut moving) => {
                moving.position = shift(moving.position);
                Some(ExportedItem::Message(moving))
            }
            ExportedItem::End(last) => Some(ExportedItem::End(shift(last))),
            _ => None,
        })
        .collect();
    queue.mover().arrive(&items).await;
    assert_eq!(queue.all().await, posted);
    let later = queue.fill(1).await;
    let end = queue.end().await;
    assert!(shift(Marker::default()) < end, "{end:?}");
    assert_eq!(queue.all().await, [posted, later].concat());
    let start = queue.store().place_of(&queue.destination, ListStart::Start, queue.now()).await.unwrap();
    assert!(start < shift(Marker::default()));
}
