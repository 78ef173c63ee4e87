//! Authentication: Keystone tokens, trusts by which users delegate rights to the service, and pre-signed URLs.
//!
//! Authorization, which decides what a caller may do, lives in `zaqar-domain`.

mod expiry;
mod keystone;
mod presigned;
mod signing_key;

use std::sync::Arc;

pub use keystone::{
    AuthRequest, Connection, Denied, DomainReference, Keystone, KeystoneOptions, Login, NoTrustedToken,
    OwnEndpoints, Reference, Scope, SetupError, Token, TrustNotMade, TrustedToken, TrusteeOptions, Trusts,
};
pub use presigned::{PresignRequest, PresignedUrl, SignError, SignatureHeaders, SigningKeys};
pub use signing_key::{BadNamedKey, NamedKey};

/// How a transport authenticates callers.
#[derive(Clone, Debug, Default)]
pub enum Authentication {
    /// No authentication: the headers of a request are trusted.
    #[default]
    Open,
    /// Keystone validates the token of a request.
    Keystone(Arc<Keystone>),
}
