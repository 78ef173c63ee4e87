//! `[cache]`: where answers that may be used again are kept, by oslo.cache.

use crate::secret::Secret;
use crate::section::section;

section! {
    /// Where answers that may be used again are kept.
    pub struct Cache;

    /// What the names of the cache's own settings begin with.
    config_prefix: String = "cache.oslo";

    /// How long an answer is used unless it has a time of its own, in seconds.
    expiration_time: u32 = 600, at_least(1);

    /// How long the backend keeps an answer, in seconds.
    backend_expiration_time: Option<u32> = None, at_least(1);

    /// What keeps the answers.
    backend: String = "dogpile.cache.null", one_of(&[
        "oslo_cache.memcache_pool",
        "oslo_cache.dict",
        "oslo_cache.etcd3gw",
        "dogpile.cache.pymemcache",
        "dogpile.cache.memcached",
        "dogpile.cache.pylibmc",
        "dogpile.cache.bmemcached",
        "dogpile.cache.dbm",
        "dogpile.cache.redis",
        "dogpile.cache.redis_sentinel",
        "dogpile.cache.memory",
        "dogpile.cache.memory_pickle",
        "dogpile.cache.null",
    ]);

    /// An argument for the backend, as `name:value`.
    backend_argument: Vec<Secret> = &[], repeated();

    /// Classes that change how the backend works.
    proxies: Vec<String> = &[];

    /// Whether anything is cached at all.
    enabled: bool = false;

    /// Whether each call of the backend is logged, with its keys and values.
    debug_cache_backend: bool = false;

    /// The memcached servers, as `host:port`.
    memcache_servers: Vec<String> = &["localhost:11211"];

    /// How long a memcached server that failed is left alone, in seconds.
    memcache_dead_retry: u32 = 300;

    /// How many connections to each memcached server there may be.
    memcache_pool_maxsize: u32 = 10;

    /// How long a connection to memcached is kept unused, in seconds.
    memcache_pool_unused_timeout: u32 = 60;

    /// How long a request waits for a connection to memcached, in seconds.
    memcache_pool_connection_get_timeout: u32 = 10;

    /// Whether memcached is emptied when a connection to it comes back.
    memcache_pool_flush_on_reconnect: bool = false;

    /// Whether memcached wants a login.
    memcache_sasl_enabled: bool = false;

    /// The Redis server, as `host:port`.
    redis_server: String = "localhost:6379";

    /// The number of the database in Redis.
    redis_db: u32 = 0;

    /// The servers of Redis Sentinel, as `host:port`.
    redis_sentinels: Vec<String> = &["localhost:26379"];

    /// The name by which Redis Sentinel knows the master.
    redis_sentinel_service_name: String = "mymaster";

    /// The name to log in to the backend with.
    username: Option<String> = None, formerly(&["memcache_username", "redis_username"]);

    /// The password to log in to the backend with.
    password: Option<Secret> = None, formerly(&["memcache_password", "redis_password"]);

    /// Whether the backend is reached by TLS.
    tls_enabled: bool = false;

    /// The file with the certificates of the authorities that the backend's certificate is checked against.
    tls_cafile: Option<String> = None;

    /// The file with the certificate that the service identifies itself with.
    tls_certfile: Option<String> = None;

    /// The file with the private key of `tls_certfile`.
    tls_keyfile: Option<String> = None;

    /// The ciphers that may be used towards the backend, as OpenSSL lists them.
    tls_allowed_ciphers: Option<String> = None;

    /// How long the backend may take to answer, in seconds.
    socket_timeout: f64 = 1.0, at_least(0), formerly(&["memcache_socket_timeout", "redis_socket_timeout"]);

    /// Whether pymemcache checks now and then that its connections still stand.
    enable_socket_keepalive: bool = false;

    /// How long a connection is quiet before the first such check, in seconds.
    socket_keepalive_idle: u32 = 1;

    /// The time between such checks, in seconds.
    socket_keepalive_interval: u32 = 1;

    /// After how many checks without an answer a connection is given up.
    socket_keepalive_count: u32 = 1;

    /// Whether pymemcache tries a call that failed again.
    enable_retry_client: bool = false;

    /// How often pymemcache tries such a call in all.
    retry_attempts: u32 = 2, at_least(1);

    /// The time between such tries, in seconds.
    retry_delay: f64 = 0.0, at_least(0);

    /// After how many failures pymemcache takes a server for dead.
    hashclient_retry_attempts: u32 = 2, at_least(1);

    /// The time between such failures, in seconds.
    hashclient_retry_timeout: f64 = 1.0, at_least(0), formerly(&["hashclient_retry_delay"]);

    /// How long pymemcache leaves a dead server alone, in seconds.
    hashclient_dead_timeout: f64 = 60.0, at_least(0), formerly(&["dead_timeout"]);
}
