//! The options of the HTTP transport, from the configuration.

use std::path::PathBuf;
use std::time::Duration;

use zaqar_authentication::SigningKeys;
use zaqar_config::{Config, Secret};
use zaqar_transport_http::{Cors, CorsOptions, HttpOptions, ServeOptions};

/// # Errors
///
/// What no header can hold, with its option.
pub(crate) fn service_options(config: &Config) -> Result<HttpOptions, String> {
    let slow_request = match config.wsgi.slow_request_ms {
        0 => Duration::MAX,
        milliseconds => Duration::from_millis(milliseconds),
    };
    Ok(HttpOptions {
        signing_keys: signing_keys(config),
        admin_mode: config.default.admin_mode,
        body_read_timeout: Duration::from_secs(config.wsgi.body_timeout),
        cors: cors(&config.cors)?,
        disable_by_file: config.healthcheck.disable_by_file_path.as_ref().map(PathBuf::from),
        slow_request,
        ..HttpOptions::default()
    })
}

/// What pre-signed URLs are signed and verified with, on both transports.
pub(crate) fn signing_keys(config: &Config) -> SigningKeys {
    let signed_url = &config.signed_url;
    let former: Vec<&str> = signed_url.former_secret_keys.iter().map(Secret::expose).collect();
    let present = signed_url.secret_key.as_ref().map(Secret::expose);
    SigningKeys::new(present, &former, signed_url.max_lifetime)
}

pub(crate) fn serve_options(config: &Config) -> ServeOptions {
    let wsgi = &config.wsgi;
    ServeOptions {
        header_read_timeout: Duration::from_secs(wsgi.header_timeout),
        tls_handshake_timeout: Duration::from_secs(wsgi.tls_handshake_timeout),
        max_http2_streams: wsgi.max_http2_streams,
        idle_timeout: Duration::from_secs(wsgi.idle_timeout),
        max_connections: usize::try_from(wsgi.max_connections).unwrap_or(usize::MAX),
        max_headers: usize::try_from(wsgi.max_header_count).unwrap_or(usize::MAX),
        max_header_bytes: usize::try_from(wsgi.max_header_bytes).unwrap_or(usize::MAX),
        drain_timeout: Duration::from_secs(wsgi.shutdown_timeout),
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

    use zaqar_config::{Config, Cors};

    use super::{serve_options, useless_origins};

    #[test]
    fn every_bound_on_connections_is_an_option() {
        let mut config = Config::default();
        let wsgi = &mut config.wsgi;
        (wsgi.max_connections, wsgi.max_header_count, wsgi.max_http2_streams) = (1, 2, 3);
        wsgi.max_header_bytes = 8192;
        (wsgi.header_timeout, wsgi.idle_timeout, wsgi.tls_handshake_timeout, wsgi.shutdown_timeout) =
            (5, 6, 7, 8);
        let options = serve_options(&config);
        let counts = [options.max_connections, options.max_headers, options.max_header_bytes];
        assert_eq!((counts, options.max_http2_streams), ([1, 2, 8192], 3));
        let times = [
            options.header_read_timeout,
            options.idle_timeout,
            options.tls_handshake_timeout,
            options.drain_timeout,
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
