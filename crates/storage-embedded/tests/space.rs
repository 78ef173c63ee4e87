//! Space is given back: on disk and over restarts.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use support::failing_disk::FailingDisk;
use support::{
    NOW, SEGMENT, all, claim_request, client, first_page, ids, numbered, open, open_on, post, queue, segments,
};
use zaqar_model::{ClaimId, Destination, NewMessage, StoredMessage, Timestamp, TtlSeconds};
use zaqar_storage::{
    Adoption, ClaimRequest, Claims, DeadLetterPolicy, DeadLetters, Deletion, Guard, MessageStore, Messages,
};
use zaqar_storage_conformance::{PopMessages, PostMessages};
use zaqar_storage_embedded::EmbeddedMessageStore;

/// How many messages fill about so many segments.
fn filling(segments: u64) -> usize {
    usize::try_from(SEGMENT * segments / 1100).unwrap()
}

async fn post_one_by_one(store: &impl Messages, number: u64, count: usize) {
    for first in (0..count).step_by(20) {
        post(store, &queue(number), first..(first + 20).min(count)).await;
    }
}

async fn run_maintenance(store: &impl MessageStore, now: Timestamp) {
    for _ in 0..20 {
        store.expire(now).await.unwrap();
    }
}

#[tokio::test]
async fn consumed_messages_give_their_space_back() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    post_one_by_one(&store, 1, filling(12)).await;
    assert!(segments(directory.path()) >= 12);
    while !store.pop_messages(&queue(1), 20, NOW).await.unwrap().is_empty() {}
    run_maintenance(&store, NOW).await;
    assert!(segments(directory.path()) <= 3, "{} segments", segments(directory.path()));
}

#[tokio::test]
async fn a_dropped_queue_gives_its_space_back() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    post_one_by_one(&store, 1, filling(6)).await;
    post_one_by_one(&store, 2, filling(6)).await;
    store.drop_destination(&queue(1), NOW).await.unwrap();
    store.purge(&queue(2), NOW).await.unwrap();
    run_maintenance(&store, NOW).await;
    assert!(segments(directory.path()) <= 3, "{} segments", segments(directory.path()));
    drop(store);
    let store = open(directory.path());
    assert!(all(&store, &queue(1), NOW).await.is_empty());
    assert!(all(&store, &queue(2), NOW).await.is_empty());
}

#[tokio::test]
async fn expired_messages_give_their_space_back_and_stay_away() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    post_one_by_one(&store, 1, filling(8)).await;
    let later = NOW.plus_secs(3600);
    assert!(all(&store, &queue(1), later).await.is_empty());
    run_maintenance(&store, later).await;
    assert!(segments(directory.path()) <= 3, "{} segments", segments(directory.path()));
    assert_eq!(store.health(later).await.unwrap().volume.unwrap().free, 0);
    drop(store);
    assert!(all(&open(directory.path()), &queue(1), later).await.is_empty());
}

#[tokio::test]
async fn one_old_message_does_not_pin_the_disk() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let old = post(&store, &queue(1), [0]).await;
    let claimed = post(&store, &queue(3), [1]).await;
    store.claim(&queue(3), &claim_request(5, 1), NOW).await.unwrap();
    post_one_by_one(&store, 2, filling(12)).await;
    while !store.pop_messages(&queue(2), 20, NOW).await.unwrap().is_empty() {}
    run_maintenance(&store, NOW).await;
    assert!(segments(directory.path()) <= 6, "{} segments", segments(directory.path()));
    assert_eq!(ids(&store, &queue(1)).await, old);
    drop(store);
    let store = open(directory.path());
    assert_eq!(ids(&store, &queue(1)).await, old);
    let claim = store.get_claim(&queue(3), ClaimId::from_u128(5), NOW).await.unwrap().unwrap();
    assert_eq!(claim.messages.iter().map(|message| message.id).collect::<Vec<_>>(), claimed);
}

#[tokio::test]
async fn who_held_a_message_last_is_known_when_it_was_copied_forward() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let claimed = post(&store, &queue(3), [1]).await;
    let request = claim_request(5, 1);
    store.claim(&queue(3), &request, NOW).await.unwrap();
    let late = request.terms.ttl.after(NOW);
    post_one_by_one(&store, 2, filling(12)).await;
    while !store.pop_messages(&queue(2), 20, NOW).await.unwrap().is_empty() {}
    run_maintenance(&store, late).await;
    assert!(segments(directory.path()) <= 6, "{} segments", segments(directory.path()));
    drop(store);
    let store = open(directory.path());
    assert_eq!(store.get_claim(&queue(3), request.id, late).await.unwrap(), None);
    let deletion = store.delete(&queue(3), &[claimed[0]], Guard::HeldBy(&[request.id]), late).await.unwrap();
    assert_eq!(deletion, Deletion::Done);
    assert!(all(&store, &queue(3), late).await.is_empty());
}

#[tokio::test]
async fn a_segment_used_again_shows_nothing_of_its_earlier_content() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for round in 0..6 {
        post_one_by_one(&store, round, filling(3)).await;
        while !store.pop_messages(&queue(round), 20, NOW).await.unwrap().is_empty() {}
        run_maintenance(&store, NOW).await;
    }
    let kept = post(&store, &queue(9), 0..3).await;
    drop(store);
    let store = open(directory.path());
    assert!(store.dropped().is_empty(), "{:?}", store.dropped());
    assert_eq!(ids(&store, &queue(9)).await, kept);
    for round in 0..6 {
        assert!(all(&store, &queue(round), NOW).await.is_empty());
    }
}

