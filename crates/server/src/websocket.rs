//! The options of the WebSocket transport, from the configuration.

use std::time::Duration;

use zaqar_config::Websocket;
use zaqar_listener::ConnectionLimits;
use zaqar_transport_websocket::WebSocketOptions;

pub(crate) fn limits(config: &Websocket) -> ConnectionLimits {
    ConnectionLimits {
        max_connections: usize::try_from(config.max_connections).unwrap_or(usize::MAX),
        tls_handshake_timeout: Duration::from_secs(config.handshake_timeout),
        drain_timeout: Duration::from_secs(config.shutdown_timeout),
    }
}

pub(crate) fn options(config: &Websocket) -> WebSocketOptions {
    let some = |seconds| (seconds > 0).then(|| Duration::from_secs(seconds));
    let count = |number| usize::try_from(number).unwrap_or(usize::MAX);
    WebSocketOptions {
        external_port: config.external_port,
        max_message_bytes: count(config.max_message_bytes),
        compression: config.compression,
        max_requests_per_second: Some(config.max_requests_per_second).filter(|rate| *rate > 0),
        max_subscriptions: count(config.max_subscriptions.into()),
        handshake_timeout: Duration::from_secs(config.handshake_timeout),
        ping_interval: some(config.ping_interval),
        idle_timeout: Duration::from_secs(config.idle_timeout),
        send_timeout: Duration::from_secs(config.send_timeout),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use zaqar_config::Websocket;

    use super::{limits, options};

    #[test]
    fn every_bound_on_connections_is_an_option() {
        let config = Websocket {
            external_port: Some(1),
            max_connections: 2,
            max_message_bytes: 3,
            max_requests_per_second: 4,
            max_subscriptions: 10,
            handshake_timeout: 5,
            ping_interval: 6,
            idle_timeout: 7,
            send_timeout: 8,
            shutdown_timeout: 9,
            ..Websocket::default()
        };
        let (limits, options) = (limits(&config), options(&config));
        let numbers = (options.external_port, limits.max_connections, options.max_message_bytes);
        assert_eq!((numbers, options.max_requests_per_second), ((Some(1), 2, 3), Some(4)));
        let ping = options.ping_interval.unwrap_or_default();
        let times = [
            options.handshake_timeout,
            limits.tls_handshake_timeout,
            ping,
            options.idle_timeout,
            options.send_timeout,
            limits.drain_timeout,
        ];
        assert_eq!(options.max_subscriptions, 10);
        assert_eq!(times, [5, 5, 6, 7, 8, 9].map(Duration::from_secs));
    }

    #[test]
    fn zero_is_no_limit() {
        let config = Websocket { ping_interval: 0, max_requests_per_second: 0, ..Websocket::default() };
        let options = options(&config);
        assert_eq!((options.ping_interval, options.max_requests_per_second), (None, None));
    }
}
