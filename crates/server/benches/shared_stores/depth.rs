//! A queue of many messages beside one of few: nine of ten are claimed or delayed.

use super::clients::{BATCH, Clients, TEN, claim, message, post};
use super::meter::Meter;
use super::stores::Store;

const CLIENTS: usize = 64;
const FEW: usize = 1000;
/// Messages that are posted and claimed in a round: so few that a small queue stays one.
const MESSAGES: usize = 1000;
/// Messages that are claimed at once while a queue is filled.
const CLAIM: usize = 50;
/// What allows for such queues.
const OPTIONS: [(&str, &str); 3] = [
    ("TRANSPORT__MAX_MESSAGE_DELAY", "86400"),
    ("TRANSPORT__MAX_MESSAGES_PER_CLAIM_OR_POP", "50"),
    ("TRANSPORT__MAX_MESSAGES_POST_SIZE", "1048576"),
];

/// The work that is measured in a queue.
struct Queue {
    name: String,
    posts: Meter,
    cycles: Meter,
}

impl Queue {
    fn new(depth: usize, what: &str, engine: u32, own: u32) -> Self {
        let meter = |work: &str| Meter::new(format!("{work}, {depth} messages {what}"), engine, Some(own));
        let (posts, cycles) = (meter("posts"), meter("claim 10 + delete 10"));
        Self { name: format!("of-{depth}"), posts, cycles }
    }

    async fn round(&mut self, clients: &mut Clients) {
        self.posts.round(MESSAGES, clients.post(&self.name, MESSAGES)).await;
        self.cycles.round(MESSAGES / TEN, clients.claim_and_delete(&self.name, MESSAGES)).await;
    }

    fn forget(&mut self) {
        self.posts.forget();
        self.cycles.forget();
    }

    fn report(&self) {
        self.posts.report();
        self.cycles.report();
    }
}

pub(crate) async fn measure(engine: &str, many: usize, rounds: usize) {
    let store = Store::start(engine);
    let zaqar = store.zaqar(&OPTIONS);
    let mut clients = Clients::open(zaqar.address, CLIENTS).await;
    let queue = |depth, what| Queue::new(depth, what, store.id(), zaqar.id());
    println!("{engine}: {rounds} rounds of {MESSAGES} messages");

    let mut alone = queue(FEW, "alone");
    fill(&mut clients, &alone.name, FEW).await;
    for _ in 0..rounds {
        alone.round(&mut clients).await;
    }
    alone.report();

    let (mut few, mut deep) = (queue(FEW, ""), queue(many, ""));
    fill(&mut clients, &deep.name, many).await;
    store.settle();
    for round in 0..=rounds {
        few.round(&mut clients).await;
        deep.round(&mut clients).await;
        if round == 0 {
            few.forget();
            deep.forget();
        }
    }
    few.report();
    deep.report();
    deep.posts.time_over(&few.posts, "time of a post, deep over shallow (aim ≤ 1.2)");
    deep.cycles.time_over(&few.cycles, "time of a claim cycle, deep over shallow (aim ≤ 1.2)");
}

/// What is claimed and what is delayed stand side by side, before what is free. Else claims in the deep queue would pass
/// over delayed messages in each round, and those in the other only in the first.
async fn fill(clients: &mut Clients, queue: &str, messages: usize) {
    let taken = messages / 10 * 9;
    let batch: Vec<String> =
        ["", "\"delay\": 86400, "].into_iter().cycle().take(BATCH).map(message).collect();
    clients.send(&post(queue, &batch), taken / BATCH).await;
    clients.send(&claim(queue, CLAIM), taken / 2 / CLAIM).await;
    clients.fill(queue, messages - taken).await;
    println!("{queue}: {}", clients.get(&format!("/v2/queues/{queue}/stats")).await);
}
