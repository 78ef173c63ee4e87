//! The behaviour of falcon, upstream's web framework, that clients see: query strings, `Accept`, links.

pub(crate) mod accept;
mod links;
mod query;

pub(crate) use links::Link;
pub(crate) use query::{InvalidParameter, Query, integer};

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Decodes the escapes of a path. Invalid UTF-8 becomes replacement characters.
pub(crate) fn decode_path(path: &str) -> Cow<'_, str> {
    percent_decode_str(path).decode_utf8_lossy()
}
