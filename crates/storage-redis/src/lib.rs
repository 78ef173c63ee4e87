//! A storage driver over Redis 7.0 or Valkey 8 and later: any number of servers share it, and others keep it alive and
//! replicate it.
//!
//! `messages`, `claims`, `dead_letters`, `subscriptions`, `deliveries` and `migration` are the files of the contract for
//! messages, `destinations`, `pools`, `flavors` and `catalogue` (with `moves`) those for management; `store` and `management`
//! open the two on a `keyspace`, whose connections they can share. Behind them stand `listing`, `adopting` and `ended`, `due`,
//! `leasing`, `recording`, `redelivering`, `attempts` and `accounts` (what is owed), `exporting`, `importing` and `exported_items`
//! (a queue that moves), `housekeeping` (giving space back), `arrivals` and `hints` (who waits for what), `connection` (which
//! server serves what, and what is known of a request that has no answer), `scripts` (each operation, as one step of the
//! server), `calls`, `keys`, `records` and `fields` (what scripts are given and how values lie in the store), `persistence` (what
//! the servers keep), `uri`, `tls` and `options` (how they are reached).
//!
//! # How it is built, and why
//!
//! * **A script an operation.** Each changes what it is about in one atomic step, and may be run again: a post is told by its
//!   batch, a claim and a lease by their ids. No script goes over more than some hundred entries; the caller runs it again as
//!   long as it says that there is more. All keys that it touches are named to the server, so that a cluster whose slots move
//!   refuses a script as a whole.
//! * **64 shards, not a slot for each queue.** All keys of a queue have the hash tag of its shard, and so have the indexes over
//!   the queues of the shard: what is due, what has expired, where claims have ended. So they change in the same step as the
//!   queue, and what goes over all queues asks 64 keys in one pipeline. The number is written into the store.
//! * **One slot for management.** Queues and topics, pools, flavors and the catalogue have one hash tag, so whatever depends
//!   on two of them is one step, in a cluster too. There is little of it, and look-ups are cached for a second.
//! * **A stream holds the messages**, by position: 100 000 of them with 290 bytes each take 34 MB, and 46 MB in a hash with a sorted set. It tells the
//!   next message behind any place, which is what listings, claims and subscriptions ask. What happens to a message stands in a
//!   hash beside it, so a claim never rewrites a body; a message that nothing has happened to has no entry there and is free.
//! * **Sorted sets by time** say what expires and which claims and delays end. They are only looked at with the time of the
//!   caller, so nothing depends on the server's clock but how long the ids of batches and claims are known, which is longer
//!   than it need be. A message is tested whatever set it was found in.
//! * **The client library carries bytes** (`redis`, its multiplexed connection over a stream of ours). Its cluster client
//!   sends a command again that may have been done, its time-out is half a second for everything, and its plain and Sentinel
//!   connections stay dead. With 64 fixed tags routing is a small table, so this is decided here: what was not sent is
//!   tried again within the time of the request, what may have been done is `OutcomeUnknown`.
//! * **One wait serves many.** With `wait_for_replicas` or `wait_for_aof`, a change of its own is written behind what was done
//!   and waited for on a connection of its own; so a repeated request waits, too, though it found nothing to do.

mod accounts;
mod adopting;
mod arrivals;
mod attempts;
mod calls;
mod catalogue;
mod claims;
mod connection;
mod dead_letters;
mod deliveries;
mod destinations;
mod driver;
mod due;
mod ended;
mod exported_items;
mod exporting;
mod fields;
mod flavors;
mod hints;
mod housekeeping;
mod importing;
mod keys;
mod keyspace;
mod leasing;
mod listing;
mod management;
mod messages;
mod migration;
mod moves;
mod options;
mod persistence;
mod pools;
mod recording;
mod records;
mod redelivering;
mod scripts;
mod store;
mod subscriptions;
mod tls;
mod uri;
mod volume;

pub use driver::RedisDriver;
pub use keyspace::{Keyspace, Keyspaces};
pub use management::RedisManagementStore;
pub use options::Options;
pub use store::RedisMessageStore;
pub use uri::InvalidUri;
