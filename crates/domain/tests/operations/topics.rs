use serde_json::json;
use zaqar_domain::{Absent, Error, Patch, PurgeScope, QueueCreation, QueueListing};
use zaqar_model::DestinationKind;

use crate::fixture::{Fixture, caller, draft, metadata_of, name, queue_named, topic_named};

#[tokio::test]
async fn a_topic_and_a_queue_may_share_a_name() {
    let fixture = Fixture::new();
    let (zaqar, caller) = (&fixture.zaqar, &fixture.caller);
    let (q, t) = (queue_named("same"), topic_named("same"));
    for (of, own) in [(&q, "queue"), (&t, "topic")] {
        let created = zaqar.create_queue(caller, of, metadata_of(json!({ "kind": own }))).await.unwrap();
        assert_eq!(created, QueueCreation::Created);
        fixture.post_to(of, vec![draft("1")]).await;
    }
    assert_eq!(zaqar.get_queue(caller, &t).await.unwrap().get("kind"), Some(&json!("topic")));
    assert_eq!(zaqar.get_queue(caller, &q).await.unwrap().get("kind"), Some(&json!("queue")));
    for kind in [DestinationKind::Queue, DestinationKind::Topic] {
        let listing = QueueListing { with_count: true, ..QueueListing::default() };
        let listed = zaqar.list_queues(caller, kind, &listing).await.unwrap();
        assert_eq!((listed.queues.len(), listed.count), (1, Some(1)));
        assert_eq!(listed.queues[0].destination.kind, kind);
    }

    let patch = Patch::new(vec![json!({"op": "remove", "path": "/metadata/kind"})]).unwrap();
    zaqar.update_queue(caller, &t, &patch).await.unwrap();
    let scope = PurgeScope { messages: true, subscriptions: true };
    zaqar.purge_queue(caller, &t, scope).await.unwrap();
    assert_eq!(zaqar.queue_stats(caller, &t).await.unwrap().free, 0);
    zaqar.delete_queue(caller, &t).await.unwrap();
    assert_eq!(zaqar.get_queue(caller, &q).await.unwrap().get("kind"), Some(&json!("queue")));
    assert_eq!(zaqar.queue_stats(caller, &q).await.unwrap().free, 1);
}

#[tokio::test]
async fn a_topic_is_made_by_the_first_message_and_keeps_it() {
    let fixture = Fixture::new();
    let t = topic_named("t");
    let ids = fixture.post_to(&t, vec![draft("1"), draft("2")]).await;
    let listed = fixture.list_in(&t).await;
    assert_eq!(listed.iter().map(|message| message.id).collect::<Vec<_>>(), ids);
    assert!(fixture.list("t").await.is_empty());
    // Only queues have claims.
    assert_eq!(fixture.claim("t").await, None);
    let absent = fixture.zaqar.get_message(&fixture.caller, &queue_named("t"), &ids[0].to_string()).await;
    assert!(matches!(absent, Err(Error::NotFound(Absent::Message { .. }))));
    fixture.clock.advance_secs(300);
    assert!(fixture.list_in(&t).await.is_empty());
}

#[tokio::test]
async fn a_topic_belongs_to_its_project() {
    let fixture = Fixture::new();
    let t = topic_named("t");
    fixture.post_to(&t, vec![draft("1")]).await;
    let stranger = caller("stranger");
    let listing = QueueListing::default();
    let listed = fixture.zaqar.list_queues(&stranger, DestinationKind::Topic, &listing).await.unwrap();
    assert!(listed.queues.is_empty());
    fixture.zaqar.delete_queue(&stranger, &t).await.unwrap();
    assert_eq!(fixture.zaqar.queue_stats(&stranger, &t).await.unwrap().free, 0);
    assert_eq!(fixture.list_in(&t).await.len(), 1);
    let patch = Patch::new(Vec::new()).unwrap();
    let absent = fixture.zaqar.update_queue(&stranger, &t, &patch).await.unwrap_err().to_string();
    assert_eq!(absent, format!("Topic {} does not exist for project stranger", name("t")));
}
