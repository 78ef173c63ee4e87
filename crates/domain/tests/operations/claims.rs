use zaqar_domain::{ClaimParams, Error, Refusal};

use crate::fixture::{Fixture, caller, name, queue_named};

#[tokio::test]
async fn the_life_of_a_claim() {
    let fixture = Fixture::new();
    let (zaqar, caller, q) = (&fixture.zaqar, &fixture.caller, name("q"));
    assert_eq!(fixture.claim("q").await, None);
    fixture.post("q", &["1", "2"]).await;
    let claim = fixture.claim("q").await.unwrap();
    assert_eq!(fixture.claim("q").await, None);
    let id = claim.id.to_string();

    fixture.clock.advance_secs(50);
    zaqar.update_claim(caller, &q, &id, ClaimParams { ttl: Some(100), grace: None }).await.unwrap();
    fixture.clock.advance_secs(99);
    let shown = zaqar.get_claim(caller, &q, &id).await.unwrap();
    assert_eq!((shown.claim.messages.len(), shown.now.secs_since(shown.claim.renewed)), (2, 99));

    let message = claim.messages[0].id.to_string();
    let refused = zaqar.delete_message(caller, &queue_named("q"), &message, None).await;
    assert!(matches!(refused, Err(Error::NotDeleted(Refusal::MessageIsClaimed))));
    let refused = zaqar.delete_message(caller, &queue_named("q"), &message, Some("nope")).await;
    assert!(matches!(refused, Err(Error::NotDeleted(Refusal::ClaimDoesNotExist))));
    zaqar.delete_message(caller, &queue_named("q"), &message, Some(&id)).await.unwrap();

    zaqar.delete_claim(caller, &q, &id).await.unwrap();
    assert_eq!(fixture.claim("q").await.unwrap().messages.len(), 1);
}

#[tokio::test]
async fn a_worker_that_is_late_deletes_what_nobody_has_claimed_since() {
    let fixture = Fixture::new();
    let (zaqar, caller, q) = (&fixture.zaqar, &fixture.caller, queue_named("q"));
    let ids = fixture.post("q", &["1", "2"]).await;
    let late = fixture.claim("q").await.unwrap().id.to_string();
    fixture.clock.advance_secs(61);
    zaqar.delete_message(caller, &q, &ids[0].to_string(), Some(&late)).await.unwrap();
    assert_eq!(fixture.claim("q").await.unwrap().messages.len(), 1);
    let refused = zaqar.delete_message(caller, &q, &ids[1].to_string(), Some(&late)).await;
    assert!(matches!(refused, Err(Error::NotDeleted(Refusal::ClaimDoesNotExist))));
    fixture.clock.advance_secs(61);
    let refused = zaqar.delete_message(caller, &q, &ids[1].to_string(), Some(&late)).await;
    assert!(matches!(refused, Err(Error::NotDeleted(Refusal::MessageNotClaimed))));
}

#[tokio::test]
async fn a_claim_belongs_to_its_queue_and_project() {
    let fixture = Fixture::new();
    fixture.post("q", &["1"]).await;
    let id = fixture.claim("q").await.unwrap().id.to_string();
    for (caller, queue) in [(caller("p"), "other"), (caller("stranger"), "q")] {
        let q = name(queue);
        let project = &caller.project;
        let absent = fixture.zaqar.get_claim(&caller, &q, &id).await.unwrap_err().to_string();
        assert_eq!(absent, format!("Claim {id} does not exist in queue {q} for project {project}"));
        assert!(fixture.zaqar.update_claim(&caller, &q, &id, ClaimParams::default()).await.is_err());
        fixture.zaqar.delete_claim(&caller, &q, &id).await.unwrap();
    }
    assert!(fixture.zaqar.get_claim(&fixture.caller, &name("q"), &id).await.is_ok());
}
