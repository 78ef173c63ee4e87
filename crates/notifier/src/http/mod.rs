//! HTTP to endpoints that tenants choose: guarded, bounded, and with connections that are kept.

mod client;
mod failure;
mod kept;
mod names;

pub use client::{HttpAnswer, HttpClient, HttpOptions};
pub use failure::HttpFailure;
pub use names::{LookUp, SystemNames};
