use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proptest::prelude::{ProptestConfig, any, prop_oneof, proptest};
use proptest::strategy::{Just, Strategy};
use zaqar_domain::EndpointState;
use zaqar_model::{MessageId, Timestamp};

use super::{BreakerOptions, Health, Sign, Turn};

const OPTIONS: BreakerOptions =
    BreakerOptions { failures: 3, first: Duration::from_secs(10), longest: Duration::from_secs(35) };

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(1_000 + seconds)
}

/// A first attempt is at another message each time, a retry always at the same one.
fn at_message(turn: Turn) -> (Turn, MessageId) {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let message = if turn == Turn::First { NEXT.fetch_add(1, Ordering::Relaxed) } else { 0 };
    (turn, MessageId::from_u128(message.into()))
}

/// An attempt that ends at once, if it may be made. Answers until when nothing is sent, if that begins.
fn attempt(health: &mut Health, sign: Sign, turn: Turn, now: Timestamp) -> Option<Timestamp> {
    assert_eq!(health.admit(now, now.plus_secs(30)), Ok(()));
    health.note(sign, at_message(turn), None, now, &OPTIONS)
}

/// One whose breaker has opened at 0.
fn opened() -> Health {
    let mut health = Health::default();
    assert_eq!(attempt(&mut health, Sign::Unwell, Turn::First, at(0)), None);
    assert_eq!(attempt(&mut health, Sign::Unwell, Turn::First, at(0)), None);
    assert_eq!(attempt(&mut health, Sign::Unwell, Turn::First, at(0)), Some(at(10)));
    health
}

/// One at which so many messages have failed at 0, and the next.
fn failing(messages: u32) -> (Health, Option<Timestamp>) {
    let mut health = Health::default();
    for _ in 1..messages {
        assert_eq!(attempt(&mut health, Sign::Failed, Turn::First, at(0)), None);
    }
    let opened = attempt(&mut health, Sign::Failed, Turn::First, at(0));
    (health, opened)
}

#[test]
fn signs_that_it_is_unwell_one_after_the_other_open_the_breaker() {
    for sign in [Sign::Well, Sign::Failed, Sign::Throttled] {
        let mut health = Health::default();
        for _ in 0..10 {
            assert_eq!(attempt(&mut health, Sign::Unwell, Turn::First, at(0)), None);
            assert_eq!(attempt(&mut health, Sign::Unwell, Turn::Retry, at(0)), None);
            assert_eq!(attempt(&mut health, sign, Turn::Retry, at(0)), None, "{sign:?}");
        }
    }
    let mut health = opened();
    assert_eq!(health.admit(at(9), at(60)), Err(at(10)));
    // One that had begun before.
    assert_eq!(health.note(Sign::Unwell, at_message(Turn::First), None, at(1), &OPTIONS), None);
}

#[test]
fn one_message_alone_does_not_open_it() {
    let mut health = Health::default();
    for _ in 0..100 {
        assert_eq!(attempt(&mut health, Sign::Unwell, Turn::Retry, at(0)), None);
    }
    assert_eq!(health.state(at(0)), EndpointState::Healthy);
}

#[test]
fn a_probe_that_was_not_made_lets_the_next_one_in() {
    let mut health = opened();
    assert_eq!(health.admit(at(10), at(40)), Ok(()));
    health.give_back();
    assert_eq!(health.admit(at(10), at(40)), Ok(()));
    assert_eq!(health.admit(at(10), at(40)), Err(at(11)));
}

#[test]
fn it_is_shown_whether_an_attempt_is_under_way() {
    let open = |health: &Health, now| match health.state(now) {
        EndpointState::Open { until, reason } => (until, reason.split(' ').next().unwrap()),
        other => panic!("{other:?}"),
    };
    let mut health = opened();
    assert_eq!(open(&health, at(5)), (at(10), "One"));
    assert_eq!(open(&health, at(500)), (at(10), "Its"));
    assert_eq!(health.admit(at(500), at(530)), Ok(()));
    assert_eq!(open(&health, at(501)), (at(502), "An"));
}

