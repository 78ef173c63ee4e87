//! `[keystone_authtoken]`: how callers' tokens are checked. Who the service is when it asks Keystone is in
//! `credentials.rs`.

use crate::secret::Secret;
use crate::section::section;

section! {
    /// How the tokens of callers are checked, and how answers about them are cached.
    pub struct KeystoneAuthtoken;

    /// The public endpoint of Keystone, which a caller without a token is sent to. `auth_url` unless given.
    www_authenticate_uri: Option<String> = None;

    /// The version of Keystone's API. Only version 3 is spoken.
    auth_version: Option<String> = None, without_effect();

    /// Which of Keystone's endpoints in the catalog is asked about tokens: `public`, `internal` or `admin`. `auth_url` is
    /// asked where there is none.
    interface: String = "internal";

    /// Whether a request without a valid token is let through for the service to judge.
    delay_auth_decision: bool = false;

    /// How long Keystone may take to answer, in seconds. 10 unless given.
    http_connect_timeout: Option<u32> = None;

    /// How often a connection to Keystone that fails is tried again.
    http_request_max_retries: u32 = 3;

    /// The key in the environment of a WSGI request that holds Swift's cache.
    cache: Option<String> = None, without_effect();

    /// The file with the certificate that the service identifies itself with.
    certfile: Option<String> = None;

    /// The file with the private key of `certfile`.
    keyfile: Option<String> = None;

    /// The file with the certificates of the authorities that Keystone's certificate is checked against. The
    /// system's unless given.
    cafile: Option<String> = None;

    /// Whether Keystone's certificate is left unchecked.
    insecure: bool = false;

    /// The region whose Keystone is asked.
    region_name: Option<String> = None;

    /// The memcached servers that share answers about tokens. Each process keeps its own instead.
    memcached_servers: Vec<String> = &[], formerly(&["memcache_servers"]), without_effect();

    /// How long an answer about a token is believed, in seconds. -1 asks each time.
    token_cache_time: i64 = 300;

    /// Whether what is kept in memcached is signed (`MAC`) or encrypted (`ENCRYPT`).
    memcache_security_strategy: String = "None", one_of(&["None", "MAC", "ENCRYPT"]), in_any_case(), without_effect();

    /// The key for `memcache_security_strategy`.
    memcache_secret_key: Option<Secret> = None, without_effect();

    /// Whether memcached is reached by TLS.
    memcache_tls_enabled: bool = false, without_effect();

    /// The file with the certificates of the authorities that the certificate of memcached is checked against.
    memcache_tls_cafile: Option<String> = None, without_effect();

    /// The file with the certificate for memcached.
    memcache_tls_certfile: Option<String> = None, without_effect();

    /// The file with the private key of `memcache_tls_certfile`.
    memcache_tls_keyfile: Option<String> = None, without_effect();

    /// The ciphers that may be used towards memcached, as OpenSSL lists them.
    memcache_tls_allowed_ciphers: Option<String> = None, without_effect();

    /// How long a memcached server that failed is left alone, in seconds.
    memcache_pool_dead_retry: u32 = 300, without_effect();

    /// How many connections to each memcached server there may be.
    memcache_pool_maxsize: u32 = 10, without_effect();

    /// How long a memcached server may take to answer, in seconds.
    memcache_pool_socket_timeout: u32 = 3, without_effect();

    /// How long a connection to memcached is kept unused, in seconds.
    memcache_pool_unused_timeout: u32 = 60, without_effect();

    /// How long a request waits for a connection to memcached, in seconds.
    memcache_pool_conn_get_timeout: u32 = 10, without_effect();

    /// Whether connections to memcached are pooled.
    memcache_use_advanced_pool: bool = true, without_effect();

    /// Whether Keystone is asked for the service catalog along with a token. Tokens with access rules need it.
    include_service_catalog: bool = true;

    /// How strictly a token's binding is checked: `disabled`, `permissive`, `strict`, `required`, or the name of a
    /// method that must be used.
    enforce_token_bind: String = "permissive", without_effect();

    /// Roles of which a service must have one when it passes on a caller's token that has expired meanwhile.
    service_token_roles: Vec<String> = &["service"];

    /// Whether a service without such a role is refused.
    service_token_roles_required: bool = true;

    /// The type of this service in the catalog, such as `messaging`. Without it, tokens with access rules are refused.
    service_type: Option<String> = None;

    /// Whether memcached wants a login.
    memcache_sasl_enabled: bool = false, without_effect();

    /// The name to log in to memcached with.
    memcache_username: Option<String> = None, without_effect();

    /// The password to log in to memcached with.
    memcache_password: Option<Secret> = None, without_effect();
}
