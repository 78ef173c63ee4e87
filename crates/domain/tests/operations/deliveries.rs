use serde_json::json;
use zaqar_domain::{
    AttemptListing, Draft, Error, FailureListing, ListedAttempts, Resend, SubscriptionParams,
};
use zaqar_model::{
    AttemptEnd, Caller, Clock, DeliveryOutcome, DestinationName, Excerpt, MessageId, SubscriptionId,
    Timestamp,
};
use zaqar_storage::{SubscriptionChange, SubscriptionShare};
use zaqar_storage_conformance::LeaseDue;

use crate::fixture::{Fixture, caller, draft, queue_named, topic_named};

/// Makes a queue or topic with a subscription, and posts so many messages.
async fn fill(fixture: &Fixture, to: &DestinationName, messages: usize) -> (String, Vec<MessageId>) {
    let wish = SubscriptionParams::new(json!({"subscriber": "http://trigger.me", "ttl": 10_000})).unwrap();
    let id = fixture.zaqar.create_subscription(&fixture.caller, to, &wish).await.unwrap();
    let posted = fixture.post_to(to, (0..messages).map(|_| draft("{}")).collect()).await;
    (id.to_string(), posted)
}

async fn give_up(fixture: &Fixture) {
    let end = |attempt| DeliveryOutcome::GivenUp(Excerpt::new("410 Gone"), attempt);
    fixture.deliver(410, end).await;
}

async fn attempts(
    fixture: &Fixture,
    of: &DestinationName,
    id: &str,
    listing: AttemptListing,
) -> ListedAttempts {
    fixture.zaqar.list_attempts(&fixture.caller, of, id, &listing).await.unwrap()
}

/// The ids of the messages that failed.
async fn failures(fixture: &Fixture, of: &DestinationName, id: &str) -> Vec<MessageId> {
    let listing = FailureListing { marker: None, limit: Some(20) };
    let listed = fixture.zaqar.list_failures(&fixture.caller, of, id, &listing).await.unwrap();
    listed.failures.iter().map(|failed| failed.message.message.id).collect()
}

async fn resend(fixture: &Fixture, of: &DestinationName, id: &str, wish: Resend) -> Result<u64, Error> {
    fixture.zaqar.resend(&fixture.caller, of, id, &wish).await
}

#[tokio::test]
async fn attempts_are_listed_from_the_newest_in_pages() {
    let fixture = Fixture::new();
    for of in [queue_named("q"), topic_named("q")] {
        let (id, posted) = fill(&fixture, &of, 12).await;
        let later = fixture.clock.now().plus_secs(5);
        fixture.deliver(503, |attempt| DeliveryOutcome::RetryAt(later, attempt)).await;
        fixture.clock.advance_secs(5);
        fixture.deliver(200, DeliveryOutcome::Delivered).await;

        let first = attempts(&fixture, &of, &id, AttemptListing::default()).await;
        assert_eq!(first.attempts.len(), 10);
        let newest = &first.attempts[0];
        assert_eq!((newest.message, newest.attempt.status), (posted[11], Some(200)));
        let mut all = first.attempts;
        let mut marker = first.next;
        while let Some(next) = marker {
            let marker_text = Some(next.get().to_string());
            let listing = AttemptListing { marker: marker_text, limit: Some(7), ..AttemptListing::default() };
            let page = attempts(&fixture, &of, &id, listing).await;
            all.extend(page.attempts);
            marker = page.next;
        }
        let ends: Vec<_> = all.iter().map(|kept| kept.end).collect();
        assert_eq!(ends, [vec![AttemptEnd::Delivered; 12], vec![AttemptEnd::RetryAt(later); 12]].concat());
        assert!(all.is_sorted_by(|one, next| one.number > next.number));
    }
}

#[tokio::test]
async fn the_attempts_of_one_message_are_listed_in_pages_too() {
    let fixture = Fixture::new();
    let q = queue_named("q");
    let (id, posted) = fill(&fixture, &q, 2).await;
    for _ in 0..3 {
        let again = |attempt| DeliveryOutcome::RetryAt(fixture.clock.now(), attempt);
        fixture.deliver(503, again).await;
    }
    let of_message = |marker, limit| AttemptListing {
        message_id: Some(posted[0].to_string()),
        marker,
        limit: Some(limit),
        ..AttemptListing::default()
    };
    let first = attempts(&fixture, &q, &id, of_message(None, 2)).await;
    let second = attempts(&fixture, &q, &id, of_message(first.next.map(|at| at.get().to_string()), 2)).await;
    assert_eq!((first.attempts.len(), second.attempts.len()), (2, 1));
    let mut both = first.attempts.iter().chain(&second.attempts);
    assert!(both.all(|kept| kept.message == posted[0]));
    let last = attempts(&fixture, &q, &id, of_message(second.next.map(|at| at.get().to_string()), 2)).await;
    assert_eq!(last, ListedAttempts::default());
}

