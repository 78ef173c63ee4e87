//! `[cors]`: which pages of other origins may call the service from a browser.

use crate::section::section;

section! {
    /// Which pages of other origins may call the service from a browser.
    pub struct Cors;

    /// The origins that may, each as `scheme://host[:port]`, or `*` for all.
    allowed_origin: Vec<String> = &[];

    /// Whether such a page may send the user's credentials.
    allow_credentials: bool = true;

    /// The headers of an answer that such a page may read.
    expose_headers: Vec<String> =
        &["X-Auth-Token", "X-Subject-Token", "X-Service-Token", "X-OpenStack-Request-ID"];

    /// How long a browser may remember the permission, in seconds.
    max_age: u32 = 3600;

    /// The methods that such a page may use.
    allow_methods: Vec<String> = &["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD"];

    /// The headers that such a page may send.
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
