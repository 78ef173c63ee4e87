use serde_json::{Value, json};
use zaqar_domain::{
    ClaimParams, Draft, Error, Key, Limits, MessageListing, Patch, Removal, Removed, SubscriptionParams,
};
use zaqar_model::{Clock, DestinationKind, JsonText, Message, RandomIds};
use zaqar_storage::{ListStart, MessageQuery};

use crate::deliveries::dead_letter;
use crate::fixture::{Fixture, caller, draft, metadata_of, name, queue_named, topic_named};

const SECRET: &str = "\"the secret\"";
const PLAIN: &str = "\"no secret\"";

fn encrypted() -> Value {
    json!({"_enable_encrypt_messages": true})
}

fn key() -> Key {
    Key::random(&RandomIds)
}

fn with_key() -> Fixture {
    Fixture::new().with_keys([key()])
}

fn bodies(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| std::str::from_utf8(message.body.as_bytes()).unwrap()).collect()
}

/// The messages as the store has them.
async fn stored(fixture: &Fixture, queue: &str) -> Vec<Message> {
    let project = &fixture.caller.project;
    let found = fixture.management.find(DestinationKind::Queue, project, &name(queue)).await.unwrap();
    let query = MessageQuery { limit: 20, max_bytes: usize::MAX, ..MessageQuery::place_of(ListStart::Start) };
    let page = fixture.store.list(&found.unwrap().destination, &query, fixture.clock.now()).await.unwrap();
    page.items.into_iter().map(|listed| listed.message).collect()
}

pub(crate) async fn sealed(fixture: &Fixture, queue: &str) -> Vec<bool> {
    stored(fixture, queue).await.iter().map(|message| message.body.is_sealed()).collect()
}

fn everything() -> MessageListing {
    MessageListing { echo: true, ..MessageListing::default() }
}

async fn switch(fixture: &Fixture, queue: &str, on: bool) {
    let change = json!({"op": "add", "path": "/metadata/_enable_encrypt_messages", "value": on});
    let patch = Patch::new(vec![change]).unwrap();
    fixture.zaqar.update_queue(&fixture.caller, &queue_named(queue), &patch).await.unwrap();
}

async fn pop(fixture: &Fixture, queue: &str) -> Result<Vec<Message>, Error> {
    let removal = Removal { pop: Some(10), ..Removal::default() };
    match fixture.zaqar.remove_messages(&fixture.caller, &queue_named(queue), &removal).await? {
        Removed::Popped(messages, _) => Ok(messages),
        Removed::Deleted => panic!("nothing was popped"),
    }
}

#[tokio::test]
async fn every_way_of_reading_an_encrypted_queue_shows_plain_messages() {
    let fixture = with_key();
    let (zaqar, caller, q) = (&fixture.zaqar, &fixture.caller, queue_named("q"));
    fixture.make_queue("q", encrypted()).await;
    let ids = fixture.post("q", &[SECRET, SECRET]).await;
    let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
    assert_eq!(sealed(&fixture, "q").await, [true, true]);

    assert_eq!(bodies(&fixture.list("q").await), [SECRET, SECRET]);
    assert_eq!(bodies(&zaqar.get_messages(caller, &q, &ids).await.unwrap().messages), [SECRET, SECRET]);
    assert_eq!(bodies(&[zaqar.get_message(caller, &q, &ids[0]).await.unwrap().0]), [SECRET]);
    let claim = fixture.claim("q").await.unwrap();
    assert_eq!(bodies(&claim.messages), [SECRET, SECRET]);
    let id = claim.id.to_string();
    let shown = zaqar.get_claim(caller, &name("q"), &id).await.unwrap();
    assert_eq!(bodies(&shown.claim.messages), [SECRET, SECRET]);
    zaqar.delete_claim(caller, &name("q"), &id).await.unwrap();
    assert_eq!(bodies(&pop(&fixture, "q").await.unwrap()), [SECRET, SECRET]);
}

#[tokio::test]
async fn messages_of_an_encrypted_topic_are_sealed() {
    let fixture = with_key();
    let topic = topic_named("t");
    fixture.zaqar.create_queue(&fixture.caller, &topic, metadata_of(encrypted())).await.unwrap();
    fixture.post_to(&topic, vec![draft(SECRET)]).await;
    assert_eq!(bodies(&fixture.list_in(&topic).await), [SECRET]);
    let fixture = fixture.with_keys([key()]);
    assert!(fixture.zaqar.list_messages(&fixture.caller, &topic, &everything()).await.is_err());
}

