//! `[oslo_policy]`: the policy files.

use crate::section::section;

section! {
    /// The policy.
    pub struct OsloPolicy;

    /// Whether the deprecated defaults of rules are ignored.
    enforce_new_defaults: bool = true, without_effect();

    /// The file with the rules that differ from their defaults, in YAML or JSON. A relative path is resolved against
    /// the directory of the configuration files, or the working directory if there are none. The default file is
    /// optional.
    policy_file: String = "policy.yaml";

    /// The rule that is used for references to rules that do not exist.
    policy_default_rule: String = "default";

    /// A directory with more policy files, which are read in the order of their names. Later rules override earlier
    /// ones.
    policy_dirs: Vec<String> = &["policy.d"], repeated();

    /// The content type of requests to a remote policy server.
    remote_content_type: String = "application/x-www-form-urlencoded",
        one_of(&["application/x-www-form-urlencoded", "application/json"]), without_effect();

    /// Whether the certificate of a remote policy server is verified.
    remote_ssl_verify_server_crt: bool = false, without_effect();

    /// The file with the CA certificates that verify this certificate.
    remote_ssl_ca_crt_file: Option<String> = None, without_effect();

    /// The file with the client certificate for a remote policy server.
    remote_ssl_client_crt_file: Option<String> = None, without_effect();

    /// The file with the private key of that certificate.
    remote_ssl_client_key_file: Option<String> = None, without_effect();

    /// Timeout of a request to a remote policy server, in seconds.
    remote_timeout: f64 = 60.0, at_least(0), without_effect();
}
