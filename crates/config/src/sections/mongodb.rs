//! The MongoDB stores: `[drivers:message_store:mongodb]` and `[drivers:management_store:mongodb]`.

use crate::secret::Secret;
use crate::section::section;

section! {
    /// A store in MongoDB.
    pub struct Mongodb;

    /// The file with the private key of the client certificate. Not needed if `ssl_certfile` contains the key.
    ssl_keyfile: Option<String> = None;

    /// The file with the service's client certificate.
    ssl_certfile: Option<String> = None;

    /// Whether the server must have a certificate, and whether it is verified. Unless it is `CERT_NONE`, `ssl_ca_certs`
    /// is required.
    ssl_cert_reqs: String = "CERT_REQUIRED", one_of(&["CERT_NONE", "CERT_OPTIONAL", "CERT_REQUIRED"]);

    /// The file with the CA certificates that verify the certificate of the server.
    ssl_ca_certs: Option<String> = None;

    /// The URI of MongoDB.
    uri: Option<Secret> = None;

    /// The name of the database.
    database: String = "zaqar";

    /// Maximum number of retries of a failed operation.
    max_attempts: u32 = 1000;

    /// Maximum delay between retries, in seconds. The delay grows with each retry.
    max_retry_sleep: f64 = 0.1, at_least(0);

    /// Maximum random jitter of this delay, in seconds, so that requests that failed together are not retried together.
    max_retry_jitter: f64 = 0.005, at_least(0);

    /// Maximum number of retries of an operation after the primary node has failed.
    max_reconnect_attempts: u32 = 10;

    /// The delay before the first such retry, in seconds. It doubles with each retry.
    reconnect_sleep: f64 = 0.020, at_least(0);
}

section! {
    /// Options of the message store only.
    pub struct MongodbPartitions;

    /// Number of databases that messages are distributed over. It must not change once there are messages.
    partitions: u32 = 2, at_least(1);
}
