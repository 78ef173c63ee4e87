//! Messages: posted, listed, shown, removed.

pub(crate) mod checksum;
mod delete;
mod get;
mod list;
mod post;
mod python_json;
mod remove;

pub(crate) use list::is_marker;
pub use list::{Listed, MessageListing, NextPage};
pub use post::{Draft, Posting};
pub use remove::{Removal, Removed};
