//! The service that all connections share.

use std::sync::Arc;

use zaqar_authentication::{Authentication, SigningKeys};
use zaqar_domain::Zaqar;

/// The WebSocket interface to a service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct WebSocketService {
    pub(crate) zaqar: Arc<Zaqar>,
    /// How callers are authenticated.
    pub(crate) authentication: Authentication,
    /// The keys that verify pre-signed URLs.
    pub(crate) signing_keys: Arc<SigningKeys>,
}

impl WebSocketService {
    pub fn new(zaqar: Arc<Zaqar>, authentication: Authentication, signing_keys: SigningKeys) -> Self {
        Self { zaqar, authentication, signing_keys: Arc::new(signing_keys) }
    }
}
