//! REST v2.
//!
//! Here live the route table (`routes.rs`) and its OpenAPI document (`openapi`), authentication and the checks of
//! every request (`credentials.rs`, `identity.rs`), one file of handlers per noun, the table from domain errors to
//! statuses (`errors.rs`), and the connections (`serve`). The behaviour of upstream's web framework is in `falcon`.
//! Zaqar's rules do not live here: a handler reads a request, calls the domain and writes the response.
//!
//! Dependencies point one way: `serve`, `service`, `dispatch`, `handlers`, `openapi`, `router`, `routes`, `operations`.

mod body;
mod cors;
mod credentials;
mod dispatch;
mod errors;
mod exchange;
mod falcon;
mod handlers;
mod headers;
mod identity;
mod json;
mod openapi;
mod operations;
mod panics;
mod parameters;
mod python_json;
mod request_id;
mod request_log;
mod respond;
mod router;
mod routes;
mod serve;
mod service;

pub use cors::{Cors, CorsOptions};
pub use openapi::complete as openapi;
pub use serve::{PROTOCOLS, ServeOptions, serve};
pub use service::{HttpOptions, HttpService};
