use std::sync::Arc;

use serde_json::{Value, json};
use zaqar_domain::{
    Draft, EndReason, Error, Follower, Following, Key, LiveEvent, Notification, PurgeScope,
    SubscriptionListing, SubscriptionParams, Zaqar,
};
use zaqar_model::{Caller, RandomIds};

use crate::fixture::{Fixture, draft, metadata_of, queue_named};

const SUBSCRIBER: &str = "websocket://one";

fn wish(document: Value) -> SubscriptionParams {
    SubscriptionParams::new(document).unwrap()
}

async fn follow_behind(
    zaqar: &Arc<Zaqar>,
    caller: &Caller,
    document: Value,
    marker: Option<&str>,
) -> Following {
    let (queue, wish) = (queue_named("q"), wish(document));
    zaqar.follow(caller, &queue, &wish, SUBSCRIBER.to_owned(), marker).await.unwrap()
}

fn new(following: Following) -> Follower {
    let Following::New(follower) = following else { panic!("it was renewed") };
    follower
}

async fn follow(zaqar: &Arc<Zaqar>, caller: &Caller, document: Value) -> Follower {
    new(follow_behind(zaqar, caller, document, None).await)
}

async fn notification(follower: &mut Follower) -> Notification {
    let LiveEvent::Notification(notification) = follower.next().await.unwrap() else { panic!("it ended") };
    notification
}

async fn end(follower: &mut Follower) -> EndReason {
    let LiveEvent::Ended { reason, .. } = follower.next().await.unwrap() else { panic!("a message came") };
    reason
}

#[tokio::test]
async fn a_follower_reads_encrypted_messages_plain_and_does_not_wait_for_delays() {
    let Fixture { zaqar, caller, .. } = Fixture::new().with_keys([Key::random(&RandomIds)]);
    let (zaqar, queue) = (Arc::new(zaqar), queue_named("q"));
    let metadata = metadata_of(json!({"_enable_encrypt_messages": true, "_default_message_delay": 60}));
    zaqar.create_queue(&caller, &queue, metadata).await.unwrap();
    let mut follower = follow(&zaqar, &caller, json!({})).await;
    let posting = zaqar.begin_post(&caller, &queue).await.unwrap();
    posting.post(vec![draft("\"the secret\"")]).await.unwrap();
    let notification = notification(&mut follower).await;
    assert_eq!(&notification.message.body.as_bytes()[..], b"\"the secret\"");
}

#[tokio::test]
async fn a_message_that_cannot_be_decrypted_does_not_hold_up_those_behind_it() {
    let fixture = Fixture::new().with_keys([Key::random(&RandomIds)]);
    fixture.make_queue("q", json!({"_enable_encrypt_messages": true})).await;
    fixture.post("q", &["1"]).await;
    let fixture = fixture.with_keys([Key::random(&RandomIds)]);
    fixture.post("q", &["2"]).await;
    let (zaqar, caller) = (Arc::new(fixture.zaqar), fixture.caller);
    let mut follower = new(follow_behind(&zaqar, &caller, json!({}), Some("0")).await);
    let notification = notification(&mut follower).await;
    assert_eq!(&notification.message.body.as_bytes()[..], b"2");
}

#[tokio::test]
async fn a_marker_of_an_earlier_queue_hides_nothing_of_the_new_one() {
    let fixture = Fixture::new();
    fixture.make_queue("q", json!({})).await;
    fixture.post("q", &["1", "2"]).await;
    let (zaqar, caller) = (Arc::new(fixture.zaqar), fixture.caller);
    let mut follower = new(follow_behind(&zaqar, &caller, json!({}), Some("57")).await);
    let notification = notification(&mut follower).await;
    assert_eq!(&notification.message.body.as_bytes()[..], b"1");
}

#[tokio::test(start_paused = true)]
async fn a_live_subscription_ends_with_its_time_though_nothing_comes() {
    let Fixture { zaqar, caller, clock, .. } = Fixture::new();
    let mut follower = follow(&Arc::new(zaqar), &caller, json!({"ttl": 60})).await;
    let (reason, ()) = tokio::join!(end(&mut follower), async { clock.advance_secs(60) });
    assert_eq!(reason, EndReason::Expired);
}

