//! How falcon, upstream's web framework, reads and writes what is not Zaqar's own: query strings, `Accept`, links. It
//! is part of the wire.

pub(crate) mod accept;
mod links;
mod query;

pub(crate) use links::Link;
pub(crate) use query::{Query, integer};

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A path with its escapes resolved. What is not UTF-8 becomes replacement characters.
pub(crate) fn decode_path(path: &str) -> Cow<'_, str> {
    percent_decode_str(path).decode_utf8_lossy()
}
