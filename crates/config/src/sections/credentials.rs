//! The service's own credentials for Keystone, in `[keystone_authtoken]` and in `[trustee]`: the options of the plugins
//! `password`, `v3token` and `v3applicationcredential`, and those of the connection.

use crate::secret::Secret;
use crate::section::section;

section! {
    /// The service's own credentials for Keystone. In `[trustee]`, those of the user that trusts are made for.
    pub struct Credentials;

    /// How the service identifies itself: `password` or `v3applicationcredential`.
    auth_type: Option<String> = None, deprecated_names(&["auth_plugin"]);

    /// Another group of the same files that holds these options.
    auth_section: Option<String> = None;

    /// The Keystone endpoint, with or without a trailing `/v3`.
    auth_url: Option<String> = None;

    /// The system scope of the token: `all`.
    system_scope: Option<String> = None;

    /// The id of the domain that the token is scoped to.
    domain_id: Option<String> = None;

    /// The name of the domain that the token is scoped to.
    domain_name: Option<String> = None;

    /// The id of the project that the token is scoped to.
    project_id: Option<String> = None, deprecated_names(&["tenant-id", "tenant_id"]);

    /// The name of the project that the token is scoped to.
    project_name: Option<String> = None, deprecated_names(&["tenant-name", "tenant_name"]);

    /// The id of the domain that the project belongs to.
    project_domain_id: Option<String> = None;

    /// The name of the domain that the project belongs to.
    project_domain_name: Option<String> = None;

    /// The id of the trust that the token is scoped to.
    trust_id: Option<String> = None;

    /// The default for the domain ids of the user and the project.
    default_domain_id: Option<String> = None;

    /// The default for the domain names of the user and the project.
    default_domain_name: Option<String> = None;

    /// The id of the user.
    user_id: Option<String> = None;

    /// The name of the user.
    username: Option<String> = None, deprecated_names(&["user-name", "user_name"]);

    /// The id of the domain that the user belongs to.
    user_domain_id: Option<String> = None;

    /// The name of the domain that the user belongs to.
    user_domain_name: Option<String> = None;

    /// The password of the user.
    password: Option<Secret> = None;

    /// A token, instead of a user and a password.
    token: Option<Secret> = None, without_effect();

    /// The id of an application credential, instead of a user and a password.
    application_credential_id: Option<String> = None;

    /// The name of an application credential. It also requires the user.
    application_credential_name: Option<String> = None;

    /// The secret of the application credential.
    application_credential_secret: Option<Secret> = None;
}

section! {
    /// The connection to Keystone.
    pub struct Session;

    /// The file with the CA certificates that verify the certificate of Keystone.
    cafile: Option<String> = None;

    /// The file with the service's client certificate.
    certfile: Option<String> = None;

    /// The file with the private key of `certfile`.
    keyfile: Option<String> = None;

    /// Whether to skip the verification of Keystone's certificate.
    insecure: bool = false;

    /// Timeout of a request to Keystone, in seconds.
    timeout: Option<f64> = None, at_least(0);

    /// Whether to record the duration of each call.
    collect_timing: bool = false, without_effect();

    /// Whether requests and responses are logged by separate loggers.
    split_loggers: bool = false, without_effect();

    /// Allowed ciphers for connections to Keystone, in OpenSSL format.
    tls_ciphers: Option<String> = None, without_effect();

    /// The minimum TLS version for connections to Keystone.
    tls_min_version: Option<String> = None, one_of(&["1.2", "1.3"]), without_effect();
}
