//! A storage driver over Redis 7 or Valkey 8 and later: any number of servers share it, and others keep it alive and
//! replicate it.

mod adopting;
mod arrivals;
mod calls;
mod claims;
mod connection;
mod dead_letters;
mod ended;
mod hints;
mod housekeeping;
mod keys;
mod listing;
mod messages;
mod options;
mod records;
mod scripts;
mod store;
mod tls;
mod uri;

pub use options::Options;
pub use store::RedisMessageStore;
pub use uri::InvalidUri;