#[tokio::test]
async fn filters_of_attempts_that_mean_nothing_are_refused() {
    let fixture = Fixture::new();
    let q = queue_named("q");
    let (id, _) = fill(&fixture, &q, 1).await;
    give_up(&fixture).await;
    let refusal = async |listing: AttemptListing| {
        let refused = fixture.zaqar.list_attempts(&fixture.caller, &q, &id, &listing).await;
        refused.unwrap_err().to_string()
    };
    for text in ["x", "", "-1", "Failed"] {
        let given = Some(text.to_owned());
        let about = AttemptListing { message_id: given.clone(), ..AttemptListing::default() };
        assert_eq!(refusal(about).await, "message_id must be the id of a message.");
        let ended = AttemptListing { outcome: given, ..AttemptListing::default() };
        assert_eq!(refusal(ended).await, "outcome must be one of: delivered, retry, failed, unknown.");
    }
    let failed = AttemptListing { outcome: Some("failed".to_owned()), ..AttemptListing::default() };
    assert_eq!(attempts(&fixture, &q, &id, failed.clone()).await.attempts.len(), 1);
    let later = Some(fixture.clock.now().plus_secs(1));
    let later = AttemptListing { since: later, ..failed };
    assert_eq!(attempts(&fixture, &q, &id, later).await, ListedAttempts::default());
}

#[tokio::test]
async fn what_names_nothing_lists_nothing() {
    let fixture = Fixture::new();
    let q = queue_named("q");
    let (id, _) = fill(&fixture, &q, 2).await;
    give_up(&fixture).await;
    for text in ["x", "", "-1", "+1", "18446744073709551616"] {
        let marker = Some(text.to_owned());
        let behind = AttemptListing { marker: marker.clone(), ..AttemptListing::default() };
        assert_eq!(attempts(&fixture, &q, &id, behind).await, ListedAttempts::default());
        let listing = FailureListing { marker, limit: None };
        let failed = fixture.zaqar.list_failures(&fixture.caller, &q, &id, &listing).await.unwrap();
        assert_eq!((failed.failures, failed.next), (Vec::new(), None));
    }
}

#[tokio::test]
async fn a_page_is_as_large_as_one_of_messages() {
    let fixture = Fixture::new();
    let q = queue_named("q");
    let (id, _) = fill(&fixture, &q, 1).await;
    let (zaqar, caller) = (&fixture.zaqar, &fixture.caller);
    for limit in [0, -1, 21] {
        let limit = Some(limit);
        let listing = AttemptListing { limit, ..AttemptListing::default() };
        assert!(matches!(zaqar.list_attempts(caller, &q, &id, &listing).await, Err(Error::Invalid(_))));
        let listing = FailureListing { limit, ..FailureListing::default() };
        assert!(matches!(zaqar.list_failures(caller, &q, &id, &listing).await, Err(Error::Invalid(_))));
    }
}

#[tokio::test]
async fn failures_are_listed_in_the_order_of_posting() {
    let fixture = Fixture::new();
    for of in [queue_named("q"), topic_named("q")] {
        let (id, posted) = fill(&fixture, &of, 3).await;
        give_up(&fixture).await;
        let page = async |marker: Option<String>| {
            let listing = FailureListing { marker, limit: Some(2) };
            fixture.zaqar.list_failures(&fixture.caller, &of, &id, &listing).await.unwrap()
        };
        let first = page(None).await;
        assert_eq!(first.failures[0].reason, Excerpt::new("410 Gone"));
        let second = page(first.next.map(|next| next.get().to_string())).await;
        let listed = first.failures.iter().chain(&second.failures);
        assert_eq!(listed.map(|failed| failed.message.message.id).collect::<Vec<_>>(), posted);
    }
}

#[tokio::test]
async fn one_message_is_sent_again_whatever_became_of_it() {
    let fixture = Fixture::new();
    let q = queue_named("q");
    let (id, posted) = fill(&fixture, &q, 2).await;
    give_up(&fixture).await;
    let message = Resend::Message(posted[1].to_string());
    for _ in 0..2 {
        assert_eq!(resend(&fixture, &q, &id, message.clone()).await.unwrap(), 1);
        assert_eq!(failures(&fixture, &q, &id).await, posted[..1]);
        fixture.deliver(200, DeliveryOutcome::Delivered).await;
    }
    let about = AttemptListing { message_id: Some(posted[1].to_string()), ..AttemptListing::default() };
    assert_eq!(attempts(&fixture, &q, &id, about).await.attempts.len(), 3);
}

#[tokio::test]
async fn all_that_failed_since_a_time_is_sent_again() {
    let fixture = Fixture::new();
    let q = queue_named("q");
    let (id, earlier) = fill(&fixture, &q, 2).await;
    give_up(&fixture).await;
    fixture.clock.advance_secs(30);
    let since = fixture.clock.now();
    fixture.post("q", &["1", "2", "3"]).await;
    give_up(&fixture).await;
    assert_eq!(resend(&fixture, &q, &id, Resend::FailedSince(since.plus_secs(1))).await.unwrap(), 0);
    assert_eq!(resend(&fixture, &q, &id, Resend::FailedSince(since)).await.unwrap(), 3);
    assert_eq!(failures(&fixture, &q, &id).await, earlier);
    fixture.deliver(200, DeliveryOutcome::Delivered).await;
    assert_eq!(resend(&fixture, &q, &id, Resend::FailedSince(Timestamp::default())).await.unwrap(), 2);
}

