use serde_json::json;
use zaqar_model::{
    ClaimId, ClaimTerms, Clock, Destination, DestinationKind, GraceSeconds, StoredMessage, TtlSeconds,
};
use zaqar_storage::{Adoption, ClaimRequest, DeadLetterPolicy};

use crate::fixture::{Fixture, name, queue_named};

#[tokio::test]
async fn a_message_claimed_often_enough_moves_and_is_free_at_once() {
    let fixture = Fixture::new();
    fixture.make_queue("q", json!({"_max_claim_count": 2, "_dead_letter_queue": "dead.letters"})).await;
    let ids = fixture.post("q", &["1"]).await;
    fixture.wear_out("q", 2).await;
    fixture.clock.advance_secs(100);
    assert_eq!(fixture.claim("q").await, None);
    assert!(fixture.list("q").await.is_empty());
    let dead = fixture.list("dead.letters").await;
    assert_eq!(dead.iter().map(|message| message.id).collect::<Vec<_>>(), ids);
    assert_eq!((dead[0].claim, dead[0].claim_count), (None, 0));
    // It lives as long as it would have.
    fixture.clock.advance_secs(199);
    assert_eq!(fixture.claim("dead.letters").await.unwrap().messages.len(), 1);
}

#[tokio::test]
async fn a_message_claimed_often_enough_moves_when_its_claim_has_ended() {
    let fixture = Fixture::new();
    fixture.make_queue("q", json!({"_max_claim_count": 2, "_dead_letter_queue": "dlq"})).await;
    let ids = fixture.post("q", &["1"]).await;
    fixture.wear_out("q", 1).await;
    fixture.zaqar.look_at_ended_claims().await.unwrap();
    assert_eq!(fixture.list("q").await.len(), 1, "it was claimed once");
    fixture.claim("q").await.unwrap();
    fixture.clock.advance_secs(59);
    fixture.zaqar.look_at_ended_claims().await.unwrap();
    assert_eq!(fixture.list("dlq").await, []);
    fixture.clock.advance_secs(1);
    fixture.zaqar.look_at_ended_claims().await.unwrap();
    assert_eq!(fixture.list("q").await, []);
    let dead = fixture.list("dlq").await;
    assert_eq!(dead.iter().map(|message| message.id).collect::<Vec<_>>(), ids);
    assert_eq!((dead[0].claim, dead[0].claim_count), (None, 0));
}

#[tokio::test]
async fn ended_claims_move_nothing_without_a_count_and_another_queue() {
    let fixture = Fixture::new();
    for (queue, metadata) in [
        ("count", json!({"_max_claim_count": 1})),
        ("target", json!({"_dead_letter_queue": "dlq"})),
        ("self", json!({"_max_claim_count": 1, "_dead_letter_queue": "self"})),
        ("deleted", json!({"_max_claim_count": 1, "_dead_letter_queue": "dlq"})),
    ] {
        fixture.make_queue(queue, metadata).await;
        fixture.post(queue, &["1"]).await;
        fixture.wear_out(queue, 1).await;
    }
    let deleted = destination(&fixture, "deleted").await;
    // As after a crash before the message store could forget it.
    fixture.management.delete(DestinationKind::Queue, &deleted.project, &deleted.name).await.unwrap();
    fixture.zaqar.look_at_ended_claims().await.unwrap();
    for queue in ["count", "target", "self"] {
        assert_eq!(fixture.list(queue).await.len(), 1);
    }
    assert_eq!(fixture.list("dlq").await, []);
    assert_eq!(fixture.store.with_ended_claims(10, fixture.clock.now()).await.unwrap(), []);
}

#[tokio::test]
async fn a_time_to_live_for_dead_letters_counts_from_the_move() {
    let fixture = Fixture::new();
    fixture
        .make_queue(
            "q",
            json!({"_max_claim_count": 1, "_dead_letter_queue": "dlq", "_dead_letter_queue_messages_ttl": 1000}),
        )
        .await;
    fixture.post("q", &["1"]).await;
    fixture.wear_out("q", 1).await;
    fixture.clock.advance_secs(299);
    assert_eq!(fixture.claim("q").await, None);
    assert_eq!(fixture.list("dlq").await[0].ttl, TtlSeconds::new(1000));
    fixture.clock.advance_secs(999);
    assert_eq!(fixture.list("dlq").await.len(), 1);
    fixture.clock.advance_secs(1);
    assert!(fixture.list("dlq").await.is_empty());
}

