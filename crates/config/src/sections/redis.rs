//! The Redis stores: `[drivers:message_store:redis]` and `[drivers:management_store:redis]`.

use crate::secret::Secret;
use crate::section::section;

section! {
    /// A store in Redis.
    pub struct Redis;

    /// Where Redis is. One server is `redis://[:password]@host[:port][?options]`; a group that Sentinel watches is
    /// `redis://[:password]@host1[:port1][,host2[:port2],...][?options]` with the option `master=<name>`; a socket is
    /// `redis://[:password]@/path/to/redis.sock[?options]`. Options are `socket_timeout` in seconds (0.1 unless given)
    /// and `dbid`, the number of the database (0 unless given).
    uri: Secret = "redis://127.0.0.1:6379";

    /// How often an operation is tried again after the node that served it has failed.
    max_reconnect_attempts: u32 = 10;

    /// The time between such tries, in seconds.
    reconnect_sleep: f64 = 1.0, at_least(0);
}
