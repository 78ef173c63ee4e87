use serde_json::json;
use zaqar_domain::{Draft, Error, Limits, MessageListing, Refusal, Removal, Removed};
use zaqar_model::{ClientId, DestinationKind, Metadata};

use crate::fixture::{Fixture, caller, draft, queue_named};

#[tokio::test]
async fn a_refused_post_makes_no_queue() {
    let fixture = Fixture::new();
    let q = queue_named("q");
    let good = draft("1");
    for bad in [
        vec![],
        vec![good.clone(), Draft { ttl: Some(59), ..good.clone() }],
        vec![good.clone(), Draft { delay: Some(901), ..good.clone() }],
    ] {
        let posting = fixture.zaqar.begin_post(&fixture.caller, &q).await.unwrap();
        assert!(matches!(posting.post(bad).await, Err(Error::Invalid(_))));
    }
    let found =
        fixture.management.find(DestinationKind::Queue, &fixture.caller.project, &q.name).await.unwrap();
    assert_eq!(found, None);
}

#[tokio::test]
async fn a_queue_that_is_deleted_during_a_post_is_made_anew() {
    let fixture = Fixture::new();
    let q = queue_named("q");
    fixture.make_queue("q", json!({})).await;
    let posting = fixture.zaqar.begin_post(&fixture.caller, &q).await.unwrap();
    fixture.zaqar.delete_queue(&fixture.caller, &q).await.unwrap();
    let ids = posting.post(vec![draft("1")]).await.unwrap();
    let listed = fixture.list("q").await;
    assert_eq!(listed.iter().map(|message| message.id).collect::<Vec<_>>(), ids);
}

#[tokio::test]
async fn times_to_live_are_the_messages_the_queues_or_the_sites() {
    let fixture = Fixture::new();
    fixture.make_queue("own", json!({"_default_message_ttl": 999})).await;
    let none = Draft { ttl: None, ..draft("1") };
    fixture.post_drafts("own", vec![none.clone(), draft("2")]).await;
    fixture.post_drafts("plain", vec![none]).await;
    let ttls =
        async |queue| fixture.list(queue).await.iter().map(|message| message.ttl.get()).collect::<Vec<_>>();
    assert_eq!(ttls("own").await, [999, 300]);
    assert_eq!(ttls("plain").await, [3600]);
}

