//! Many consumers at once: what must hold whatever their order is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;
use zaqar_model::{ClaimId, MessageId};
use zaqar_storage::Deletion;

use crate::MessageFixture;
use crate::bench::{MessageBench, TestQueue, everything, ids};
use crate::run::{MakeFixture, runtime};
use crate::samples::{claim_of, claim_with_max_count};

/// How many consumers there are and how long they go on.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub consumers: usize,
    /// After each round all claims expire.
    pub rounds: usize,
    /// What each consumer does in a round.
    pub turns: usize,
}

impl Default for Load {
    fn default() -> Self {
        Self { consumers: 8, rounds: 4, turns: 25 }
    }
}

/// Where each message went, as the consumers know it.
#[derive(Clone, Debug, Default)]
struct Whereabouts {
    posted: BTreeSet<MessageId>,
    /// Deleted or popped.
    gone: BTreeSet<MessageId>,
    /// By the live claim that holds it.
    held: BTreeMap<MessageId, ClaimId>,
}

/// Consumers post, claim, delete, release, pop and dead_letter at the same time. Then no message was ever in two live claims, none
/// is lost and none doubled; and the same holds after a restart.
pub fn check_concurrently<F: MessageFixture + 'static>(fixture: impl FnOnce() -> F, load: Load) {
    check(Box::new(|| Box::new(fixture())), load);
}

#[inline(never)]
fn check(fixture: MakeFixture<'_>, load: Load) {
    runtime().block_on(Box::pin(async {
        let bench = MessageBench::new(fixture()).await;
        let (queue, dead_letters) = (bench.queue(), bench.queue());
        let whereabouts = Arc::new(Mutex::new(Whereabouts::default()));
        for round in 0..load.rounds {
            let consumers: Vec<_> = (0..load.consumers)
                .map(|number| {
                    let (queue, dead_letters) = (queue.clone(), dead_letters.clone());
                    let whereabouts = Arc::clone(&whereabouts);
                    let seed = (round * load.consumers + number) as u64;
                    tokio::spawn(async move {
                        let mut consumer = Consumer { queue, dead_letters, whereabouts, rng: Rng(seed) };
                        for _ in 0..load.turns {
                            consumer.turn().await;
                        }
                    })
                })
                .collect();
            for consumer in consumers {
                consumer.await.unwrap();
            }
            let known = whereabouts.lock().clone();
            verify(&queue, &dead_letters, &known).await;
            bench.reopen().await;
            verify(&queue, &dead_letters, &known).await;
            bench.advance_secs(60);
            whereabouts.lock().held.clear();
        }
    }));
}

struct Consumer {
    queue: TestQueue,
    dead_letters: TestQueue,
    whereabouts: Arc<Mutex<Whereabouts>>,
    rng: Rng,
}

impl Consumer {
    async fn turn(&mut self) {
        match self.rng.below(10) {
            0..=2 => self.post().await,
            3 => self.pop().await,
            4 => self.dead_letter().await,
            _ => self.claim().await,
        }
    }

    async fn post(&mut self) {
        let count = 1 + self.rng.below(4);
        let posted = self.queue.fill(count).await;
        for id in posted {
            assert!(self.whereabouts.lock().posted.insert(id), "{id} came twice");
        }
    }

    async fn pop(&mut self) {
        let limit = 1 + self.rng.below(3);
        for id in self.queue.pop(limit).await {
            self.note_gone(id);
        }
    }

    /// Moves exhausted messages to the dead-letter queue, as every server may at any time.
    async fn dead_letter(&mut self) {
        let dead_letters = self.queue.dead_letters().await;
        let ids: Vec<_> = dead_letters.iter().map(|stored| stored.message.id).collect();
        self.dead_letters.adopt(dead_letters).await;
        self.queue.discard_dead_letters(&ids).await;
    }

    /// Claims, and then deletes, gives back or keeps what it got.
    async fn claim(&mut self) {
        let limit = 1 + self.rng.below(5);
        let request = if self.rng.below(2) == 0 { claim_of(limit) } else { claim_with_max_count(limit, 4) };
        let got = ids(&self.queue.claim_as(&request).await.messages);
        for id in &got {
            let other = self.whereabouts.lock().held.insert(*id, request.id);
            assert_eq!(other, None, "{id} is in two live claims");
        }
        match self.rng.below(4) {
            0 => {
                // From the moment on that the release is asked for, another may have them.
                self.whereabouts.lock().held.retain(|_, claim| *claim != request.id);
                self.queue.release(request.id).await;
            }
            1 => {
                for id in got {
                    assert_eq!(self.queue.delete(id, Some(request.id)).await, Deletion::Done);
                    self.note_gone(id);
                }
            }
            2 => {
                let deleted = self.queue.delete_many(&got, Some(&[request.id])).await;
                assert_eq!(deleted, Deletion::Done);
                for id in got {
                    self.note_gone(id);
                }
            }
            _ => {}
        }
    }

    fn note_gone(&self, id: MessageId) {
        let mut whereabouts = self.whereabouts.lock();
        whereabouts.held.remove(&id);
        assert!(whereabouts.gone.insert(id), "{id} was taken twice");
    }
}

/// Every message that was posted is in one place.
async fn verify(queue: &TestQueue, dead_letters: &TestQueue, whereabouts: &Whereabouts) {
    let left = queue.list(&everything()).await.items;
    let held: BTreeMap<_, _> = left.iter().filter_map(|message| Some((message.id, message.claim?))).collect();
    assert_eq!(held, whereabouts.held, "the live claims hold what their bearers got");
    let mut places = ids(&left);
    places.extend(queue.dead_letter_ids().await);
    places.extend(dead_letters.all().await);
    places.extend(&whereabouts.gone);
    let all: BTreeSet<_> = places.iter().copied().collect();
    assert_eq!(all.len(), places.len(), "a message is in two places");
    assert_eq!(all, whereabouts.posted, "a message is lost");
    for (id, claim) in &whereabouts.held {
        assert!(queue.held_by(*claim).await.contains(id));
    }
}

/// Numbers without a pattern, the same for the same seed (splitmix64).
struct Rng(u64);

impl Rng {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from(mixed >> 33).unwrap() % end
    }
}