#[tokio::test]
async fn an_emptied_queue_never_gives_out_an_id_again() {
    let directory = tempfile::tempdir().unwrap();
    let mut seen = HashSet::new();
    for _ in 0..4 {
        let store = open(directory.path());
        for number in 0..filling(2) {
            assert!(post(&store, &queue(1), [number]).await.iter().all(|id| seen.insert(*id)));
        }
        while !store.pop_messages(&queue(1), 20, NOW).await.unwrap().is_empty() {}
        run_maintenance(&store, NOW).await;
        store.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_checkpoint_made_under_load_agrees_with_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(open(directory.path()));
    let short = |number: usize| NewMessage {
        ttl: TtlSeconds::new(60 + u32::try_from(number % 50).unwrap()),
        ..numbered(number)
    };
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..4_u64 {
        let store = Arc::clone(&store);
        workers.spawn(async move {
            for round in 0..60_usize {
                let now = NOW.plus_secs(round as u64);
                let messages = (0..5).map(short).collect();
                store.post_messages(&queue(worker % 2), &client(), messages, now).await.unwrap();
                let claim = claim_request(u128::from(worker) << 32 | round as u128, 3);
                let claimed = store.claim(&queue(worker % 2), &claim, now).await.unwrap();
                if let Some(first) = claimed.messages.first() {
                    store
                        .delete(&queue(worker % 2), &[first.id], Guard::HeldBy(&[claim.id]), now)
                        .await
                        .unwrap();
                }
                if round % 3 == 0 {
                    store.release(&queue(worker % 2), claim.id, now).await.unwrap();
                }
                if worker == 0 {
                    store.expire(now).await.unwrap();
                }
            }
        });
    }
    workers.join_all().await;
    let now = NOW.plus_secs(59);
    let before = [all(&*store, &queue(0), now).await, all(&*store, &queue(1), now).await];
    assert!(!before[0].is_empty());
    drop(store);
    let store = open(directory.path());
    assert_eq!([all(&store, &queue(0), now).await, all(&store, &queue(1), now).await], before);
}

#[tokio::test]
async fn retired_segments_are_used_again() {
    let directory = tempfile::tempdir().unwrap();
    let disk = FailingDisk::default();
    let faults = Arc::clone(&disk.faults);
    let store = open_on(directory.path(), Arc::new(disk));
    for _ in 0..10 {
        post_one_by_one(&store, 1, filling(3)).await;
        while !store.pop_messages(&queue(1), 100, NOW).await.unwrap().is_empty() {}
        run_maintenance(&store, NOW).await;
    }
    assert!(faults.recycled.load(Ordering::SeqCst) > 5);
}

#[tokio::test]
async fn exhausted_messages_that_nobody_moves_expire() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    post(&store, &queue(1), 0..50).await;
    for (claim, now) in [(1, NOW), (2, NOW.plus_secs(400))] {
        let dead_letters = Some(DeadLetterPolicy { max_claim_count: 1 });
        store
            .claim(&queue(1), &ClaimRequest { dead_letters, ..claim_request(claim, 100) }, now)
            .await
            .unwrap();
    }
    assert_eq!(store.with_dead_letters(&first_page()).await.unwrap().items, vec![queue(1)]);
    run_maintenance(&store, NOW.plus_secs(100_000)).await;
    assert!(store.with_dead_letters(&first_page()).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_clock_a_little_behind_does_not_bring_back_what_a_retired_segment_held() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let short = NewMessage { ttl: TtlSeconds::new(60), ..numbered(0) };
    store.post_messages(&queue(1), &client(), vec![short], NOW).await.unwrap();
    post_one_by_one(&store, 2, filling(6)).await;
    store.expire(NOW).await.unwrap();
    while store.stats(&queue(2), NOW).await.unwrap().free > 300 {
        store.pop_messages(&queue(2), 50, NOW).await.unwrap();
    }
    run_maintenance(&store, NOW.plus_secs(60)).await;
    drop(store);
    let store = open(directory.path());
    let before = Timestamp::from_millis(NOW.plus_secs(60).as_millis() - 5);
    assert!(all(&store, &queue(1), before).await.is_empty());
    assert!(store.claim(&queue(1), &claim_request(1, 5), before).await.unwrap().messages.is_empty());
}

/// The messages of a queue as they travel.
async fn travelling(store: &EmbeddedMessageStore, from: &Destination) -> Vec<StoredMessage> {
    let messages = all(store, from, NOW).await.into_iter();
    let stored = messages.map(|message| StoredMessage {
        expires: NOW.plus_secs(3600),
        delayed_until: message.created,
        client: client(),
        is_letter: false,
        message,
    });
    stored.collect()
}

#[tokio::test]
async fn a_queue_that_moves_between_stores_keeps_all_ids_apart() {
    let directories = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [old, new] = [open(directories[0].path()), open(directories[1].path())];
    post(&old, &queue(5), 0..6).await;
    post(&new, &queue(5), [7]).await;
    new.adopt(&queue(5), &travelling(&old, &queue(5)).await, Adoption::Return, NOW).await.unwrap();
    post(&new, &queue(5), 8..20).await;
    let distinct: HashSet<_> = ids(&new, &queue(5)).await.into_iter().collect();
    assert_eq!(distinct.len(), 1 + 6 + 12);
}