#[tokio::test]
async fn more_messages_than_move_at_once_all_move() {
    let fixture = Fixture::new();
    fixture.make_queue("q", json!({"_max_claim_count": 1, "_dead_letter_queue": "dlq"})).await;
    for _ in 0..25 {
        fixture.post("q", &["1"; 10]).await;
        fixture.claim("q").await.unwrap();
    }
    fixture.clock.advance_secs(60);
    while fixture.zaqar.queue_stats(&fixture.caller, &queue_named("q")).await.unwrap().free > 0 {
        assert_eq!(fixture.claim("q").await, None);
    }
    assert_eq!(fixture.zaqar.queue_stats(&fixture.caller, &queue_named("dlq")).await.unwrap().free, 250);
}

#[tokio::test]
async fn a_move_needs_a_count_and_another_queue() {
    let fixture = Fixture::new();
    for (queue, metadata) in [
        ("count", json!({"_max_claim_count": 1})),
        ("target", json!({"_dead_letter_queue": "dlq"})),
        ("self", json!({"_max_claim_count": 1, "_dead_letter_queue": "self"})),
    ] {
        fixture.make_queue(queue, metadata).await;
        fixture.post(queue, &["1"]).await;
        fixture.wear_out(queue, 3).await;
        assert_eq!(fixture.list(queue).await[0].claim_count, 3);
    }
    assert!(fixture.list("dlq").await.is_empty());
}

#[tokio::test]
async fn a_crash_before_the_move_loses_nothing() {
    let fixture = Fixture::new();
    let (_, exhausted) = crashed(&fixture).await;
    fixture.zaqar.resume_dead_letter_moves().await;
    fixture.zaqar.resume_dead_letter_moves().await;
    let dead = fixture.list("dlq").await;
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].id, exhausted[0].message.id);
    assert!(fixture.with_dead_letters().await.is_empty());
}

#[tokio::test]
async fn a_crash_half_way_doubles_nothing() {
    let fixture = Fixture::new();
    let (_, exhausted) = crashed(&fixture).await;
    fixture.make_queue("dlq", json!({})).await;
    let dlq = destination(&fixture, "dlq").await;
    fixture.store.adopt(&dlq, &exhausted, Adoption::Arrival, fixture.clock.now()).await.unwrap();
    fixture.zaqar.resume_dead_letter_moves().await;
    assert_eq!(fixture.list("dlq").await.len(), 1);
    assert!(fixture.with_dead_letters().await.is_empty());
}

#[tokio::test]
async fn messages_of_a_queue_that_was_made_anew_stay_where_they_are() {
    let fixture = Fixture::new();
    let (queue, _) = crashed(&fixture).await;
    // As if the management store had lost the queue and somebody else made one of its name.
    fixture.management.delete(DestinationKind::Queue, &queue.project, &queue.name).await.unwrap();
    fixture.make_queue("q", json!({"_max_claim_count": 1, "_dead_letter_queue": "dlq"})).await;
    fixture.zaqar.resume_dead_letter_moves().await;
    assert!(fixture.list("dlq").await.is_empty());
}

/// A queue whose message is exhausted, and no move has begun.
async fn crashed(fixture: &Fixture) -> (Destination, Vec<StoredMessage>) {
    fixture.make_queue("q", json!({"_max_claim_count": 1, "_dead_letter_queue": "dlq"})).await;
    fixture.post("q", &["1"]).await;
    fixture.wear_out("q", 1).await;
    let queue = destination(fixture, "q").await;
    let request = ClaimRequest {
        id: ClaimId::from_u128(1),
        terms: ClaimTerms { ttl: TtlSeconds::new(60), grace: GraceSeconds::new(60) },
        limit: 10,
        dead_letters: Some(DeadLetterPolicy { max_claim_count: 1 }),
        outlives: true,
        is_repeated: false,
    };
    let now = fixture.clock.now();
    assert_eq!(fixture.store.claim(&queue, &request, now).await.unwrap().dead_letters.len(), 1);
    let exhausted = fixture.store.dead_letters(&queue, 10, now).await.unwrap();
    (queue, exhausted)
}

async fn destination(fixture: &Fixture, queue: &str) -> Destination {
    let project = &fixture.caller.project;
    let found = fixture.management.find(DestinationKind::Queue, project, &name(queue)).await.unwrap();
    found.unwrap().destination.clone()
}
