//! Messages: posted, listed, shown, removed.

mod batches;
pub(crate) mod checksum;
mod delete;
mod get;
mod list;
mod marker;
mod post;
mod python_json;
mod remove;

pub(crate) use batches::BatchIds;
pub use list::{Listed, MessageListing, NextPage};
pub(crate) use marker::{is_marker, start_of, write_marker};
pub use post::{Draft, Posting};
pub use remove::{Removal, Removed};