#[test]
fn one_sign_that_it_is_unwell_does_not_outweigh_messages_that_fail() {
    let (mut health, _) = failing(50);
    for _ in 0..4 {
        assert_eq!(attempt(&mut health, Sign::Failed, Turn::First, at(2)), None);
    }
    assert_eq!(attempt(&mut health, Sign::Unwell, Turn::First, at(2)), Some(at(4)));
}

#[test]
fn one_probe_at_a_time_decides() {
    let mut health = opened();
    assert_eq!(health.admit(at(10), at(40)), Ok(()));
    assert_eq!(health.admit(at(10), at(40)), Err(at(11)));
    assert_eq!(health.note(Sign::Well, at_message(Turn::First), None, at(10), &OPTIONS), None);
    assert_eq!(health.admit(at(10), at(40)), Ok(()));
    assert_eq!(health.admit(at(10), at(40)), Ok(()));
}

#[test]
fn a_probe_that_fails_opens_it_for_twice_as_long_within_bounds() {
    let mut health = opened();
    for (begins, until) in [(10, 30), (30, 65), (65, 100)] {
        assert_eq!(attempt(&mut health, Sign::Unwell, Turn::First, at(begins)), Some(at(until)));
    }
}

#[test]
fn a_probe_that_never_comes_back_does_not_block_the_next() {
    let mut health = opened();
    assert_eq!(health.admit(at(10), at(40)), Ok(()));
    assert_eq!(health.admit(at(40), at(70)), Ok(()));
}

#[test]
fn whoever_answers_a_probe_is_there_even_if_the_message_fails() {
    let mut health = opened();
    assert_eq!(attempt(&mut health, Sign::Failed, Turn::First, at(10)), None);
    assert_eq!(health.state(at(10)), EndpointState::Healthy);
}

#[test]
fn messages_that_fail_open_it_only_when_nearly_all_do() {
    assert_eq!(failing(49).1, None);
    let (mut health, opened) = failing(50);
    assert_eq!(opened, Some(at(2)));
    // The next may be one that does not fail: some are tried, and it is never open for longer.
    for round in 1..10 {
        for _ in 0..4 {
            assert_eq!(attempt(&mut health, Sign::Failed, Turn::First, at(2 * round)), None);
        }
        let opened = attempt(&mut health, Sign::Failed, Turn::First, at(2 * round));
        assert_eq!(opened, Some(at(2 * round + 2)));
    }
    assert_eq!(attempt(&mut health, Sign::Well, Turn::First, at(20)), None);
    for _ in 0..49 {
        assert_eq!(attempt(&mut health, Sign::Failed, Turn::First, at(20)), None);
    }
}

#[test]
fn the_same_messages_failing_again_say_nothing_of_others() {
    let (mut health, _) = failing(49);
    for _ in 0..1000 {
        assert_eq!(attempt(&mut health, Sign::Failed, Turn::Retry, at(0)), None);
    }
    // What failed long ago does not count.
    assert_eq!(attempt(&mut health, Sign::Failed, Turn::First, at(301)), None);
}

#[test]
fn an_endpoint_may_ask_to_be_left_alone() {
    for sign in [Sign::Throttled, Sign::Unwell] {
        let mut health = Health::default();
        let wait = Some(Duration::from_secs(20));
        assert_eq!(health.note(sign, at_message(Turn::First), wait, at(0), &OPTIONS), Some(at(20)));
        assert_eq!(health.admit(at(5), at(60)), Err(at(20)));
        assert!(matches!(health.state(at(5)), EndpointState::Open { until, .. } if until == at(20)));
        // An answer that had begun before does not lift that.
        assert_eq!(health.note(Sign::Well, at_message(Turn::First), None, at(6), &OPTIONS), None);
        assert_eq!(health.admit(at(19), at(60)), Err(at(20)));
    }
    // Whoever cannot take one message does not speak of others.
    let mut health = Health::default();
    let wait = Some(Duration::from_secs(20));
    assert_eq!(health.note(Sign::Failed, at_message(Turn::First), wait, at(0), &OPTIONS), None);
    assert_eq!(health.admit(at(0), at(60)), Ok(()));
}

