//! A storage driver over Redis 7 or Valkey 8 and later: any number of servers share it, and others keep it alive and
//! replicate it.

mod accounts;
mod adopting;
mod arrivals;
mod attempts;
mod calls;
mod claims;
mod connection;
mod dead_letters;
mod deliveries;
mod due;
mod ended;
mod hints;
mod housekeeping;
mod keys;
mod leasing;
mod listing;
mod messages;
mod options;
mod persistence;
mod recording;
mod records;
mod redelivering;
mod scripts;
mod store;
mod subscriptions;
mod tls;
mod uri;

pub use options::Options;
pub use store::RedisMessageStore;
pub use uri::InvalidUri;
