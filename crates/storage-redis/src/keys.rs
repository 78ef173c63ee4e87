//! The names of keys.
//!
//! All queues are spread over [`SHARDS`] shards. The keys of a queue, and those of its shard, which say what is due, what has
//! expired and where there are dead letters, have one hash tag: so one script can change both, and what goes over all queues
//! looks at the shards.
//!
//! Every key that a script touches is named to the server: while a slot of a cluster moves to another node, it refuses the
//! whole script instead of breaking it off halfway.

use redis::Cmd;
use zaqar_model::{ClaimId, Destination, SubscriptionId};

/// Never to be changed: it is part of where everything lies.
pub(crate) const SHARDS: u16 = 64;

/// The keys of a queue and its shard, in the order in which the scripts have them: `queue.lua` says what they hold.
const OF_QUEUE: [&str; 17] =
    ["i", "m", "s", EXPIRES, "b", CLAIMED, "w", "e", "f", "d", "j", "y", "t", "k", "o", "g", CHANGES];
const OF_SHARD: [&str; 4] = [HOUSEKEEPING, ENDED, LETTERS, DUE];

/// Queues by when there is something to do for housekeeping.
pub(crate) const HOUSEKEEPING: &str = "H";
/// Queues by when a claim has ended.
pub(crate) const ENDED: &str = "C";
/// Queues with dead letters.
pub(crate) const LETTERS: &str = "L";
/// Queues that something was posted to, and subscriptions by when something is due.
pub(crate) const DUE: &str = "D";

/// The messages of a queue, by when they expire; those that are claimed, by when that ends.
pub(crate) const EXPIRES: &str = "x";
pub(crate) const CLAIMED: &str = "c";

/// The subscriptions of a queue, by their ids.
pub(crate) const SUBSCRIPTIONS: &str = "u";
/// The subscribers of a queue, with the ids of their subscriptions.
pub(crate) const SUBSCRIBERS: &str = "v";
/// The subscriptions of a queue, by when they end.
pub(crate) const SUBSCRIPTION_ENDS: &str = "n";
/// The subscriptions of a queue that was dropped.
pub(crate) const ORPHANS: &str = "h";

/// What of a queue is still to be exported, and what was on the last page.
pub(crate) const CHANGES: &str = "r";
pub(crate) const SENT: &str = "rs";

/// Batches that were posted to a queue, and those of a while before.
pub(crate) const BATCHES: [&str; 2] = ["p", "q"];

const OF_SUBSCRIPTION: [&str; 19] =
    ["", "n", "r", "q", "x", "y", "w", "z", "l", "m", "e", "f", "t", "v", "g", "h", "a", "b", "c"];
/// What an export asks for of them: the record, the deliveries, the attempts, and those that wait no longer.
const EXPORTED: [&str; 5] = ["", "n", "a", "b", "c"];

/// The keys of a queue.
#[derive(Clone, Debug)]
pub(crate) struct QueueKeys {
    pub(crate) shard: ShardKeys,
    /// The number of the queue, so that its order is that of the texts.
    pub(crate) number: String,
}

/// The keys of a shard.
#[derive(Clone, Debug)]
pub(crate) struct ShardKeys {
    pub(crate) tag: String,
}

impl ShardKeys {
    pub(crate) fn new(prefix: &str, shard: u16) -> Self {
        Self { tag: format!("{prefix}:{shard}") }
    }

    pub(crate) fn name(&self, what: &str) -> String {
        ["{", &self.tag, "}", what].concat()
    }
}

impl QueueKeys {
    pub(crate) fn new(prefix: &str, of: &Destination) -> Self {
        let number = of.number.get();
        let shard = u16::try_from(number % u64::from(SHARDS)).unwrap_or_default();
        Self { shard: ShardKeys::new(prefix, shard), number: format!("{number:016x}") }
    }

    /// By what another script or a listing of a shard calls the queue.
    pub(crate) fn named(shard: &ShardKeys, number: &str) -> Self {
        Self { shard: shard.clone(), number: number.to_owned() }
    }

    pub(crate) fn name(&self, what: &str) -> String {
        ["{", &self.shard.tag, "}", &self.number, ":", what].concat()
    }

    pub(crate) fn claim(&self, id: ClaimId) -> String {
        self.name(&format!("l{:032x}", id.as_u128()))
    }

    /// All keys of the queue and its shard.
    pub(crate) fn write_all(&self, command: &mut Cmd) {
        for key in OF_QUEUE {
            command.arg(self.name(key));
        }
        for key in OF_SHARD {
            command.arg(self.shard.name(key));
        }
    }

    pub(crate) const COUNT: usize = OF_QUEUE.len() + OF_SHARD.len();

    /// The keys of a subscription, in the order in which `subscription.lua` has them.
    pub(crate) fn of_subscription(&self, id: SubscriptionId) -> Vec<String> {
        OF_SUBSCRIPTION.iter().map(|key| self.name(&format!("z{:032x}{key}", id.as_u128()))).collect()
    }

    /// How many keys a subscription has.
    pub(crate) const COUNT_OF_SUBSCRIPTION: usize = OF_SUBSCRIPTION.len();

    /// Those that `export.lua` has of each subscription.
    pub(crate) fn exported_of_subscription(&self, id: SubscriptionId) -> [String; EXPORTED.len()] {
        EXPORTED.map(|key| self.name(&format!("z{:032x}{key}", id.as_u128())))
    }

    /// What goes with a queue besides its own keys, in the order in which `tombstone.lua` has it.
    pub(crate) fn with_all(&self) -> Vec<String> {
        let [batches, old_batches] = BATCHES;
        let names = [SUBSCRIPTIONS, SUBSCRIBERS, SUBSCRIPTION_ENDS, ORPHANS, batches, old_batches, SENT];
        names.map(|key| self.name(key)).to_vec()
    }

    /// All keys of a subscription, and those of the queue that say which subscriptions there are.
    pub(crate) fn with_subscription(&self, id: SubscriptionId) -> Vec<String> {
        let mut names = self.of_subscription(id);
        names.extend([SUBSCRIPTIONS, SUBSCRIBERS, SUBSCRIPTION_ENDS].map(|key| self.name(key)));
        names
    }

    /// Where the record of a subscription is.
    pub(crate) fn subscription(&self, id: SubscriptionId) -> String {
        self.name(&format!("z{:032x}", id.as_u128()))
    }
}
