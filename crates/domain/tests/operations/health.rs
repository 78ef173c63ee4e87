use zaqar_domain::{Error, QueueListing};
use zaqar_model::DestinationKind;
use zaqar_storage::Volume;

use crate::fixture::{Fixture, caller};

#[tokio::test]
async fn health_is_cheap_unless_a_self_test_is_asked_for() {
    let fixture = Fixture::new();
    fixture.post("q", &["1", "2"]).await;
    let report = fixture.zaqar.health(&fixture.caller, false).await.unwrap();
    assert!(report.storage.reachable);
    assert_eq!(report.storage.volume, Some(Volume { claimed: 0, free: 2 }));
    assert!(report.operations.is_empty());
}

#[tokio::test]
async fn a_self_test_runs_every_operation_and_leaves_nothing_behind() {
    let fixture = Fixture::new();
    let report = fixture.zaqar.health(&fixture.caller, true).await.unwrap();
    let names: Vec<_> = report.operations.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "create_queue",
            "post_messages",
            "claim_messages",
            "list_messages",
            "delete_messages",
            "delete_claim",
            "bulk_delete_messages",
            "delete_queue"
        ]
    );
    assert!(report.operations.iter().all(|(_, status)| status.succeeded && status.reference.is_none()));
    let after = fixture.zaqar.health(&fixture.caller, false).await.unwrap();
    assert_eq!(after.storage.volume, Some(Volume { claimed: 0, free: 0 }));
    let listed = fixture
        .zaqar
        .list_queues(&fixture.caller, DestinationKind::Queue, &QueueListing::default())
        .await
        .unwrap();
    assert!(listed.queues.is_empty());
}

#[tokio::test]
async fn a_self_test_tells_what_fails_and_under_which_reference() {
    let fixture = Fixture::new();
    fixture.management.close().await.unwrap();
    assert!(!fixture.zaqar.ping(&fixture.caller).await.unwrap());
    let report = fixture.zaqar.health(&fixture.caller, true).await.unwrap();
    assert!(!report.storage.reachable);
    assert!(report.operations.iter().all(|(_, status)| !status.succeeded && status.reference.is_some()));
    fixture.store.close().await.unwrap();
    assert!(matches!(fixture.zaqar.health(&fixture.caller, false).await, Err(Error::Unavailable { .. })));
}

#[tokio::test]
async fn health_is_for_administrators() {
    let fixture = Fixture::new();
    let mut member = caller("p");
    member.roles = vec!["member".into()];
    assert!(matches!(fixture.zaqar.health(&member, false).await, Err(Error::Forbidden)));
    assert!(fixture.zaqar.ping(&member).await.unwrap());
}
