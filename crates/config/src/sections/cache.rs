//! `[cache]`: the cache of oslo.cache.

use crate::secret::Secret;
use crate::section::section;

section! {
    /// The cache of upstream.
    pub struct Cache;

    /// Prefix of the names of the cache's own settings.
    config_prefix: String = "cache.oslo";

    /// Default lifetime of a cached value, in seconds.
    expiration_time: u32 = 600, at_least(1);

    /// How long the backend keeps a value, in seconds.
    backend_expiration_time: Option<u32> = None, at_least(1);

    /// The cache backend.
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

    /// Whether caching is enabled.
    enabled: bool = false;

    /// Whether each call of the backend is logged, with its keys and values.
    debug_cache_backend: bool = false;

    /// The memcached servers, as `host:port`.
    memcache_servers: Vec<String> = &["localhost:11211"];

    /// How long a failed memcached server is not used, in seconds.
    memcache_dead_retry: u32 = 300;

    /// Maximum number of connections to each memcached server.
    memcache_pool_maxsize: u32 = 10;

    /// How long an idle connection to memcached is kept, in seconds.
    memcache_pool_unused_timeout: u32 = 60;

    /// How long a request waits for a connection to memcached, in seconds.
    memcache_pool_connection_get_timeout: u32 = 10;

    /// Whether memcached is flushed after a reconnect.
    memcache_pool_flush_on_reconnect: bool = false;

    /// Whether memcached requires authentication (SASL).
    memcache_sasl_enabled: bool = false;

    /// The Redis server, as `host:port`.
    redis_server: String = "localhost:6379";

    /// The number of the database in Redis.
    redis_db: u32 = 0;

    /// The servers of Redis Sentinel, as `host:port`.
    redis_sentinels: Vec<String> = &["localhost:26379"];

    /// The name of the master in Redis Sentinel.
    redis_sentinel_service_name: String = "mymaster";

    /// The user name for the backend.
    username: Option<String> = None, deprecated_names(&["memcache_username", "redis_username"]);

    /// The password for the backend.
    password: Option<Secret> = None, deprecated_names(&["memcache_password", "redis_password"]);

    /// Whether connections to the backend use TLS.
    tls_enabled: bool = false;

    /// The file with the CA certificates that verify the certificate of the backend.
    tls_cafile: Option<String> = None;

    /// The file with the service's client certificate.
    tls_certfile: Option<String> = None;

    /// The file with the private key of `tls_certfile`.
    tls_keyfile: Option<String> = None;

    /// Allowed ciphers for connections to the backend, in OpenSSL format.
    tls_allowed_ciphers: Option<String> = None;

    /// Timeout of a request to the backend, in seconds.
    socket_timeout: f64 = 1.0, at_least(0), deprecated_names(&["memcache_socket_timeout", "redis_socket_timeout"]);

    /// Whether pymemcache uses TCP keepalive.
    enable_socket_keepalive: bool = false;

    /// Idle time of a connection before the first keepalive probe, in seconds.
    socket_keepalive_idle: u32 = 1;

    /// The interval between keepalive probes, in seconds.
    socket_keepalive_interval: u32 = 1;

    /// Number of unanswered keepalive probes after which a connection is closed.
    socket_keepalive_count: u32 = 1;

    /// Whether pymemcache retries failed calls.
    enable_retry_client: bool = false;

    /// Maximum number of attempts for a call.
    retry_attempts: u32 = 2, at_least(1);

    /// The delay between attempts, in seconds.
    retry_delay: f64 = 0.0, at_least(0);

    /// Number of failures after which pymemcache considers a server dead.
    hashclient_retry_attempts: u32 = 2, at_least(1);

    /// The time between these attempts, in seconds.
    hashclient_retry_timeout: f64 = 1.0, at_least(0), deprecated_names(&["hashclient_retry_delay"]);

    /// How long pymemcache does not use a dead server, in seconds.
    hashclient_dead_timeout: f64 = 60.0, at_least(0), deprecated_names(&["dead_timeout"]);
}
