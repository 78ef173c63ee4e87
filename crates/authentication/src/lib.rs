//! Who is asking, and by what right.
//!
//! Here live tokens that Keystone vouches for, and pre-signed URLs. What the one who asks may do is decided in
//! `zaqar-domain`.

mod expiry;
mod keystone;
mod presigned;

use std::sync::Arc;

pub use keystone::{
    AskedWith, Connection, Denied, DomainReference, Keystone, KeystoneOptions, Login, Reference, Scope,
    SetupError, Token,
};
pub use presigned::{Presented, SignError, Signed, SigningKeys, Wish};

/// How a transport learns who is asking.
#[derive(Clone, Debug, Default)]
pub enum Authentication {
    /// Everybody is believed.
    #[default]
    Open,
    /// Keystone vouches for the token of a request, or nobody does.
    Keystone(Arc<Keystone>),
}
