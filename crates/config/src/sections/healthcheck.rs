//! `[healthcheck]`: what load balancers are told, by the names that oslo.middleware gives its options.

use crate::section::section;

section! {
    /// What load balancers are told at `/healthcheck`.
    pub struct Healthcheck;

    /// While this file is there, the answer is that no requests are wanted. Those that come are served all the same.
    disable_by_file_path: Option<String> = None;

    /// Whether the answer explains itself at length.
    detailed: bool = false, without_effect();

    /// The checks that are made. The stores and `disable_by_file_path` are always looked at.
    backends: Vec<String> = &[], without_effect();

    /// The networks that may ask.
    allowed_source_ranges: Vec<String> = &[], without_effect();

    /// Whether those who ask through a proxy get no answer.
    ignore_proxied_requests: bool = false, without_effect();

    /// Files as in `disable_by_file_path`, each for one port, as `port:path`.
    disable_by_file_paths: Vec<String> = &[], without_effect();

    /// Files that must be there for requests to be wanted.
    enable_by_file_paths: Vec<String> = &[], without_effect();
}
