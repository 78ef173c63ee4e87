//! Deliveries: what is owed to subscribers, for the engine that makes them. Nobody calls these in a request, so there is
//! no permission to check.

mod dead_letters;
mod lease;
mod record;

pub use lease::Owed;
