//! Requests to confirm, as subscribers get them: with a pre-signed URL by which they answer without a token.

mod endpoints;
mod notice;

pub use endpoints::PublicEndpoints;
pub use notice::Confirmations;
