//! The Redis stores: `[drivers:message_store:redis]` and `[drivers:management_store:redis]`.

use crate::secret::Secret;
use crate::section::section;

section! {
    /// A store in Redis.
    pub struct Redis;

    /// The URI of Redis. One server is `redis://[:password]@host[:port][?options]`; a group behind Sentinel is
    /// `redis://[:password]@host1[:port1][,host2[:port2],...][?options]` with the option `master=<name>`; a socket is
    /// `redis://[:password]@/path/to/redis.sock[?options]`. Options are `socket_timeout` in seconds (0.1 by default)
    /// and `dbid`, the database number (0 by default).
    uri: Secret = "redis://127.0.0.1:6379";

    /// Maximum number of retries of an operation after its node has failed.
    max_reconnect_attempts: u32 = 10;

    /// The delay between these retries, in seconds.
    reconnect_sleep: f64 = 1.0, at_least(0);
}