#[test]
fn without_a_number_of_failures_it_never_opens() {
    let never = BreakerOptions { failures: 0, ..OPTIONS };
    for sign in [Sign::Failed, Sign::Unwell] {
        let mut health = Health::default();
        for _ in 0..1000 {
            assert_eq!(health.note(sign, at_message(Turn::First), None, at(0), &never), None);
        }
    }
}

#[test]
fn an_endpoint_that_was_left_alone_for_an_hour_need_not_be_remembered() {
    let mut failed_once = Health::default();
    assert!(failed_once.is_at_rest(at(0)));
    let _ = attempt(&mut failed_once, Sign::Unwell, Turn::First, at(0));
    let mut slowed = Health::default();
    let _ = attempt(&mut slowed, Sign::Throttled, Turn::First, at(0));
    assert!(matches!(slowed.state(at(0)), EndpointState::Slowed { .. }));
    assert!(!slowed.is_at_rest(at(299)) && slowed.is_at_rest(at(301)));
    for health in [failed_once, opened()] {
        assert!(!health.is_at_rest(at(3600)));
        assert!(health.is_at_rest(at(3600 + 60)));
    }
}

/// An endpoint that takes so many in a second and answers 429 to more.
#[derive(Clone, Copy, Debug)]
enum Taker {
    /// Counted from the beginning of each second.
    FixedWindow(u64),
    /// A bucket of so many that fills by so many in a second.
    Bucket { size: f64, per_second: f64, left: f64, looked: u64 },
}

impl Taker {
    fn bucket(size: f64, per_second: f64) -> Self {
        Self::Bucket { size, per_second, left: size, looked: 0 }
    }

    fn per_second(self) -> f64 {
        match self {
            Self::FixedWindow(count) => f64::from(u32::try_from(count).unwrap()),
            Self::Bucket { per_second, .. } => per_second,
        }
    }

    /// `taken`: how many in this second.
    fn takes(&mut self, millis: u64, taken: u64) -> bool {
        match self {
            Self::FixedWindow(count) => taken < *count,
            Self::Bucket { size, per_second, left, looked } => {
                let passed = f64::from(u32::try_from(millis - *looked).unwrap()) / 1000.0;
                *left = (*left + passed * *per_second).min(*size);
                *looked = millis;
                if *left < 1.0 {
                    return false;
                }
                *left -= 1.0;
                true
            }
        }
    }
}

/// Sends one after the other, a millisecond each, for so many seconds. Answers how many were taken in a second, and how many
/// attempts it took for each that was.
fn send(taker: &mut Taker, seconds: u64) -> (f64, f64) {
    let mut health = Health::default();
    let (mut millis, mut second, mut in_second, mut taken, mut attempts) = (0, 0, 0_u64, 0_u32, 0_u32);
    while millis < seconds * 1000 {
        let now = at(0).plus_millis(millis);
        let wait = health.slot(now, Duration::from_secs(10)).unwrap();
        millis += u64::try_from(wait.as_millis()).unwrap() + 1;
        let now = at(0).plus_millis(millis);
        if millis / 1000 != second {
            (second, in_second) = (millis / 1000, 0);
        }
        let takes = taker.takes(millis, in_second);
        in_second += u64::from(takes);
        taken += u32::from(takes);
        attempts += 1;
        assert_eq!(health.admit(now, now.plus_secs(1)), Ok(()));
        let sign = if takes { Sign::Well } else { Sign::Throttled };
        let _ = health.note(sign, at_message(Turn::First), None, now, &OPTIONS);
    }
    (f64::from(taken) / f64::from(u32::try_from(seconds).unwrap()), f64::from(attempts) / f64::from(taken))
}

