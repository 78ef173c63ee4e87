//! `[cors]`: cross-origin requests of browsers.

use crate::section::section;

section! {
    /// Cross-origin requests of browsers.
    pub struct Cors;

    /// The allowed origins, each as `scheme://host[:port]`, or `*` for all.
    allowed_origin: Vec<String> = &[];

    /// Whether a cross-origin request may include credentials.
    allow_credentials: bool = true;

    /// The response headers that a page of another origin may read.
    expose_headers: Vec<String> =
        &["X-Auth-Token", "X-Subject-Token", "X-Service-Token", "X-OpenStack-Request-ID"];

    /// How long a browser may cache the result of a preflight request, in seconds.
    max_age: u32 = 3600;

    /// The allowed methods of a cross-origin request.
    allow_methods: Vec<String> = &["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD"];

    /// The allowed headers of a cross-origin request.
    allow_headers: Vec<String> = &[
        "X-Auth-Token",
        "X-Identity-Status",
        "X-Roles",
        "X-Service-Catalog",
        "X-User-Id",
        "X-Tenant-Id",
        "X-OpenStack-Request-ID",
        "X-Trace-Info",
        "X-Trace-HMAC",
        "Client-id",
    ];
}
