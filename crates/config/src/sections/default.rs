//! The options in `[DEFAULT]`, except those about logging, which are in `logging.rs`.

use crate::section::section;

section! {
    /// Options of the service as a whole.
    pub struct DefaultSection;

    /// Whether the endpoints for administrators (pools, flavors, health) are served, too.
    admin_mode: bool = false;

    /// Whether queues are distributed over several message stores, the pools. The management store then holds the
    /// catalogue.
    pooling: bool = false, deprecated_names(&["sharding"]);

    /// Whether a message store with fewer guarantees than a queue needs is allowed.
    unreliable: bool = false, without_effect();

    /// Deprecated versions of the API to serve. There are none; only version 2 exists.
    enable_deprecated_api_versions: Vec<String> = &[], one_of(&["1.1"]), without_effect();

    /// Whether messages are stored and returned with a checksum of their body.
    enable_checksum: bool = false;

    /// How callers are authenticated: `keystone`, or empty for no authentication.
    auth_strategy: String = "";

    /// Whether the server detaches from its terminal and runs in the background. Use a service manager instead.
    daemon: bool = false, without_effect();

    /// Groups that configure other sources of options than files.
    config_source: Vec<String> = &[], without_effect();

    /// Whether the use of a deprecated feature stops the service.
    fatal_deprecations: bool = false, without_effect();
}