/// Nobody posts, and no time passes: the end itself wakes.
#[tokio::test(start_paused = true)]
async fn a_follower_is_told_why_its_subscription_has_ended_and_where_to_go_on() {
    let Fixture { zaqar, caller, clock, .. } = Fixture::new();
    let (zaqar, queue) = (Arc::new(zaqar), queue_named("q"));
    let began = tokio::time::Instant::now();
    for reason in [EndReason::Deleted, EndReason::Purged, EndReason::Expired, EndReason::SourceDeleted] {
        let mut follower = follow(&zaqar, &caller, json!({"ttl": 3600})).await;
        let posting = zaqar.begin_post(&caller, &queue).await.unwrap();
        posting.post(vec![draft("1")]).await.unwrap();
        let seen = notification(&mut follower).await.marker;
        let id = follower.id().to_string();
        let ending = async {
            match reason {
                EndReason::Deleted => zaqar.delete_subscription(&caller, &queue, &id).await.unwrap(),
                EndReason::Purged => {
                    let scope = PurgeScope { messages: false, subscriptions: true };
                    zaqar.purge_queue(&caller, &queue, scope).await.unwrap();
                }
                EndReason::SourceDeleted => zaqar.delete_queue(&caller, &queue).await.unwrap(),
                // Its time is made shorter, and that is over at once.
                EndReason::Expired => {
                    clock.advance_secs(60);
                    zaqar.update_subscription(&caller, &queue, &id, &wish(json!({"ttl": 60}))).await.unwrap();
                    clock.advance_secs(60);
                }
            }
        };
        let (ended, ()) = tokio::join!(follower.next(), ending);
        assert_eq!(ended.unwrap(), LiveEvent::Ended { reason, marker: seen });
        // It stays so.
        assert_eq!(end(&mut follower).await, reason);
    }
    assert!(began.elapsed().as_secs() <= 60, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn whoever_follows_already_renews_and_goes_on_where_it_is() {
    let Fixture { zaqar, caller, clock, .. } = Fixture::new();
    let (zaqar, queue) = (Arc::new(zaqar), queue_named("q"));
    let mut follower = follow(&zaqar, &caller, json!({"ttl": 100, "options": {"a": 1}})).await;
    let post = async |body: &'static str| {
        let posting = zaqar.begin_post(&caller, &queue).await.unwrap();
        posting.post(vec![draft(body)]).await.unwrap();
    };
    post("1").await;
    notification(&mut follower).await;
    post("2").await;
    clock.advance_secs(40);
    for (document, ttl, options) in [
        (json!({}), 100, json!({"a": 1})),
        (json!({"ttl": 200}), 200, json!({"a": 1})),
        (json!({"options": {"b": 2}}), 200, json!({"b": 2})),
    ] {
        let renewed = follow_behind(&zaqar, &caller, document, Some("0")).await;
        assert!(matches!(renewed, Following::Renewed(id) if id == follower.id()), "{renewed:?}");
        let id = follower.id().to_string();
        let shown = zaqar.get_subscription(&caller, &queue, &id).await.unwrap().subscription;
        assert_eq!((shown.ttl.get(), shown.renewed), (ttl, zaqar.now()));
        assert_eq!(json!(shown.options.into_members()), options);
        clock.advance_secs(10);
    }
    assert_eq!(&notification(&mut follower).await.message.body.as_bytes()[..], b"2");
    // What is over is not renewed.
    clock.advance_secs(190);
    let mut next = follow(&zaqar, &caller, json!({})).await;
    assert_ne!(next.id(), follower.id());
    assert_eq!(end(&mut follower).await, EndReason::Expired);
    post("3").await;
    assert_eq!(&notification(&mut next).await.message.body.as_bytes()[..], b"3");
}

#[tokio::test]
async fn of_a_live_subscription_all_but_the_subscriber_can_be_changed() {
    let Fixture { zaqar, caller, clock, .. } = Fixture::new();
    let (zaqar, queue) = (Arc::new(zaqar), queue_named("q"));
    let follower = follow(&zaqar, &caller, json!({"ttl": 60})).await;
    let id = follower.id().to_string();
    let change = wish(json!({"ttl": 600, "options": {"a": 1}}));
    zaqar.update_subscription(&caller, &queue, &id, &change).await.unwrap();
    zaqar.confirm_subscription(&caller, &queue, &id, Some(&json!(true))).await.unwrap();
    clock.advance_secs(599);
    let shown = zaqar.get_subscription(&caller, &queue, &id).await.unwrap().subscription;
    assert_eq!((shown.ttl.get(), shown.confirmed, shown.options.get("a")), (600, true, Some(&json!(1))));
    let change = wish(json!({"subscriber": "http://a"}));
    let refused = zaqar.update_subscription(&caller, &queue, &id, &change).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    clock.advance_secs(1);
    let gone = zaqar.get_subscription(&caller, &queue, &id).await;
    assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
}

#[tokio::test]
async fn stored_and_live_subscriptions_are_listed_together_a_page_at_a_time() {
    let Fixture { zaqar, caller, .. } = Fixture::new();
    let (zaqar, queue) = (Arc::new(zaqar), queue_named("q"));
    let follower = follow(&zaqar, &caller, json!({})).await;
    let mut expected = vec![follower.id()];
    for subscriber in ["http://a", "http://b"] {
        let wish = wish(json!({"subscriber": subscriber}));
        expected.push(zaqar.create_subscription(&caller, &queue, &wish).await.unwrap());
    }
    expected.sort_unstable();
    let (mut marker, mut listed) = (None, Vec::new());
    loop {
        let listing = SubscriptionListing { marker, limit: Some(1) };
        let page = zaqar.list_subscriptions(&caller, &queue, &listing).await.unwrap();
        let Some(next) = page.next else { break };
        listed.extend(page.subscriptions.iter().map(|subscription| subscription.id));
        marker = Some(next.to_string());
    }
    assert_eq!(listed, expected);
    drop(follower);
    let listed = zaqar.list_subscriptions(&caller, &queue, &SubscriptionListing::default()).await.unwrap();
    assert_eq!(listed.subscriptions.len(), 2);
}

#[tokio::test]
async fn a_marker_of_an_earlier_life_of_the_queue_begins_at_the_start() {
    let fixture = Fixture::new();
    let (zaqar, caller) = (Arc::new(fixture.zaqar), fixture.caller);
    let queue = queue_named("q");
    let post = async |bodies: Vec<&'static str>| {
        let posting = zaqar.begin_post(&caller, &queue).await.unwrap();
        posting.post(bodies.into_iter().map(draft).collect()).await.unwrap();
    };
    let mut follower = follow(&zaqar, &caller, json!({})).await;
    post(vec!["1"]).await;
    let marker = notification(&mut follower).await.marker;
    drop(follower);
    zaqar.delete_queue(&caller, &queue).await.unwrap();
    post(vec!["2", "3"]).await;
    let mut follower = new(follow_behind(&zaqar, &caller, json!({}), Some(&marker)).await);
    let second = notification(&mut follower).await;
    assert_eq!(&second.message.body.as_bytes()[..], b"2");
    drop(follower);
    let mut follower = new(follow_behind(&zaqar, &caller, json!({}), Some(&second.marker)).await);
    let third = notification(&mut follower).await;
    assert_eq!(&third.message.body.as_bytes()[..], b"3");
}

