//! Messages: posted, listed, shown, removed.

pub(crate) mod checksum;
mod delete;
mod get;
mod list;
mod marker;
mod post;
mod python_json;
mod remove;

pub use list::{Listed, MessageListing, NextPage};
pub(crate) use marker::{is_marker, write_marker};
pub use post::{Draft, Posting};
pub use remove::{Removal, Removed};
