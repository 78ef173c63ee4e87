//! A transport drops what it does for a client that breaks the connection off.

use std::future::{Future, ready};

use serde_json::json;
use zaqar_domain::ClaimParams;
use zaqar_model::{Clock, DestinationKind};

use crate::fixture::{Fixture, name, queue_named};

/// Lets `operation` run until it first waits, and drops it. What it has left running then ends.
async fn abandon(operation: impl Future) {
    tokio::select! {
        biased;
        _ = operation => panic!("it did not wait for anything"),
        () = ready(()) => {}
    }
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_deletion_that_has_begun_takes_the_messages_along() {
    let fixture = Fixture::new();
    fixture.post("q", &["1"]).await;
    let (kind, project) = (DestinationKind::Queue, &fixture.caller.project);
    let queue = fixture.management.find(kind, project, &name("q")).await.unwrap().unwrap();
    abandon(fixture.zaqar.delete_queue(&fixture.caller, &queue_named("q"))).await;
    assert_eq!(fixture.management.find(kind, project, &name("q")).await.unwrap(), None);
    let stats = fixture.store.stats(&queue.destination, fixture.clock.now()).await.unwrap();
    assert_eq!(stats.total(), 0);
}

#[tokio::test]
async fn dead_letters_arrive_though_nobody_waits_for_the_claim() {
    let fixture = Fixture::new();
    fixture.make_queue("q", json!({"_max_claim_count": 1, "_dead_letter_queue": "dlq"})).await;
    fixture.post("q", &["1"]).await;
    fixture.wear_out("q", 1).await;
    abandon(fixture.zaqar.create_claim(&fixture.caller, &name("q"), ClaimParams::default(), None)).await;
    assert_eq!(fixture.list("dlq").await.len(), 1);
    assert!(fixture.with_dead_letters().await.is_empty());
}

#[tokio::test]
async fn a_self_test_cleans_up_though_nobody_waits_for_it() {
    let fixture = Fixture::new();
    // Its first wait is for the test itself, which has then not begun: whatever it makes, it removes.
    abandon(fixture.zaqar.health(&fixture.caller, true)).await;
    let report = fixture.zaqar.health(&fixture.caller, false).await.unwrap();
    assert_eq!(report.storage.volume.unwrap().free, 0);
}
