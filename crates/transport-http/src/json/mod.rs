//! The JSON of requests and answers.

mod lenient;
pub(crate) mod read;
pub(crate) mod write;