#[tokio::test]
async fn a_message_that_is_gone_is_not_sent_again() {
    let fixture = Fixture::new();
    let q = queue_named("q");
    let (id, posted) = fill(&fixture, &q, 1).await;
    give_up(&fixture).await;
    fixture.clock.advance_secs(300);
    for message in ["x", &posted[0].to_string()] {
        let refused = resend(&fixture, &q, &id, Resend::Message(message.to_owned())).await.unwrap_err();
        assert_eq!(refused.to_string(), format!("Message {message} does not exist in queue q for project p"));
    }
    assert_eq!(failures(&fixture, &q, &id).await.len(), 1, "it is still listed");
}

#[tokio::test]
async fn nothing_is_sent_again_to_a_subscription_that_is_not_confirmed() {
    let fixture = Fixture::new();
    let q = queue_named("q");
    let (id, posted) = fill(&fixture, &q, 1).await;
    let found = fixture.zaqar.get_subscription(&fixture.caller, &q, &id).await.unwrap().subscription;
    let change = SubscriptionChange { notified: Some(false), ..SubscriptionChange::default() };
    let now = fixture.clock.now();
    assert!(
        fixture
            .store
            .subscriptions()
            .unwrap()
            .update_subscription(&found.source, found.id, change, now)
            .await
            .unwrap()
    );
    for wish in [Resend::Message(posted[0].to_string()), Resend::FailedSince(now)] {
        assert!(matches!(resend(&fixture, &q, &id, wish).await, Err(Error::Conflict(_))));
    }
}

#[tokio::test]
async fn only_a_subscription_that_is_there_has_deliveries() {
    let fixture = Fixture::new();
    let q = queue_named("q");
    let (id, posted) = fill(&fixture, &q, 2).await;
    give_up(&fixture).await;
    let (stranger, of_topic) = (caller("stranger"), topic_named("q"));
    fill(&fixture, &of_topic, 1).await;
    let none = SubscriptionId::from_u128(7).to_string();
    let own = &fixture.caller;
    for (caller, of, id) in [(&stranger, &q, &id), (own, &of_topic, &id), (own, &q, &none)] {
        are_absent(&fixture, caller, of, id, posted[0]).await;
    }
    assert_eq!(failures(&fixture, &q, &id).await, posted);
    fixture.clock.advance_secs(10_000);
    are_absent(&fixture, own, &q, &id, posted[0]).await;
}

async fn are_absent(fixture: &Fixture, caller: &Caller, of: &DestinationName, id: &str, message: MessageId) {
    let zaqar = &fixture.zaqar;
    let text = format!("Subscription {id} does not exist");
    let refused = zaqar.list_attempts(caller, of, id, &AttemptListing::default()).await.unwrap_err();
    assert_eq!(refused.to_string(), text);
    let refused = zaqar.list_failures(caller, of, id, &FailureListing::default()).await.unwrap_err();
    assert_eq!(refused.to_string(), text);
    for wish in [Resend::Message(message.to_string()), Resend::FailedSince(Timestamp::default())] {
        assert_eq!(zaqar.resend(caller, of, id, &wish).await.unwrap_err().to_string(), text);
    }
}

/// Leases all that is due and puts it into the dead-letter queue.
pub(crate) async fn dead_letter(fixture: &Fixture, reason: &str) {
    let (share, now) = (SubscriptionShare::each(10), fixture.clock.now());
    let request = fixture.store.deliveries().unwrap().lease_request(10, share, now).await.unwrap();
    for owed in fixture.zaqar.lease_deliveries(&request).await.unwrap().owed {
        fixture.zaqar.dead_letter_delivery(&owed, 3, reason).await.unwrap();
    }
}

#[tokio::test]
async fn the_dead_letter_of_what_has_expired_is_there_for_as_long_as_its_queue_keeps_messages() {
    let fixture = Fixture::new();
    fixture.make_queue("dead", json!({"_default_message_ttl": 600})).await;
    let wish =
        json!({"subscriber": "http://trigger.me", "ttl": 10_000, "options": {"_dead_letter_queue": "dead"}});
    let wish = SubscriptionParams::new(wish).unwrap();
    let q = queue_named("q");
    fixture.zaqar.create_subscription(&fixture.caller, &q, &wish).await.unwrap();
    fixture.post_to(&q, vec![Draft { ttl: Some(60), ..draft("1") }]).await;
    fixture.clock.advance_secs(85);
    dead_letter(&fixture, "Expired after 3 attempts.").await;
    let letters = fixture.list("dead").await;
    let body = std::str::from_utf8(letters[0].body.as_bytes()).unwrap();
    assert!(body.contains("Expired after 3 attempts."), "{body}");
    assert_eq!(letters[0].ttl.get(), 600);
    fixture.clock.advance_secs(599);
    assert_eq!(fixture.list("dead").await.len(), 1);
    fixture.clock.advance_secs(1);
    assert_eq!(fixture.list("dead").await.len(), 0);
}
