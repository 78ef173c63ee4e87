//! `[oslo_policy]`: where the rules about who may do what are kept.

use crate::section::section;

section! {
    /// The rules about who may do what.
    pub struct OsloPolicy;

    /// Whether only the present default of a rule counts, and not the one that it replaced.
    enforce_new_defaults: bool = true, without_effect();

    /// The file with the rules that differ from their defaults, in YAML or JSON. It is looked for beside the
    /// configuration files, without any in the working directory. It need not exist under its default name.
    policy_file: String = "policy.yaml";

    /// The rule that stands in where another one refers to a rule that does not exist.
    policy_default_rule: String = "default";

    /// A directory with more such files, which are read in the order of their names. Of two rules of one name, the later
    /// counts.
    policy_dirs: Vec<String> = &["policy.d"], repeated();

    /// The form in which a server that decides about a rule is asked.
    remote_content_type: String = "application/x-www-form-urlencoded",
        one_of(&["application/x-www-form-urlencoded", "application/json"]), without_effect();

    /// Whether the certificate of such a server is checked.
    remote_ssl_verify_server_crt: bool = false, without_effect();

    /// The file with the certificates of the authorities that it is checked against.
    remote_ssl_ca_crt_file: Option<String> = None, without_effect();

    /// The file with the certificate that the service identifies itself with there.
    remote_ssl_client_crt_file: Option<String> = None, without_effect();

    /// The file with the private key of that certificate.
    remote_ssl_client_key_file: Option<String> = None, without_effect();

    /// How long such a server may take to answer, in seconds.
    remote_timeout: f64 = 60.0, at_least(0), without_effect();
}
