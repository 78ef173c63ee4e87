//! The JSON of requests and responses.

pub(crate) mod fields;
pub(crate) mod filter;
mod lenient;
pub(crate) mod pools;
pub(crate) mod read;
pub(crate) mod resend;
pub(crate) mod write;
