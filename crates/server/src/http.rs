//! The options of the HTTP transport, from the configuration.

use std::time::Duration;

use zaqar_authentication::{Authentication, SigningKeys};
use zaqar_config::{Config, Secret};
use zaqar_transport_http::{HttpOptions, ServeOptions};

pub(crate) fn service_options(config: &Config, authentication: Authentication) -> HttpOptions {
    let slow_request = match config.wsgi.slow_request_ms {
        0 => Duration::MAX,
        milliseconds => Duration::from_millis(milliseconds),
    };
    let signed_url = &config.signed_url;
    let former: Vec<&str> = signed_url.former_secret_keys.iter().map(Secret::expose).collect();
    let present = signed_url.secret_key.as_ref().map(Secret::expose);
    HttpOptions {
        signing_keys: SigningKeys::new(present, &former, signed_url.max_lifetime),
        authentication,
        admin_mode: config.default.admin_mode,
        body_read_timeout: Duration::from_secs(config.wsgi.body_timeout),
        slow_request,
    }
}

pub(crate) fn serve_options(config: &Config) -> ServeOptions {
    let wsgi = &config.wsgi;
    ServeOptions {
        header_read_timeout: Duration::from_secs(wsgi.header_timeout),
        idle_timeout: Duration::from_secs(wsgi.idle_timeout),
        max_connections: usize::try_from(wsgi.max_connections).unwrap_or(usize::MAX),
        max_headers: usize::try_from(wsgi.max_header_count).unwrap_or(usize::MAX),
        max_header_bytes: usize::try_from(wsgi.max_header_bytes).unwrap_or(usize::MAX),
        drain_timeout: Duration::from_secs(wsgi.shutdown_timeout),
    }
}
