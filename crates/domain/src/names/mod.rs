//! Names that nobody knows: which of them look like a slip, and what the client is told.
//!
//! As upstream does, a request is taken with members and parameters that nobody knows: they are passed over, or belong to
//! the client. So a slip in a name changes nothing and is told by nothing. What looks like one is answered with a warning:
//! a name near to a known one, and one that begins with `_` where such names belong to the service.
//!
//! Here live the names that both transports know, the rule, and the warnings of one request. The parameters of a query
//! are REST's own. How a warning travels is the transport's business.

mod documents;
mod known;
pub mod option;
mod slip;
mod warnings;

pub use known::{
    CLAIM, CONFIRMATION, FLAVOR, KnownNames, MESSAGE, METADATA, OPTIONS, POOL, POST, PURGE, RETRY_POLICY,
    SUBSCRIPTION,
};
pub use warnings::Warnings;
