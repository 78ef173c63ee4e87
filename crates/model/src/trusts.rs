//! Trusts: rights that users delegate to this service.

use crate::{AuthToken, ProjectId, Timestamp};

/// A request for a trust: a user's roles in a project, until a point in time.
#[derive(Clone, Copy, Debug)]
pub struct TrustRequest<'a> {
    /// The token of the trustor.
    pub token: &'a AuthToken,
    pub user: &'a str,
    pub project: &'a ProjectId,
    pub roles: &'a [String],
    pub expires: Timestamp,
}
