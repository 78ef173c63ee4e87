//! The engine on a moving clock: endpoints of many manners, each with a queue of its own, all served by one engine. For
//! each, how much arrives and how late is held to a bound.

mod manners;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::Instant;
use zaqar_domain::{Draft, EndpointState, SubscriptionParams};
use zaqar_model::{Clock, DestinationName, JsonText, QueueName, Timestamp};
use zaqar_notifier::{Answer, EngineOptions, Notice, Sender, Senders, Verdict};
use zaqar_storage_conformance::ReferenceStore;
use zaqar_storage_faulty::FlakyStore;

use crate::site::{Site, caller};
use manners::{Manner, Memory};

/// A clock that goes with the runtime's: that one stands still while there is something to do, and then jumps to whatever
/// is due next.
#[derive(Debug)]
pub(crate) struct RuntimeClock(Instant);

impl RuntimeClock {
    pub(crate) fn start() -> Arc<Self> {
        Arc::new(Self(Instant::now()))
    }
}

impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        let passed = u64::try_from(self.0.elapsed().as_millis()).unwrap();
        Timestamp::from_secs(1_780_000_000).plus_millis(passed)
    }
}

/// All endpoints, and what each was sent.
struct Network {
    clock: Arc<RuntimeClock>,
    endpoints: HashMap<String, Mutex<Endpoint>>,
}

struct Endpoint {
    manner: Manner,
    memory: Memory,
    sent: Vec<Sent>,
}

/// An attempt, as its endpoint saw it.
#[derive(Clone, Debug)]
struct Sent {
    began: Timestamp,
    body: String,
    verdict: Verdict,
}

#[async_trait::async_trait]
impl Sender for Network {
    async fn send(&self, notice: &Notice) -> Answer {
        let document: Value = serde_json::from_slice(&notice.document).unwrap();
        let body = document["body"].as_str().unwrap().to_owned();
        let now = self.clock.now();
        let (latency, answer) = {
            let mut endpoint = self.endpoints[&notice.subscriber].lock();
            let manner = endpoint.manner;
            let (latency, answer) = manner.answer(&mut endpoint.memory, &body, now);
            endpoint.sent.push(Sent { began: now, body, verdict: answer.verdict });
            (latency, answer)
        };
        let ends = Instant::now() + latency;
        tokio::time::sleep_until(ends).await;
        answer
    }
}

/// What one endpoint is posted, and what it makes of it.
struct Scenario {
    name: &'static str,
    manner: Manner,
    /// When, in milliseconds, and what. Sent in this order.
    posts: Vec<(u64, &'static str)>,
    ttl: i64,
    options: Value,
}

/// What came of a scenario.
struct Outcome {
    name: &'static str,
    /// For each message: when it was posted and, if it was, delivered, in milliseconds. In the order of posting.
    messages: Vec<(&'static str, u64, Option<u64>)>,
    sent: Vec<Sent>,
    failures: Vec<(u32, String)>,
    /// The bodies in its dead-letter queue.
    letters: Vec<String>,
    state: Option<EndpointState>,
    is_suspended: bool,
}

impl Outcome {
    /// That each message of this kind was delivered within so many milliseconds.
    fn arrives_within(&self, kind: &str, millis: u64) {
        for (index, (own, posted, delivered)) in self.messages.iter().enumerate() {
            let late = delivered.map(|delivered| delivered - posted);
            assert!(
                *own != kind || late.is_some_and(|late| late <= millis),
                "{}: message {index}, posted at {posted}, is {late:?} ms late",
                self.name
            );
        }
    }

    /// That so many were delivered in a second, until the last one was.
    fn delivers_in_a_second(&self, least: f64) {
        let last = self.messages.iter().map(|(_, _, delivered)| delivered.unwrap_or(u64::MAX)).max().unwrap();
        let seconds = Duration::from_millis(last).as_secs_f64();
        let count = f64::from(u32::try_from(self.messages.len()).unwrap());
        assert!(count / seconds >= least, "{}: {count} in {seconds} s", self.name);
    }

