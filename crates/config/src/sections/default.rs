//! The service's own options in `[DEFAULT]`. Those about logging are in `logging.rs`.

use crate::section::section;

section! {
    /// Options that concern the service as a whole.
    pub struct DefaultSection;

    /// Whether the endpoints for operators (pools, flavors, health) are served besides the public ones.
    admin_mode: bool = false;

    /// Whether queues are spread over several message stores, the pools. The catalogue of pools is then kept in the
    /// management store.
    pooling: bool = false, formerly(&["sharding"]);

    /// Whether a message store may be used that gives fewer guarantees than a queue needs.
    unreliable: bool = false, without_effect();

    /// Versions of the API to serve although they are deprecated. There are none left; only version 2 exists.
    enable_deprecated_api_versions: Vec<String> = &[], one_of(&["1.1"]), without_effect();

    /// Whether a message carries a checksum of its body, and shows it when it is read.
    enable_checksum: bool = false;

    /// How callers are authenticated: `keystone`, or empty for no authentication at all.
    auth_strategy: String = "";

    /// Whether the server detaches from its terminal and goes on in the background. A service manager does this better.
    daemon: bool = false, without_effect();

    /// Groups that describe places other than files from which to read options.
    config_source: Vec<String> = &[], without_effect();

    /// Whether the use of something deprecated stops the service.
    fatal_deprecations: bool = false, without_effect();
}
