//! Where subscribers reach this service.

use std::fmt;

use async_trait::async_trait;
use zaqar_authentication::{Keystone, OwnEndpoints};

/// Knows it.
#[async_trait]
pub trait PublicEndpoints: Send + Sync + fmt::Debug {
    async fn find(&self) -> OwnEndpoints;
}

/// By the catalog.
#[async_trait]
impl PublicEndpoints for Keystone {
    async fn find(&self) -> OwnEndpoints {
        self.own_endpoints().await
    }
}

/// Once and for all.
#[async_trait]
impl PublicEndpoints for OwnEndpoints {
    async fn find(&self) -> OwnEndpoints {
        self.clone()
    }
}

/// The address of `path` below an endpoint, whether or not that ends in the version that the path begins with.
pub(super) fn below(endpoint: &str, path: &str) -> String {
    let endpoint = endpoint.trim_end_matches('/');
    format!("{}{path}", endpoint.strip_suffix("/v2").unwrap_or(endpoint))
}

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn the_version_stands_in_an_address_once() {
        for (endpoint, address) in [
            ("http://zaqar:8888", "http://zaqar:8888/v2/queues/q"),
            ("http://zaqar:8888/v2/", "http://zaqar:8888/v2/queues/q"),
            ("https://cloud/messaging", "https://cloud/messaging/v2/queues/q"),
            ("ws://zaqar:9000/", "ws://zaqar:9000/v2/queues/q"),
        ] {
            assert_eq!(below(endpoint, "/v2/queues/q"), address);
        }
    }
}
