use std::time::Duration;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use serde_json::{Map, Value, json};
use zaqar_model::{Metadata, Timestamp};

use super::{Backoff, RetryPolicy, Verdict, judge, retry_after, with_jitter};

const FUNCTIONS: [Backoff; 4] =
    [Backoff::Linear, Backoff::Arithmetic, Backoff::Geometric, Backoff::Exponential];

fn metadata(policy: Value) -> Metadata {
    Metadata::new(Map::from_iter([("_retry_policy".to_owned(), policy)]))
}

fn delays(policy: &RetryPolicy) -> Vec<u64> {
    (1..).map_while(|attempts| policy.delay_after(attempts)).map(|delay| delay.as_secs()).collect()
}

#[test]
fn the_usual_policy_has_upstreams_phases() {
    let usual = RetryPolicy::default();
    assert_eq!(delays(&usual), [0, 0, 0, 5, 5, 5, 5, 10, 15, 20, 25, 30, 30, 30]);
}

#[test]
fn the_four_functions_differ() {
    let growth = |backoff: Backoff| -> Vec<u64> {
        let count = backoff.retries(5, 30);
        (0..count).map(|retry| backoff.delay(5, 30, retry)).collect()
    };
    assert_eq!(
        FUNCTIONS.map(growth),
        [vec![5, 10, 15, 20, 25], vec![5, 7, 12, 20, 30], vec![5, 8, 12, 19, 30], vec![5, 10, 20, 30, 30]]
    );
}

#[test]
fn a_subscriptions_policy_stands_before_its_queues_unless_either_says_otherwise() {
    let (queue, own) = (json!({"retries_with_no_delay": 1}), json!({"retries_with_no_delay": 2}));
    let retries = |queue: Value, own: Value| {
        RetryPolicy::for_subscription(&metadata(queue), &metadata(own)).retries_with_no_delay
    };
    assert_eq!(retries(queue.clone(), own.clone()), 2);
    assert_eq!(retries(queue.clone(), json!({})), 1);
    assert_eq!(retries(json!({}), json!(null)), 3);
    let firm = json!({"retries_with_no_delay": 1, "ignore_subscription_override": true});
    assert_eq!(retries(firm, own), 1);
    let yielding = json!({"retries_with_no_delay": 2, "ignore_subscription_override": true});
    assert_eq!(retries(queue, yielding.clone()), 1);
    assert_eq!(retries(json!({}), yielding), 3);
}

#[test]
fn what_a_policy_leaves_out_is_as_usual() {
    let policy = RetryPolicy::for_subscription(
        &Metadata::default(),
        &metadata(json!({"minimum_delay": 20, "retry_backoff_function": "geometric", "maximum_delay": null})),
    );
    let usual = RetryPolicy { minimum_delay: 20, backoff: Backoff::Geometric, ..RetryPolicy::default() };
    assert_eq!(policy, usual);
}

#[test]
fn answers_are_judged_by_their_status() {
    for (statuses, verdict) in [
        (&[200, 201, 204, 299][..], Verdict::Delivered),
        (&[410], Verdict::Gone),
        (&[408, 425, 429, 500, 502, 503, 504, 599], Verdict::TryAgain),
        (&[100, 301, 302, 307, 400, 401, 403, 404, 418, 600], Verdict::Refused),
    ] {
        for status in statuses {
            assert_eq!(judge(*status), verdict, "{status}");
        }
    }
}

#[test]
fn an_endpoint_may_say_when_to_come_back() {
    let now = Timestamp::from_secs(784_111_777);
    for (header, seconds) in [
        ("120", Some(120)),
        (" 0 ", Some(0)),
        ("3601", Some(3600)),
        ("99999999999999999999999999", Some(3600)),
        ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
        ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
        ("Sat, 06 Nov 2094 08:00:00 GMT", Some(3600)),
        ("", None),
        ("-1", None),
        ("soon", None),
    ] {
        assert_eq!(retry_after(header, now), seconds.map(Duration::from_secs), "{header}");
    }
}

fn any_number() -> impl Strategy<Value = Value> {
    prop_oneof![any::<i64>().prop_map(Value::from), (0_i64..100).prop_map(Value::from), Just(Value::Null)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_policy_ends_and_keeps_its_bounds(
        numbers in [any_number(), any_number(), any_number(), any_number(), any_number()],
        function in 0_usize..4,
        attempts in any::<u32>(),
    ) {
        let [at_once, minimum_retries, minimum, maximum, maximum_retries] = numbers;
        let name = ["linear", "arithmetic", "geometric", "exponential"][function];
        let policy = RetryPolicy::for_subscription(&Metadata::default(), &metadata(json!({
            "retries_with_no_delay": at_once, "minimum_delay_retries": minimum_retries, "minimum_delay": minimum,
            "maximum_delay": maximum, "maximum_delay_retries": maximum_retries, "retry_backoff_function": name,
        })));
        assert_eq!(policy.backoff, FUNCTIONS[function]);
        let delay = policy.delay_after(attempts);
        if let Some(delay) = delay.filter(|delay| !delay.is_zero()) {
            assert!((policy.minimum_delay..=policy.maximum_delay).contains(&delay.as_secs()));
        }
        assert_eq!(policy.delay_after(u32::MAX), None);
        if delay.is_none() {
            assert_eq!(policy.delay_after(attempts.saturating_add(1)), None);
        }
    }

    #[test]
    fn delays_grow_from_the_minimum_to_the_maximum(
        minimum in 0_u64..1_000_000, span in 0_u64..1_300_000, function in 0_usize..4, retry in 0_u64..300_000,
    ) {
        let (backoff, maximum) = (FUNCTIONS[function], minimum + span);
        let (here, next) = (backoff.delay(minimum, maximum, retry), backoff.delay(minimum, maximum, retry + 1));
        assert!(minimum <= here && here <= next && next <= maximum);
    }

    #[test]
    fn jitter_adds_up_to_a_tenth(millis in 0_u64..2_000_000_000, random in any::<u64>()) {
        let delay = Duration::from_millis(millis);
        let jittered = with_jitter(delay, random);
        assert!(jittered >= delay && jittered <= delay + delay / 10);
    }

    #[test]
    fn no_retry_after_does_harm(header in "\\PC{0,40}") {
        let wait = retry_after(&header, Timestamp::from_secs(1));
        assert!(wait.is_none_or(|wait| wait <= Duration::from_secs(3600)));
    }
}