#[tokio::test]
async fn a_queue_may_be_switched_either_way_with_messages_in_it() {
    let fixture = with_key();
    fixture.make_queue("q", json!({})).await;
    fixture.post("q", &[PLAIN]).await;
    switch(&fixture, "q", true).await;
    fixture.post("q", &[SECRET]).await;
    switch(&fixture, "q", false).await;
    fixture.post("q", &[PLAIN]).await;
    assert_eq!(sealed(&fixture, "q").await, [false, true, false]);
    assert_eq!(bodies(&fixture.list("q").await), [PLAIN, SECRET, PLAIN]);
    assert_eq!(bodies(&fixture.claim("q").await.unwrap().messages), [PLAIN, SECRET, PLAIN]);
}

#[tokio::test]
async fn dead_letters_stay_as_they_are_whatever_their_new_queue_asks_for() {
    let fixture = with_key();
    for (queue, dead_letters, encrypts) in [("secret", "open", true), ("plain", "closed", false)] {
        let metadata = json!({
            "_max_claim_count": 1, "_dead_letter_queue": dead_letters, "_enable_encrypt_messages": encrypts
        });
        fixture.make_queue(dead_letters, json!({"_enable_encrypt_messages": !encrypts})).await;
        fixture.make_queue(queue, metadata).await;
        fixture.post(queue, &[SECRET]).await;
        fixture.wear_out(queue, 1).await;
        assert_eq!(fixture.claim(queue).await, None);
        assert_eq!(sealed(&fixture, dead_letters).await, [encrypts]);
        assert_eq!(bodies(&fixture.list(dead_letters).await), [SECRET]);
    }
}

#[tokio::test]
async fn checksums_are_of_the_plain_body_and_are_sealed_with_it() {
    let limits = Limits { enable_checksum: true, ..Limits::default() };
    let fixture = Fixture::with(limits).with_keys([key()]);
    fixture.make_queue("q", encrypted()).await;
    fixture.post("q", &["239"]).await;
    let checksum = Some("MD5:555d6702c950ecb729a966504af0a635".to_owned());
    assert_eq!(fixture.list("q").await[0].checksum, checksum);
    assert_eq!(stored(&fixture, "q").await[0].checksum, None);
}

#[tokio::test]
async fn old_messages_are_read_with_former_keys() {
    let (old, new) = (key(), key());
    let [old_again, new_again] = [&old, &new].map(|key| Key::spelled_out(&key.spell_out()).unwrap());
    let fixture = Fixture::new().with_keys([old]);
    fixture.make_queue("q", encrypted()).await;
    fixture.post("q", &["1"]).await;
    let fixture = fixture.with_keys([new, old_again]);
    fixture.post("q", &["2"]).await;
    assert_eq!(bodies(&fixture.list("q").await), ["1", "2"]);
    // With the last message of the old key gone, that key is needed no more.
    assert_eq!(bodies(&pop(&fixture, "q").await.unwrap()), ["1", "2"]);
    fixture.post("q", &["3"]).await;
    let fixture = fixture.with_keys([new_again]);
    assert_eq!(bodies(&fixture.list("q").await), ["3"]);
}

#[tokio::test]
async fn without_its_key_a_message_is_refused_and_kept() {
    let lost = key();
    let (id, found) = (lost.id(), Key::spelled_out(&lost.spell_out()).unwrap());
    let fixture = Fixture::new().with_keys([lost]);
    fixture.make_queue("q", encrypted()).await;
    let message = fixture.post("q", &[SECRET, SECRET]).await[0].to_string();
    fixture.post("other", &[PLAIN]).await;

    let fixture = fixture.with_keys([key()]);
    let (zaqar, caller, q) = (&fixture.zaqar, &fixture.caller, queue_named("q"));
    let wish = ClaimParams::default();
    let refusals = [
        zaqar.list_messages(caller, &q, &everything()).await.err(),
        zaqar.get_message(caller, &q, &message).await.err(),
        zaqar.get_messages(caller, &q, std::slice::from_ref(&message)).await.err(),
        zaqar.create_claim(caller, &name("q"), wish, None).await.err(),
        pop(&fixture, "q").await.err(),
    ];
    for refusal in refusals {
        let Some(Error::Encryption { source, .. }) = refusal else { panic!("{refusal:?}") };
        let line = source.to_string();
        assert!(line.contains(&id.to_string()) && line.contains("message_encryption_former_keys"), "{line}");
    }
    assert_eq!(bodies(&fixture.list("other").await), [PLAIN]);
    let stats = zaqar.queue_stats(caller, &q).await.unwrap();
    assert_eq!((stats.free, stats.claimed), (2, 0), "nothing is lost and no claim is left");

    let fixture = fixture.with_keys([found]);
    assert_eq!(bodies(&pop(&fixture, "q").await.unwrap()), [SECRET, SECRET]);
}