#[tokio::test(start_paused = true)]
async fn a_follower_may_respect_delays_and_is_not_held_up_by_them() {
    let Fixture { zaqar, caller, clock, .. } = Fixture::new();
    let (zaqar, queue) = (Arc::new(zaqar), queue_named("q"));
    let patient = json!({"options": {"respect_delay": true}});
    let mut follower = follow(&zaqar, &caller, patient.clone()).await;
    let late = |body, delay| Draft { delay: Some(delay), ..draft(body) };
    let posting = zaqar.begin_post(&caller, &queue).await.unwrap();
    posting.post(vec![late("1", 20), draft("2"), late("3", 10), draft("4")]).await.unwrap();
    let mut next = async || {
        let notification = notification(&mut follower).await;
        (notification.message.body.as_bytes().to_vec(), notification.marker)
    };
    assert_eq!(next().await.0, b"2");
    assert_eq!(next().await.0, b"4");
    let (third, ()) = tokio::join!(next(), async { clock.advance_secs(10) });
    assert_eq!(third.0, b"3");
    drop(follower);
    // Whoever comes back misses nothing, and sees some twice.
    let mut follower = new(follow_behind(&zaqar, &caller, patient, Some(&third.1)).await);
    let mut next = async || notification(&mut follower).await.message.body.as_bytes().to_vec();
    let again = [next().await, next().await, next().await];
    assert_eq!(again, [b"2".to_vec(), b"3".to_vec(), b"4".to_vec()]);
    let (first, ()) = tokio::join!(next(), async { clock.advance_secs(10) });
    assert_eq!(first, b"1");
}

/// The end tells a marker before all that still waits for the end of its delay.
#[tokio::test]
async fn the_end_of_a_follower_that_respects_delays_hides_nothing_that_waits() {
    let Fixture { zaqar, caller, clock, .. } = Fixture::new();
    let (zaqar, queue) = (Arc::new(zaqar), queue_named("q"));
    let patient = json!({"options": {"respect_delay": true}});
    let mut follower = follow(&zaqar, &caller, patient.clone()).await;
    let posting = zaqar.begin_post(&caller, &queue).await.unwrap();
    let late = Draft { delay: Some(20), ..draft("1") };
    posting.post(vec![late, draft("2")]).await.unwrap();
    notification(&mut follower).await;
    let id = follower.id().to_string();
    zaqar.delete_subscription(&caller, &queue, &id).await.unwrap();
    let LiveEvent::Ended { marker, .. } = follower.next().await.unwrap() else { panic!("a message came") };
    clock.advance_secs(20);
    let mut follower = new(follow_behind(&zaqar, &caller, patient, Some(&marker)).await);
    for body in ["1", "2"] {
        assert_eq!(notification(&mut follower).await.message.body.as_bytes(), body.as_bytes());
    }
}
