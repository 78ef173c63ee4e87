//! Rights that users lend to this service.

use crate::{AuthToken, ProjectId, Timestamp};

/// Rights to be lent: a user's roles in a project, until a moment.
#[derive(Clone, Copy, Debug)]
pub struct TrustWish<'a> {
    /// Of the user who lends.
    pub token: &'a AuthToken,
    pub user: &'a str,
    pub project: &'a ProjectId,
    pub roles: &'a [String],
    pub expires: Timestamp,
}
