//! The options of the HTTP transport, from the configuration.

use std::path::PathBuf;
use std::time::Duration;

use zaqar_config::{Config, Wsgi};
use zaqar_listener::ConnectionLimits;
use zaqar_transport_http::{Cors, CorsOptions, HttpOptions, ServeOptions};

use crate::signing_keys;

/// # Errors
///
/// What cannot be used, with its option.
pub(crate) fn service_options(config: &Config) -> Result<HttpOptions, String> {
    let slow_request = match config.wsgi.slow_request_ms {
        0 => Duration::MAX,
        milliseconds => Duration::from_millis(milliseconds),
    };
    Ok(HttpOptions {
        signing_keys: signing_keys::read(&config.signed_url)?,
        admin_mode: config.default.admin_mode,
        body_read_timeout: Duration::from_secs(config.wsgi.body_timeout),
        cors: cors(&config.cors)?,
        disable_by_file: config.healthcheck.disable_by_file_path.as_ref().map(PathBuf::from),
        slow_request,
        ..HttpOptions::default()
    })
}

pub(crate) fn limits(config: &Wsgi) -> ConnectionLimits {
    ConnectionLimits {
        max_connections: usize::try_from(config.max_connections).unwrap_or(usize::MAX),
        tls_handshake_timeout: Duration::from_secs(config.tls_handshake_timeout),
        drain_timeout: Duration::from_secs(config.shutdown_timeout),
    }
}

pub(crate) fn serve_options(config: &Wsgi) -> ServeOptions {
    ServeOptions {
        header_read_timeout: Duration::from_secs(config.header_timeout),
        max_http2_streams: config.max_http2_streams,
        idle_timeout: Duration::from_secs(config.idle_timeout),
        max_headers: usize::try_from(config.max_header_count).unwrap_or(usize::MAX),
        max_header_bytes: usize::try_from(config.max_header_bytes).unwrap_or(usize::MAX),
    }
}

/// # Errors
///
/// What no header can hold, with its option.
pub(crate) fn cors(options: &zaqar_config::Cors) -> Result<Cors, String> {
    let options = CorsOptions {
        allowed_origin: options.allowed_origin.clone(),
        allow_credentials: options.allow_credentials,
        expose_headers: options.expose_headers.clone(),
        max_age: options.max_age,
        allow_methods: options.allow_methods.clone(),
        allow_headers: options.allow_headers.clone(),
    };
    Cors::new(&options).map_err(|error| format!("[cors] {error}"))
}

/// A sentence for each origin that no browser will ever name.
pub(crate) fn useless_origins(options: &zaqar_config::Cors) -> Vec<String> {
    let named_by_browsers = |origin: &str| match origin.split_once("://") {
        Some((scheme, host)) => {
            !scheme.is_empty() && !host.is_empty() && !host.contains(['/', '?', '#', '@'])
        }
        None => origin == "*" || origin == "null",
    };
    let useless = options.allowed_origin.iter().filter(|origin| !named_by_browsers(origin));
    useless
        .map(|origin| {
            format!(
                "[cors] allowed_origin = {origin} matches nothing: write scheme://host[:port], or * for all"
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use zaqar_config::{Cors, Wsgi};

    use super::{limits, serve_options, useless_origins};

    #[test]
    fn every_bound_on_connections_is_an_option() {
        let config = Wsgi {
            max_connections: 1,
            max_header_count: 2,
            max_http2_streams: 3,
            max_header_bytes: 8192,
            header_timeout: 5,
            idle_timeout: 6,
            tls_handshake_timeout: 7,
            shutdown_timeout: 8,
            ..Wsgi::default()
        };
        let (limits, options) = (limits(&config), serve_options(&config));
        let counts = [limits.max_connections, options.max_headers, options.max_header_bytes];
        assert_eq!((counts, options.max_http2_streams), ([1, 2, 8192], 3));
        let times = [
            options.header_read_timeout,
            options.idle_timeout,
            limits.tls_handshake_timeout,
            limits.drain_timeout,
        ];
        assert_eq!(times, [5, 6, 7, 8].map(Duration::from_secs));
    }

    #[test]
    fn origins_are_told_from_addresses_of_pages() {
        let origins =
            ["*", "null", "https://a", "http://a:80", "a.example", "https://a/", "https://a/b", "://a"];
        let allowed_origin = origins.map(str::to_owned).to_vec();
        let useless = useless_origins(&Cors { allowed_origin, ..Cors::default() });
        assert_eq!(useless.len(), 4, "{useless:?}");
    }
}
