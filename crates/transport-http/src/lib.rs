//! REST v2.
//!
//! Here live the route table (`routes.rs`) and its description (`openapi`), what a request must have before anybody
//! looks at it (`credentials.rs`, `identity.rs`), one file of handlers a noun, one table from domain errors to statuses
//! (`errors.rs`), and the connections (`serve`). What upstream's web framework does in ways of its own is in `falcon`.
//! No rule of Zaqar lives here: a handler reads a request, calls the domain and writes the answer.

mod body;
mod cors;
mod credentials;
mod errors;
mod exchange;
mod falcon;
mod handlers;
mod identity;
mod json;
mod openapi;
mod operations;
mod parameters;
mod request_id;
mod request_log;
mod respond;
mod router;
mod routes;
mod serve;
mod service;

pub use cors::{Cors, CorsOptions};
pub use openapi::of_every_route as openapi;
pub use serve::{PROTOCOLS, ServeOptions, serve};
pub use service::{HttpOptions, HttpService};
