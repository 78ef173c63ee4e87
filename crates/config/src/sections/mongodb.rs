//! The MongoDB stores: `[drivers:message_store:mongodb]` and `[drivers:management_store:mongodb]`.

use crate::secret::Secret;
use crate::section::section;

section! {
    /// A store in MongoDB.
    pub struct Mongodb;

    /// The file with the private key that the service identifies itself with. Needless when `ssl_certfile` holds the
    /// key too.
    ssl_keyfile: Option<String> = None;

    /// The file with the certificate that the service identifies itself with.
    ssl_certfile: Option<String> = None;

    /// Whether the server must have a certificate, and whether it is checked. Unless it is `CERT_NONE`,
    /// `ssl_ca_certs` is needed.
    ssl_cert_reqs: String = "CERT_REQUIRED", one_of(&["CERT_NONE", "CERT_OPTIONAL", "CERT_REQUIRED"]);

    /// The file with the certificates of the authorities that the server's certificate is checked against.
    ssl_ca_certs: Option<String> = None;

    /// Where MongoDB is.
    uri: Option<Secret> = None;

    /// The name of the database.
    database: String = "zaqar";

    /// How often an operation that fails is tried again.
    max_attempts: u32 = 1000;

    /// The longest time between such tries, in seconds. It grows with each of them.
    max_retry_sleep: f64 = 0.1, at_least(0);

    /// The most that chance adds to that time, in seconds, so that requests which failed together are not tried
    /// again together.
    max_retry_jitter: f64 = 0.005, at_least(0);

    /// How often an operation is tried again after the primary node has failed.
    max_reconnect_attempts: u32 = 10;

    /// The time before the first such try, in seconds. It doubles with each of them.
    reconnect_sleep: f64 = 0.020, at_least(0);
}

section! {
    /// What only the message store has.
    pub struct MongodbPartitions;

    /// Over how many databases messages are spread. It must never change once there are messages.
    partitions: u32 = 2, at_least(1);
}
