//! HTTP to endpoints that tenants choose: guarded, bounded, and with connections that are kept.

mod client;
mod connections;
mod failure;
mod headers;
mod kept;
mod names;
mod target;

pub use client::{HttpAnswer, HttpClient, HttpOptions};
pub use failure::HttpFailure;
pub use headers::{Headers, TooManyHeaders};
pub use names::{LookUp, SystemNames};
pub use target::{BadUrl, Target};
