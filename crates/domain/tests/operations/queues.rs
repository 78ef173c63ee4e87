use std::sync::Arc;

use serde_json::json;
use zaqar_domain::{Error, Patch, PurgeScope, QueueCreation, QueueListing};
use zaqar_model::{DestinationKind, DestinationNumber, Metadata};

use crate::fixture::{Fixture, caller, metadata_of, name, queue_named};

#[tokio::test]
async fn a_queue_is_created_once_and_left_as_it_was() {
    let fixture = Fixture::new();
    let q = queue_named("q");
    let create = |metadata| fixture.zaqar.create_queue(&fixture.caller, &q, metadata);
    assert_eq!(create(metadata_of(json!({"a": 1}))).await.unwrap(), QueueCreation::Created);
    assert_eq!(create(metadata_of(json!({"a": 2}))).await.unwrap(), QueueCreation::Existed);
    assert_eq!(
        fixture.zaqar.get_queue(&fixture.caller, &queue_named("q")).await.unwrap().get("a"),
        Some(&json!(1))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_patches_are_all_kept() {
    let fixture = Arc::new(Fixture::new());
    fixture.make_queue("q", json!({})).await;
    let mut patching = tokio::task::JoinSet::new();
    for number in 0..20 {
        let fixture = Arc::clone(&fixture);
        patching.spawn(async move {
            let add = json!({"op": "add", "path": format!("/metadata/k{number}"), "value": number});
            let patch = Patch::new(vec![add]).unwrap();
            fixture.zaqar.update_queue(&fixture.caller, &queue_named("q"), &patch).await.unwrap();
        });
    }
    patching.join_all().await;
    let metadata = fixture.zaqar.get_queue(&fixture.caller, &queue_named("q")).await.unwrap();
    assert!((0..20).all(|number| metadata.get(&format!("k{number}")) == Some(&json!(number))));
}

#[tokio::test]
async fn a_patch_that_is_refused_changes_nothing() {
    let fixture = Fixture::new();
    fixture.make_queue("q", json!({"a": 1})).await;
    let before = fixture.zaqar.get_queue(&fixture.caller, &queue_named("q")).await.unwrap();
    for second in [
        json!({"op": "remove", "path": "/metadata/absent"}),
        json!({"op": "add", "path": "/metadata/_default_message_ttl", "value": 5}),
        json!({"op": "add", "path": "/metadata/b", "value": "x".repeat(65 * 1024)}),
    ] {
        let first = json!({"op": "add", "path": "/metadata/a", "value": 2});
        let patch = Patch::new(vec![first, second]).unwrap();
        assert!(fixture.zaqar.update_queue(&fixture.caller, &queue_named("q"), &patch).await.is_err());
        assert_eq!(fixture.zaqar.get_queue(&fixture.caller, &queue_named("q")).await.unwrap(), before);
    }
    let patch = Patch::new(Vec::new()).unwrap();
    let absent = fixture.zaqar.update_queue(&fixture.caller, &queue_named("none"), &patch).await;
    assert_eq!(absent.unwrap_err().to_string(), "Queue none does not exist for project p");
}

#[tokio::test]
async fn queues_are_listed_by_pages_and_filters_within_their_project() {
    let fixture = Fixture::new();
    for (queue, node) in [("q1", 31), ("q2", 32), ("other", 31)] {
        fixture.make_queue(queue, json!({"node": node})).await;
    }
    let stranger = caller("stranger");
    fixture.zaqar.create_queue(&stranger, &queue_named("q3"), Metadata::default()).await.unwrap();

    let list = async |listing: QueueListing| {
        let listed = fixture.zaqar.list_queues(&fixture.caller, DestinationKind::Queue, &listing).await?;
        let names = listed.queues.iter().map(|queue| queue.destination.name.to_string()).collect::<Vec<_>>();
        Ok::<_, Error>((names, listed.count))
    };
    let all = QueueListing { with_count: true, ..QueueListing::default() };
    assert_eq!(list(all).await.unwrap(), (vec!["other".into(), "q1".into(), "q2".into()], Some(3)));
    let marked = QueueListing { marker: Some("p".into()), limit: Some(1), ..QueueListing::default() };
    assert_eq!(list(marked).await.unwrap().0, ["q1"]);
    let named = QueueListing { name: Some("^q".into()), ..QueueListing::default() };
    assert_eq!(list(named).await.unwrap().0, ["q1", "q2"]);
    let filtered =
        QueueListing { metadata: vec![("node".into(), vec![json!(31)])], ..QueueListing::default() };
    assert_eq!(list(filtered).await.unwrap().0, ["other", "q1"]);
    let broken = QueueListing { name: Some("[".into()), ..QueueListing::default() };
    assert!(matches!(list(broken).await, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn what_was_in_a_deleted_queue_is_gone() {
    let fixture = Fixture::new();
    fixture.post("q", &["1"]).await;
    let before = number(&fixture).await;
    fixture.zaqar.delete_queue(&fixture.caller, &queue_named("q")).await.unwrap();
    fixture.zaqar.delete_queue(&fixture.caller, &queue_named("q")).await.unwrap();
    fixture.make_queue("q", json!({})).await;
    assert!(fixture.list("q").await.is_empty());
    assert_ne!(number(&fixture).await, before);
}

async fn number(fixture: &Fixture) -> DestinationNumber {
    let project = &fixture.caller.project;
    let found = fixture.management.find(DestinationKind::Queue, project, &name("q")).await.unwrap();
    found.unwrap().destination.number
}

#[tokio::test]
async fn a_purge_takes_delayed_and_claimed_messages_too() {
    let fixture = Fixture::new();
    fixture.make_queue("q", json!({"_default_message_delay": 100})).await;
    fixture.post("q", &["1", "2"]).await;
    let stats = fixture.zaqar.queue_stats(&fixture.caller, &queue_named("q")).await.unwrap();
    assert_eq!((stats.free, stats.claimed), (2, 0));
    let scope = PurgeScope { messages: true, subscriptions: true };
    fixture.zaqar.purge_queue(&fixture.caller, &queue_named("q"), scope).await.unwrap();
    let stats = fixture.zaqar.queue_stats(&fixture.caller, &queue_named("q")).await.unwrap();
    assert_eq!((stats.free, stats.claimed, stats.oldest), (0, 0, None));
}