#[tokio::test]
async fn a_delay_of_its_own_is_honoured_with_and_without_a_default() {
    let fixture = Fixture::new();
    fixture.make_queue("delaying", json!({"_default_message_delay": 10})).await;
    for queue in ["delaying", "plain"] {
        let late = Draft { delay: Some(30), ..draft("\"late\"") };
        let soon = Draft { delay: Some(0), ..draft("\"soon\"") };
        fixture.post_drafts(queue, vec![late, soon, draft("\"default\"")]).await;
    }
    let bodies = async |queue| {
        let listed = fixture.list(queue).await;
        listed.iter().map(|m| String::from_utf8_lossy(m.body.as_bytes()).into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(bodies("delaying").await, ["\"soon\""]);
    assert_eq!(bodies("plain").await, ["\"soon\"", "\"default\""]);
    fixture.clock.advance_secs(10);
    assert_eq!(bodies("delaying").await, ["\"soon\"", "\"default\""]);
    fixture.clock.advance_secs(20);
    assert_eq!(bodies("plain").await, ["\"late\"", "\"soon\"", "\"default\""]);
}

#[tokio::test]
async fn the_sites_default_delay_is_applied() {
    let fixture = Fixture::with(Limits { default_message_delay: 10, ..Limits::default() });
    fixture.post("q", &["1"]).await;
    assert_eq!(fixture.list("q").await, vec![]);
    fixture.clock.advance_secs(10);
    assert_eq!(fixture.list("q").await.len(), 1);
}

#[tokio::test]
async fn following_the_links_never_shows_delayed_messages() {
    let fixture = Fixture::new();
    let late = Draft { delay: Some(30), ..draft("\"late\"") };
    fixture.post_drafts("q", vec![draft("1"), late, draft("3")]).await;
    let mut listing = MessageListing { echo: true, limit: Some(1), ..MessageListing::default() };
    let mut seen = Vec::new();
    loop {
        let page = fixture.zaqar.list_messages(&fixture.caller, &queue_named("q"), &listing).await.unwrap();
        let Some(next) = page.next else { break };
        seen.extend(page.messages.into_iter().map(|message| message.body.into_bytes()));
        // As upstream's links do.
        assert_eq!(next.include_delayed, Some(true));
        listing.include_delayed = next.include_delayed;
        listing.marker = Some(next.marker);
    }
    assert_eq!(seen, ["1", "3"]);
    let asked = MessageListing { echo: true, include_delayed: Some(true), ..MessageListing::default() };
    let all = fixture.zaqar.list_messages(&fixture.caller, &queue_named("q"), &asked).await.unwrap();
    assert_eq!(all.messages.len(), 3);
}

#[tokio::test]
async fn own_messages_are_shown_on_request_only() {
    let fixture = Fixture::new();
    fixture.post("q", &["1"]).await;
    let listing = MessageListing::default();
    let own = fixture.zaqar.list_messages(&fixture.caller, &queue_named("q"), &listing).await.unwrap();
    assert!(own.messages.is_empty());
    let mut other = fixture.caller.clone();
    other.client = Some(ClientId::new("another client"));
    let others = fixture.zaqar.list_messages(&other, &queue_named("q"), &listing).await.unwrap();
    assert_eq!(others.messages.len(), 1);
}

#[tokio::test]
async fn one_tenant_never_reaches_anothers_messages() {
    let fixture = Fixture::new();
    let id = fixture.post("q", &["\"secret\""]).await[0].to_string();
    let stranger = caller("stranger");
    let q = queue_named("q");
    let absent = fixture.zaqar.get_message(&stranger, &q, &id).await.unwrap_err().to_string();
    let nothing = format!("Message {id} does not exist in queue q for project stranger");
    assert_eq!(absent, nothing);
    fixture.zaqar.create_queue(&stranger, &q, Metadata::default()).await.unwrap();
    let absent = fixture.zaqar.get_message(&stranger, &q, &id).await.unwrap_err().to_string();
    assert_eq!(absent, nothing);
    fixture.zaqar.delete_message(&stranger, &q, &id, None).await.unwrap();
    let all = Removal { ids: Some(vec![id.clone()]), ..Removal::default() };
    fixture.zaqar.remove_messages(&stranger, &q, &all).await.unwrap();
    assert!(fixture.zaqar.get_message(&fixture.caller, &q, &id).await.is_ok());
}

#[tokio::test]
async fn texts_that_are_no_ids_name_nothing() {
    let fixture = Fixture::new();
    fixture.post("q", &["1"]).await;
    let q = queue_named("q");
    let ids = vec!["a".to_owned(), "it's".to_owned()];
    let absent = fixture.zaqar.get_messages(&fixture.caller, &q, &ids).await.unwrap_err().to_string();
    assert_eq!(absent, "No messages with IDs: ['a', \"it's\"] found in the queue q for project p.");
    fixture.zaqar.delete_message(&fixture.caller, &q, "nope", Some("nope")).await.unwrap();
    let removal = Removal { ids: Some(ids), ..Removal::default() };
    assert_eq!(fixture.zaqar.remove_messages(&fixture.caller, &q, &removal).await.unwrap(), Removed::Deleted);
    assert_eq!(fixture.list("q").await.len(), 1);
}

#[tokio::test]
async fn where_claim_ids_are_demanded_a_wrong_one_deletes_nothing() {
    let fixture = Fixture::with(Limits { message_delete_with_claim_id: true, ..Limits::default() });
    let ids: Vec<_> = fixture.post("q", &["1", "2"]).await.iter().map(ToString::to_string).collect();
    let q = queue_named("q");
    let claim = fixture.claim("q").await.unwrap().id.to_string();
    for wrong in [vec![], vec!["nope".to_owned()], vec![ids[0].clone()]] {
        let removal = Removal { ids: Some(ids.clone()), claim_ids: Some(wrong), ..Removal::default() };
        let refused = fixture.zaqar.remove_messages(&fixture.caller, &q, &removal).await;
        assert!(matches!(refused, Err(Error::NotDeleted(_))));
    }
    let removal = Removal { ids: Some(ids), claim_ids: Some(vec![claim]), ..Removal::default() };
    assert_eq!(fixture.zaqar.remove_messages(&fixture.caller, &q, &removal).await.unwrap(), Removed::Deleted);
    assert_eq!(fixture.zaqar.queue_stats(&fixture.caller, &q).await.unwrap().free, 0);
}

#[tokio::test]
async fn claim_ids_that_are_given_are_always_checked() {
    let fixture = Fixture::new();
    let ids: Vec<_> = fixture.post("q", &["1", "2"]).await.iter().map(ToString::to_string).collect();
    let q = queue_named("q");
    let remove = async |ids: &[String], claims: &[&str]| {
        let claim_ids = Some(claims.iter().map(ToString::to_string).collect());
        let removal = Removal { ids: Some(ids.to_vec()), claim_ids, ..Removal::default() };
        fixture.zaqar.remove_messages(&fixture.caller, &q, &removal).await
    };
    let late = fixture.claim("q").await.unwrap().id.to_string();
    fixture.clock.advance_secs(60);
    assert_eq!(remove(&ids[..1], &[&late]).await.unwrap(), Removed::Deleted, "nobody has claimed it since");
    let claim = fixture.claim("q").await.unwrap().id.to_string();
    for wrong in [&late, "nope"] {
        let refused = remove(&ids, &[wrong]).await;
        assert!(matches!(refused, Err(Error::NotDeleted(Refusal::ClaimDoesNotExist))), "{refused:?}");
    }
    assert_eq!(remove(&ids, &[&late, &claim]).await.unwrap(), Removed::Deleted);
    assert_eq!(fixture.list("q").await, []);
}

#[tokio::test]
async fn a_marker_of_an_earlier_queue_of_the_name_begins_at_the_start() {
    let fixture = Fixture::new();
    let q = queue_named("q");
    let list = async |marker: Option<String>| {
        let listing = MessageListing { echo: true, marker, ..MessageListing::default() };
        fixture.zaqar.list_messages(&fixture.caller, &q, &listing).await.unwrap()
    };
    fixture.post("q", &["0"; 6]).await;
    let marker = list(None).await.next.unwrap().marker;
    assert_eq!(list(Some(marker.clone())).await.messages, []);
    fixture.zaqar.delete_queue(&fixture.caller, &q).await.unwrap();
    fixture.post("q", &["1"; 9]).await;
    assert_eq!(list(Some(marker)).await.messages.len(), 9);
    assert_eq!(list(Some("6".to_owned())).await.messages.len(), 3, "the first release's do not say of which");
    let own = list(None).await.next.unwrap().marker;
    assert_eq!(list(Some(own)).await.messages, []);
}

#[tokio::test]
async fn checksums_are_kept_with_the_messages_when_wanted() {
    let fixture = Fixture::with(Limits { enable_checksum: true, ..Limits::default() });
    fixture.post("q", &["239", "null"]).await;
    let checksums: Vec<_> = fixture.list("q").await.into_iter().map(|message| message.checksum).collect();
    assert_eq!(checksums, [Some("MD5:555d6702c950ecb729a966504af0a635".to_owned()), None]);
}