#[tokio::test]
async fn what_looks_like_a_sealed_body_comes_back_as_it_was_posted() {
    let fixture = with_key();
    let text = "\"\\u0001AES-256-GCM\"";
    for (queue, metadata) in [("plain", json!({})), ("encrypted", encrypted())] {
        fixture.make_queue(queue, metadata).await;
        fixture.post(queue, &[text]).await;
        assert_eq!(bodies(&fixture.list(queue).await), [text]);
    }
}

#[tokio::test]
async fn without_a_key_no_queue_can_ask_for_encryption() {
    let fixture = Fixture::new();
    let (zaqar, caller, q) = (&fixture.zaqar, &fixture.caller, queue_named("q"));
    let refused = zaqar.create_queue(caller, &q, metadata_of(encrypted())).await.unwrap_err();
    assert!(matches!(&refused, Error::Invalid(text) if text.contains("message_encryption_key")), "{refused}");
    fixture.make_queue("q", json!({"_enable_encrypt_messages": false})).await;
    let change = json!({"op": "replace", "path": "/metadata/_enable_encrypt_messages", "value": true});
    let refused = zaqar.update_queue(caller, &q, &Patch::new(vec![change]).unwrap()).await;
    assert!(matches!(refused, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn a_queue_that_asks_for_encryption_stores_nothing_when_the_key_is_gone() {
    let fixture = with_key();
    fixture.make_queue("q", encrypted()).await;
    let fixture = fixture.with_keys([]);
    let q = queue_named("q");
    let posting = fixture.zaqar.begin_post(&fixture.caller, &q).await.unwrap();
    assert!(matches!(posting.post(vec![draft(SECRET)]).await, Err(Error::Invalid(_))));
    assert!(fixture.list("q").await.is_empty());
}

#[tokio::test]
async fn a_message_that_was_carried_to_another_project_is_not_shown_there() {
    let fixture = with_key();
    fixture.make_queue("q", encrypted()).await;
    fixture.post("q", &[SECRET]).await;
    let stolen = stored(&fixture, "q").await[0].body.clone();
    let draft = Draft { body: JsonText::from_checked(stolen.into_bytes()), ..draft("1") };
    let thief = caller("thief");
    fixture.zaqar.begin_post(&thief, &queue_named("q")).await.unwrap().post(vec![draft]).await.unwrap();
    let refused = fixture.zaqar.list_messages(&thief, &queue_named("q"), &everything()).await;
    assert!(matches!(refused, Err(Error::Encryption { .. })));
}

/// What cannot be decrypted goes to the dead-letter queue as it is, and is read there once its key is back.
#[tokio::test]
async fn the_dead_letter_of_what_cannot_be_decrypted_is_the_message_itself() {
    let lost = key();
    let found = Key::spelled_out(&lost.spell_out()).unwrap();
    let fixture = Fixture::new().with_keys([lost]);
    fixture.make_queue("q", encrypted()).await;
    let options = json!({"_dead_letter_queue": "dead"});
    let wish =
        SubscriptionParams::new(json!({"subscriber": "http://trigger.me", "options": options})).unwrap();
    fixture.zaqar.create_subscription(&fixture.caller, &queue_named("q"), &wish).await.unwrap();
    fixture.post("q", &[SECRET]).await;
    let fixture = fixture.with_keys([key()]);
    dead_letter(&fixture, "It could not be decrypted.").await;
    let fixture = fixture.with_keys([found]);
    assert_eq!(bodies(&fixture.list("dead").await), [SECRET]);
}
