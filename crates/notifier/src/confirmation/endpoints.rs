//! Where subscribers reach this service.

use std::sync::Arc;

use zaqar_authentication::{Keystone, OwnEndpoints};

/// Knows it from the operator or from Keystone's catalog.
#[derive(Clone, Debug, Default)]
pub struct PublicEndpoints {
    /// `[notification] public_endpoint`. The catalog is not asked about it then.
    pub rest: Option<String>,
    /// Whose catalog has the rest.
    pub keystone: Option<Arc<Keystone>>,
}

impl PublicEndpoints {
    /// `None`: the catalog is needed and cannot be read now.
    pub(super) async fn find(&self) -> Option<OwnEndpoints> {
        let found = match &self.keystone {
            Some(keystone) => match keystone.own_endpoints().await {
                None if self.rest.is_none() => return None,
                found => found.unwrap_or_default(),
            },
            None => OwnEndpoints::default(),
        };
        Some(OwnEndpoints { rest: self.rest.clone().or(found.rest), ..found })
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
            ("http://zaqar:7000", "http://zaqar:7000/v2/queues/q"),
            ("http://zaqar:7000/v2/", "http://zaqar:7000/v2/queues/q"),
            ("https://cloud/messaging", "https://cloud/messaging/v2/queues/q"),
            ("ws://zaqar:7001/", "ws://zaqar:7001/v2/queues/q"),
        ] {
            assert_eq!(below(endpoint, "/v2/queues/q"), address);
        }
    }
}
