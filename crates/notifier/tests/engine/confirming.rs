//! Attempts to ask subscribers to confirm.

use std::sync::Arc;

use serde_json::{Value, json};
use zaqar_authentication::SigningKeys;
use zaqar_domain::Limits;
use zaqar_model::{AttemptEnd, ConfirmationKind, Metadata, SystemClock};
use zaqar_notifier::{EngineOptions, Verdict};
use zaqar_storage_conformance::ReferenceStore;

use crate::site::{Site, caller, ends, queue};
use crate::{Scripted, by};

/// A service where subscribers must confirm.
fn start(sender: &Arc<Scripted>, key: Option<&str>) -> Site {
    let limits = Limits { require_confirmation: true, ..Limits::default() };
    let keys = SigningKeys::new(key, Vec::new(), Some(86_400));
    let (store, clock) = (Arc::new(ReferenceStore::new()), Arc::new(SystemClock));
    Site::start_with(store, clock, by(sender), EngineOptions::default(), limits, keys)
}

/// Options by which a first retry comes after so many seconds.
fn retry_after(secs: u64) -> Value {
    json!({"_retry_policy": {
        "retries_with_no_delay": 0, "minimum_delay_retries": 1,
        "minimum_delay": secs, "maximum_delay": secs + 10,
    }})
}

#[tokio::test]
async fn attempts_to_ask_are_on_record_for_who_is_asked() {
    let sender = Scripted::new(|_, times| if times == 1 { Verdict::TryAgain } else { Verdict::Delivered });
    let site = start(&sender, Some("key"));
    let other = site.subscribe("http://b", json!({})).await;
    site.wait_for_attempt(other, |end| end == AttemptEnd::Delivered).await;
    let asked = site.subscribe("http://a", json!({})).await;
    let attempts = site.wait_for_attempt(asked, |end| end == AttemptEnd::Delivered).await;
    assert_eq!(ends(&attempts), [("as told", true)]);
    let attempts = site.attempts(other).await;
    assert_eq!(ends(&attempts), [("as told", false), ("as told", true)]);
    assert!(matches!(attempts[0].end, AttemptEnd::RetryAt(_)));
    let (kind, request) = (Some(ConfirmationKind::Subscription), attempts[0].message);
    assert!(attempts.iter().all(|kept| (kept.confirmation, kept.message) == (kind, request)));
}

#[tokio::test]
async fn why_nobody_can_be_asked_is_on_record() {
    let sender = Scripted::new(|_, _| Verdict::Delivered);
    let site = start(&sender, None);
    let asked = site.subscribe("http://a", json!({})).await;
    let attempts = site.wait_for_attempt(asked, |end| end == AttemptEnd::GivenUp).await;
    assert_eq!(ends(&attempts), [("the service has no key to sign with", false)]);
    assert_eq!(*sender.sent.lock(), [] as [Value; 0]);
}

#[tokio::test]
async fn a_request_to_confirm_is_tried_again_as_its_subscription_or_the_queue_wants() {
    let sender = Scripted::new(|_, _| Verdict::TryAgain);
    let site = start(&sender, Some("key"));
    let Value::Object(metadata) = retry_after(1000) else { panic!() };
    site.zaqar.create_queue(&caller(), &queue(), Metadata::new(metadata)).await.unwrap();
    for (subscriber, options, secs) in [("http://a", json!({}), 1000), ("http://b", retry_after(2000), 2000)]
    {
        let asked = site.subscribe(subscriber, options).await;
        let attempts = site.wait_for_attempt(asked, |end| matches!(end, AttemptEnd::RetryAt(_))).await;
        let AttemptEnd::RetryAt(due) = attempts[0].end else { panic!() };
        let wait = due.secs_since(attempts[0].attempt.at);
        // What failed together is not tried again together.
        assert!((secs..secs + secs / 5).contains(&wait), "{wait}");
    }
}

#[tokio::test]
async fn a_request_that_waits_for_a_try_ends_with_a_no_and_with_its_subscription() {
    let sender = Scripted::new(|_, _| Verdict::TryAgain);
    let site = start(&sender, Some("key"));
    let (caller, queue) = (caller(), queue());
    for subscriber in ["http://says-no", "http://is-gone"] {
        let asked = site.subscribe(subscriber, retry_after(1000)).await;
        let attempts = site.wait_for_attempt(asked, |end| matches!(end, AttemptEnd::RetryAt(_))).await;
        let id = asked.to_string();
        if subscriber == "http://says-no" {
            let no = json!(false);
            site.zaqar.confirm_subscription(&caller, &queue, &id, Some(&no)).await.unwrap();
            sender.wait_for(2).await;
        } else {
            site.zaqar.delete_subscription(&caller, &queue, &id).await.unwrap();
        }
        site.try_in_vain(attempts[0].message).await;
    }
    let sent = sender.wait_for(3).await;
    assert_eq!(sent, ["SubscriptionConfirmation", "UnsubscribeConfirmation", "SubscriptionConfirmation"]);
}