#[test]
fn an_endpoint_gets_about_as_much_as_it_takes() {
    for mut taker in [
        Taker::FixedWindow(1),
        Taker::FixedWindow(2),
        Taker::FixedWindow(20),
        Taker::FixedWindow(300),
        Taker::bucket(1.0, 0.5),
        Taker::bucket(1.0, 2.0),
        Taker::bucket(5.0, 20.0),
        Taker::bucket(100.0, 2.0),
        Taker::bucket(300.0, 100.0),
    ] {
        let (taken, attempts) = send(&mut taker, 120);
        let part = taken / taker.per_second();
        assert!(part > 0.78, "{taker:?}: {part} of what it takes");
        assert!(attempts < 1.35, "{taker:?}: {attempts} attempts for each that is taken");
    }
}

#[test]
fn a_stray_objection_in_quiet_times_says_little() {
    let mut health = Health::default();
    let mut now = at(0);
    // It has been found out that it takes some twenty in a second.
    for _ in 0..20 {
        now = now.plus_millis(50);
        let _ = attempt(&mut health, Sign::Well, Turn::First, now);
    }
    let _ = attempt(&mut health, Sign::Throttled, Turn::First, now);
    let limit = |health: &Health, now| match health.state(now) {
        EndpointState::Slowed { per_second, .. } => per_second,
        other => panic!("{other:?}"),
    };
    let before = limit(&health, now);
    assert!(before > 15.0, "{before}");
    for second in 1..=60 {
        let sign = if second == 60 { Sign::Throttled } else { Sign::Well };
        now = now.plus_secs(1);
        assert_eq!(health.slot(now, Duration::ZERO), Ok(Duration::ZERO));
        let _ = attempt(&mut health, sign, Turn::First, now);
    }
    let after = limit(&health, now);
    assert!(after > before * 0.8 && after < before, "{after} after {before}");
}

#[test]
fn a_slowed_endpoint_with_a_free_slot_is_not_short() {
    let mut health = Health::default();
    let _ = attempt(&mut health, Sign::Well, Turn::First, at(0));
    assert!(!health.is_short(at(0)));
    let _ = attempt(&mut health, Sign::Throttled, Turn::First, at(0));
    assert!(health.is_short(at(0)));
    assert!(matches!(health.state(at(5)), EndpointState::Slowed { .. }));
    assert!(!health.is_short(at(5)));
    assert_eq!(health.slot(at(5), Duration::ZERO), Ok(Duration::ZERO));
    assert!(health.is_short(at(5)));
}

#[test]
fn whoever_says_when_to_come_again_is_not_slowed_besides() {
    let mut health = Health::default();
    for second in 0..20 {
        let wait = Some(Duration::from_secs(1));
        let _ = health.note(Sign::Throttled, at_message(Turn::First), wait, at(2 * second), &OPTIONS);
        assert_eq!(health.slot_in(at(2 * second)), Duration::ZERO);
    }
    // At once is no answer to that.
    let _ = health.note(Sign::Throttled, at_message(Turn::First), Some(Duration::ZERO), at(50), &OPTIONS);
    assert!(health.slot_in(at(50)) > Duration::ZERO);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_always_lets_someone_through_again(
        steps in proptest::collection::vec((sign(), any::<bool>(), 0_u64..100), 0..200)
    ) {
        let mut health = Health::default();
        let mut now = at(0);
        for (sign, first, wait) in steps {
            now = now.plus_millis(wait * 100);
            if health.admit(now, now.plus_secs(30)).is_ok() {
                let turn = if first { Turn::First } else { Turn::Retry };
                let _ = health.note(sign, at_message(turn), None, now, &OPTIONS);
            }
            let opens = health.opens_to(now);
            assert!(opens <= now.plus_secs(35));
            let slot = health.slot(now, Duration::from_secs(3600));
            assert!(slot.is_ok());
        }
    }
}

fn sign() -> impl Strategy<Value = Sign> {
    prop_oneof![Just(Sign::Well), Just(Sign::Throttled), Just(Sign::Failed), Just(Sign::Unwell)]
}
