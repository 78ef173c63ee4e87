//! Who the service is to Keystone, in `[keystone_authtoken]` and in `[trustee]`: the options of the plugins `password`,
//! `v3token` and `v3applicationcredential`, and those of a connection.

use crate::secret::Secret;
use crate::section::section;

section! {
    /// Who the service is to Keystone, in `[trustee]` as the one to whom a subscriber's rights are lent.
    pub struct Credentials;

    /// How the service identifies itself: `password` or `v3applicationcredential`.
    auth_type: Option<String> = None, formerly(&["auth_plugin"]);

    /// Another group of the same files that holds these options. In `[keystone_authtoken]` only.
    auth_section: Option<String> = None;

    /// The endpoint of Keystone, with or without `/v3` at its end.
    auth_url: Option<String> = None;

    /// The part of the whole system that a token is wanted for: `all`.
    system_scope: Option<String> = None;

    /// The id of the domain that a token is wanted for.
    domain_id: Option<String> = None;

    /// The name of the domain that a token is wanted for.
    domain_name: Option<String> = None;

    /// The id of the project that a token is wanted for.
    project_id: Option<String> = None, formerly(&["tenant-id", "tenant_id"]);

    /// The name of the project that a token is wanted for.
    project_name: Option<String> = None, formerly(&["tenant-name", "tenant_name"]);

    /// The id of the domain that the project belongs to.
    project_domain_id: Option<String> = None;

    /// The name of the domain that the project belongs to.
    project_domain_name: Option<String> = None;

    /// The trust by which a token is wanted.
    trust_id: Option<String> = None;

    /// The id of the domain that user and project belong to unless said otherwise.
    default_domain_id: Option<String> = None;

    /// The name of the domain that user and project belong to unless said otherwise.
    default_domain_name: Option<String> = None;

    /// The id of the user.
    user_id: Option<String> = None;

    /// The name of the user.
    username: Option<String> = None, formerly(&["user-name", "user_name"]);

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

    /// The name of an application credential; with it, the user is needed too.
    application_credential_name: Option<String> = None;

    /// The secret of the application credential.
    application_credential_secret: Option<Secret> = None;
}

section! {
    /// The connection to Keystone.
    pub struct Session;

    /// The file with the certificates of the authorities that Keystone's certificate is checked against.
    cafile: Option<String> = None;

    /// The file with the certificate that the service identifies itself with.
    certfile: Option<String> = None;

    /// The file with the private key of `certfile`.
    keyfile: Option<String> = None;

    /// Whether Keystone's certificate is left unchecked.
    insecure: bool = false;

    /// How long Keystone may take to answer, in seconds.
    timeout: Option<f64> = None, at_least(0);

    /// Whether the time that each call takes is collected.
    collect_timing: bool = false;

    /// Whether requests and answers are logged under several names.
    split_loggers: bool = false;

    /// The ciphers that may be used towards Keystone, as OpenSSL lists them.
    tls_ciphers: Option<String> = None;

    /// The oldest version of TLS that may be used towards Keystone.
    tls_min_version: Option<String> = None, one_of(&["1.2", "1.3"]);
}
