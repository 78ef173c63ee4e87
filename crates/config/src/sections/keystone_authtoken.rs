//! `[keystone_authtoken]`: how the tokens of callers are validated. The service's own credentials are in
//! `credentials.rs`.

use crate::secret::Secret;
use crate::section::section;

section! {
    /// How the tokens of callers are validated, and how the results are cached.
    pub struct KeystoneAuthtoken;

    /// The public endpoint of Keystone, for callers without a token. Defaults to `auth_url`.
    www_authenticate_uri: Option<String> = None;

    /// The version of Keystone's API. Only version 3 is supported.
    auth_version: Option<String> = None, without_effect();

    /// The interface of the Keystone endpoint in the catalog that validates tokens: `public`, `internal` or `admin`.
    /// Without such an endpoint, `auth_url` is used.
    interface: String = "internal";

    /// Whether requests without a valid token are accepted, and the decision is left to the policy.
    delay_auth_decision: bool = false;

    /// Timeout of a request to Keystone, in seconds. The default is 10.
    http_connect_timeout: Option<u32> = None;

    /// Maximum number of retries of a failed connection to Keystone.
    http_request_max_retries: u32 = 3;

    /// The key of Swift's cache in the environment of a WSGI request.
    cache: Option<String> = None, without_effect();

    /// The file with the service's client certificate.
    certfile: Option<String> = None;

    /// The file with the private key of `certfile`.
    keyfile: Option<String> = None;

    /// The file with the CA certificates that verify the certificate of Keystone. Defaults to those of the system.
    cafile: Option<String> = None;

    /// Whether to skip the verification of Keystone's certificate.
    insecure: bool = false;

    /// The region of the Keystone endpoint.
    region_name: Option<String> = None;

    /// The memcached servers for a shared token cache. Each process has its own cache instead.
    memcached_servers: Vec<String> = &[], deprecated_names(&["memcache_servers"]), without_effect();

    /// How long the validation of a token is cached, in seconds. -1 disables caching.
    token_cache_time: i64 = 300;

    /// Whether data in memcached is signed (`MAC`) or encrypted (`ENCRYPT`).
    memcache_security_strategy: String = "None", one_of(&["None", "MAC", "ENCRYPT"]), ignore_case(), without_effect();

    /// The key for `memcache_security_strategy`.
    memcache_secret_key: Option<Secret> = None, without_effect();

    /// Whether connections to memcached use TLS.
    memcache_tls_enabled: bool = false, without_effect();

    /// The file with the CA certificates that verify the certificate of memcached.
    memcache_tls_cafile: Option<String> = None, without_effect();

    /// The file with the client certificate for memcached.
    memcache_tls_certfile: Option<String> = None, without_effect();

    /// The file with the private key of `memcache_tls_certfile`.
    memcache_tls_keyfile: Option<String> = None, without_effect();

    /// Allowed ciphers for connections to memcached, in OpenSSL format.
    memcache_tls_allowed_ciphers: Option<String> = None, without_effect();

    /// How long a failed memcached server is not used, in seconds.
    memcache_pool_dead_retry: u32 = 300, without_effect();

    /// Maximum number of connections to each memcached server.
    memcache_pool_maxsize: u32 = 10, without_effect();

    /// Timeout of a request to memcached, in seconds.
    memcache_pool_socket_timeout: u32 = 3, without_effect();

    /// How long an idle connection to memcached is kept, in seconds.
    memcache_pool_unused_timeout: u32 = 60, without_effect();

    /// How long a request waits for a connection to memcached, in seconds.
    memcache_pool_conn_get_timeout: u32 = 10, without_effect();

    /// Whether connections to memcached are pooled.
    memcache_use_advanced_pool: bool = true, without_effect();

    /// Whether token validation requests the service catalog. Tokens with access rules need it.
    include_service_catalog: bool = true;

    /// How strictly a token's binding is checked: `disabled`, `permissive`, `strict`, `required`, or the name of a
    /// method that must be used.
    enforce_token_bind: String = "permissive", without_effect();

    /// The roles of which a service needs one to forward a caller's expired token.
    service_token_roles: Vec<String> = &["service"];

    /// Whether a service without such a role is rejected.
    service_token_roles_required: bool = true;

    /// The type of this service in the catalog, such as `messaging`. Without it, tokens with access rules are rejected.
    service_type: Option<String> = None;

    /// Whether memcached requires authentication (SASL).
    memcache_sasl_enabled: bool = false, without_effect();

    /// The user name for memcached.
    memcache_username: Option<String> = None, without_effect();

    /// The password for memcached.
    memcache_password: Option<Secret> = None, without_effect();
}