    /// That first attempts were made in the order of posting.
    fn is_in_order(&self) {
        let mut first: Vec<&str> = Vec::new();
        for sent in &self.sent {
            if !first.contains(&sent.body.as_str()) {
                first.push(&sent.body);
            }
        }
        let number = |body: &str| body.split(' ').nth(1).unwrap().parse::<usize>().unwrap();
        assert!(first.is_sorted_by_key(|body| number(body)), "{}: {first:?}", self.name);
    }

    /// That so many attempts at most were made.
    fn is_left_alone(&self, most: usize) {
        assert!(self.sent.len() <= most, "{}: {} attempts", self.name, self.sent.len());
    }

    /// That each message of this kind failed for good, for a reason that begins like this.
    fn fails(&self, kind: &str, reason: &str) {
        let expected = self.messages.iter().filter(|(own, _, _)| *own == kind).count();
        let failed = self.failures.iter().filter(|(_, own)| own.starts_with(reason)).count();
        assert_eq!((self.name, failed), (self.name, expected), "{:?}", self.failures);
    }
}

fn name(scenario: &str) -> DestinationName {
    DestinationName::queue(QueueName::new(scenario).unwrap())
}

/// Lets all scenarios go on at once for so many seconds.
async fn simulate(
    scenarios: Vec<Scenario>,
    options: EngineOptions,
    seconds: u64,
) -> (HashMap<&'static str, Outcome>, Arc<FlakyStore>) {
    let clock = RuntimeClock::start();
    let began = clock.now();
    let endpoints = scenarios.iter().map(|scenario| {
        let endpoint = Endpoint { manner: scenario.manner, memory: Memory::default(), sent: Vec::new() };
        (format!("http://{}", scenario.name), Mutex::new(endpoint))
    });
    let network = Arc::new(Network { clock: Arc::clone(&clock), endpoints: endpoints.collect() });
    let sender: Arc<dyn Sender> = Arc::<Network>::clone(&network);
    let senders = Senders::default().with(&["http"], &sender);
    // For counting calls: it never falters here.
    let store = Arc::new(FlakyStore::over(Arc::new(ReferenceStore::new())));
    let site = Site::start(Arc::<FlakyStore>::clone(&store), clock, senders, options);
    let mut subscriptions = HashMap::new();
    let mut posts = Vec::new();
    for scenario in &scenarios {
        let wish = json!({
            "subscriber": format!("http://{}", scenario.name), "options": scenario.options, "ttl": 86_400,
        });
        let wish = SubscriptionParams::new(wish).unwrap();
        let id = site.zaqar.create_subscription(&caller(), &name(scenario.name), &wish).await.unwrap();
        subscriptions.insert(scenario.name, id.to_string());
        let numbered = scenario.posts.iter().enumerate();
        posts.extend(numbered.map(|(number, (at, kind))| (*at, scenario, format!("{kind} {number}"))));
    }
    posts.sort_by_key(|(at, _, _)| *at);
    let start = Instant::now();
    for (at, scenario, body) in posts {
        tokio::time::sleep_until(start + Duration::from_millis(at)).await;
        let body = JsonText::parse(Bytes::from(json!(body).to_string())).unwrap();
        let draft = Draft { ttl: Some(scenario.ttl), delay: None, body };
        let (caller, name) = (caller(), name(scenario.name));
        let posting = site.zaqar.begin_post(&caller, &name).await.unwrap();
        posting.post(vec![draft]).await.unwrap();
    }
    tokio::time::sleep_until(start + Duration::from_secs(seconds)).await;
    let mut outcomes = HashMap::new();
    for scenario in scenarios {
        let (name, id) = (name(scenario.name), &subscriptions[scenario.name]);
        let shown = site.zaqar.get_subscription(&caller(), &name, id).await.unwrap();
        let failures = site.failures(&name, id).await;
        let letters = match scenario.options["_dead_letter_queue"].as_str() {
            Some(letters) => site.bodies(letters).await,
            None => Vec::new(),
        };
        let sent = network.endpoints[&format!("http://{}", scenario.name)].lock().sent.clone();
        let delivered = |body: String| {
            let taken = sent.iter().find(|sent| sent.body == body && sent.verdict == Verdict::Delivered)?;
            Some(taken.began.as_millis() - began.as_millis())
        };
        let numbered = scenario.posts.iter().enumerate();
        let messages = numbered
            .map(|(number, (at, kind))| (*kind, *at, delivered(format!("{kind} {number}"))))
            .collect();
        let is_suspended = shown.subscription.suspended.is_some();
        let outcome = Outcome {
            name: scenario.name,
            messages,
            sent,
            failures,
            letters,
            state: shown.endpoint,
            is_suspended,
        };
        outcomes.insert(scenario.name, outcome);
    }
    (outcomes, store)
}

/// So many of a kind, all posted at once.
fn at_once(kind: &'static str, count: usize) -> Vec<(u64, &'static str)> {
    vec![(0, kind); count]
}

fn first_then(first: (&'static str, usize), then: (&'static str, usize)) -> Vec<(u64, &'static str)> {
    [at_once(first.0, first.1), at_once(then.0, then.1)].concat()
}

/// One every so many milliseconds, every `n`th of them bad.
fn mixed(count: u64, every: u64, n: u64) -> Vec<(u64, &'static str)> {
    (0..count).map(|number| (number * every, if number % n == n / 2 { "bad" } else { "good" })).collect()
}

/// The same with every `n`th of them good.
fn seldom_good(count: u64, every: u64, n: u64) -> Vec<(u64, &'static str)> {
    (0..count).map(|number| (number * every, if number % n == n - 1 { "good" } else { "bad" })).collect()
}

/// One, and others half a minute later and after that.
fn one_then_seldom(one: &'static str, other: &'static str) -> Vec<(u64, &'static str)> {
    vec![(0, one), (30_000, other), (90_000, other), (150_000, other)]
}

fn scenario(name: &'static str, manner: Manner, posts: Vec<(u64, &'static str)>) -> Scenario {
    Scenario { name, manner, posts, ttl: 3600, options: json!({}) }
}

#[tokio::test(start_paused = true)]
async fn each_endpoint_gets_what_it_takes_whatever_the_others_do() {
    let short = |scenario: Scenario| Scenario { ttl: 60, ..scenario };
    let scenarios = vec![
        scenario("well", Manner::Well { latency: 1 }, mixed(300, 200, u64::MAX)),
        scenario("takes-its-time", Manner::Well { latency: 400 }, at_once("good", 20)),
        scenario("five-bad-first", Manner::Fails { status: 500 }, first_then(("bad", 5), ("good", 10))),
        scenario("thirty-bad-first", Manner::Fails { status: 500 }, first_then(("bad", 30), ("good", 10))),
        short(scenario(
            "five-bad-that-expire",
            Manner::Fails { status: 500 },
            first_then(("bad", 5), ("good", 10)),
        )),
        scenario("a-tenth-is-bad", Manner::Fails { status: 500 }, mixed(60, 333, 10)),
        scenario("half-is-bad", Manner::Fails { status: 500 }, mixed(200, 50, 2)),
        scenario("seldom-good", Manner::Fails { status: 500 }, seldom_good(200, 50, 40)),
        scenario("bad-ones-hang", Manner::HangsAt { time: 15 }, mixed(40, 2000, 20)),
        scenario("one-hangs", Manner::HangsAt { time: 3 }, one_then_seldom("bad", "good")),
        scenario(
            "twenty-a-second",
            Manner::Limited { per_second: 20, says_when: false },
            at_once("good", 200),
        ),
        scenario("two-a-second", Manner::Limited { per_second: 2, says_when: false }, at_once("good", 60)),
        scenario("says-when", Manner::Limited { per_second: 20, says_when: true }, at_once("good", 200)),
        scenario("limited-and-bad", Manner::LimitedAndFails { per_second: 10 }, mixed(100, 50, 5)),
        short(scenario("not-there", Manner::NotThere { until: u64::MAX }, at_once("good", 20))),
        scenario("comes-back", Manner::NotThere { until: 60 }, at_once("good", 20)),
        scenario("fails-for-a-while", Manner::FailsUntil { until: 60 }, at_once("good", 100)),
        scenario("comes-and-goes", Manner::ComesAndGoes { every: 20 }, mixed(60, 1000, u64::MAX)),
        short(scenario("asks-to-wait", Manner::AsksToWait { time: 600 }, at_once("good", 3))),
        scenario("gone", Manner::Gone, at_once("good", 20)),
    ];
    let (outcomes, _) = simulate(scenarios, EngineOptions::default(), 400).await;
    let of = |name: &str| &outcomes[name];

    of("well").arrives_within("good", 50);
    of("well").is_in_order();
    assert_eq!(of("well").state, Some(EndpointState::Healthy));
    of("takes-its-time").arrives_within("good", 20 * 450);
    of("takes-its-time").is_in_order();

    for name in ["five-bad-first", "five-bad-that-expire", "thirty-bad-first"] {
        of(name).arrives_within("good", 1000);
    }
    for name in ["five-bad-first", "a-tenth-is-bad", "one-hangs"] {
        of(name).fails("bad", "Given up after 15 attempts.");
    }
    of("five-bad-that-expire").fails("bad", "Expired after ");
    of("a-tenth-is-bad").arrives_within("good", 500);
    of("half-is-bad").arrives_within("good", 1000);
    of("seldom-good").arrives_within("good", 90_000);
    of("bad-ones-hang").arrives_within("good", 17_000);
    // Those that hang are tried again beside the others, and one message alone does not speak for its endpoint.
    of("one-hangs").arrives_within("good", 50);

    of("twenty-a-second").delivers_in_a_second(16.0);
    of("two-a-second").delivers_in_a_second(1.6);
    of("says-when").delivers_in_a_second(18.0);
    // All first attempts take ten seconds; what was refused among them has its turn after that.
    of("limited-and-bad").arrives_within("good", 15_000);
    for name in ["twenty-a-second", "two-a-second"] {
        assert!(of(name).failures.is_empty(), "{name}: {:?}", of(name).failures);
    }

    of("not-there").fails("good", "Expired after ");
    of("not-there").is_left_alone(30);
    // The breaker looks after 10, 30 and 70 seconds.
    of("comes-back").arrives_within("good", 75_000);
    of("fails-for-a-while").arrives_within("good", 130_000);
    of("comes-and-goes").arrives_within("good", 40_000);
    of("asks-to-wait").is_left_alone(1);
    of("asks-to-wait").fails("good", "Expired after ");
    assert!(matches!(of("asks-to-wait").state, Some(EndpointState::Open { .. })));
    of("gone").is_left_alone(1);
    assert!(of("gone").is_suspended);
}

/// What waits for another try at an endpoint that takes little is not leased again and again meanwhile.
#[tokio::test(start_paused = true)]
async fn what_waits_for_an_endpoint_costs_nothing() {
    let manner = Manner::Limited { per_second: 2, says_when: false };
    let scenarios = vec![scenario("two-a-second", manner, at_once("good", 300))];
    let (outcomes, store) = simulate(scenarios, EngineOptions::default(), 60).await;
    let sent = outcomes["two-a-second"].sent.len();
    let leases = store.calls("lease");
    assert!(sent > 90 && leases < 5 * sent, "{leases} leases for {sent} attempts");
}

/// A message that expires before its receiver is well does not go without a word.
#[tokio::test(start_paused = true)]
async fn what_expires_is_listed_and_has_a_dead_letter() {
    let expiring = |name: &'static str, manner| {
        let options = json!({"_dead_letter_queue": format!("{name}-dead")});
        Scenario { ttl: 60, options, ..scenario(name, manner, at_once("bad", 1)) }
    };
    let scenarios = vec![
        expiring("fails", Manner::Fails { status: 500 }),
        expiring("asks-to-wait", Manner::AsksToWait { time: 600 }),
    ];
    let (outcomes, _) = simulate(scenarios, EngineOptions::default(), 85).await;
    for (name, reason) in [("fails", "Expired after "), ("asks-to-wait", "Expired after 1 attempt: ")] {
        let of = &outcomes[name];
        of.fails("bad", reason);
        assert!(of.letters.len() == 1 && of.letters[0].contains(reason), "{name}: {:?}", of.letters);
    }
}
