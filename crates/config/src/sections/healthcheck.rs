//! `[healthcheck]`: health checks for load balancers, with the option names of oslo.middleware.

use crate::section::section;

section! {
    /// The health check for load balancers at `/healthcheck`.
    pub struct Healthcheck;

    /// While this file exists, the health check returns 503. Requests are still served.
    disable_by_file_path: Option<String> = None;

    /// Whether the response has details.
    detailed: bool = false, without_effect();

    /// The checks to make. The stores and `disable_by_file_path` are always checked.
    backends: Vec<String> = &[], without_effect();

    /// The networks that may call the health check.
    allowed_source_ranges: Vec<String> = &[], without_effect();

    /// Whether requests through a proxy are ignored.
    ignore_proxied_requests: bool = false, without_effect();

    /// Files as in `disable_by_file_path`, each for one port, as `port:path`.
    disable_by_file_paths: Vec<String> = &[], without_effect();

    /// Files that must exist for the health check to succeed.
    enable_by_file_paths: Vec<String> = &[], without_effect();
}
