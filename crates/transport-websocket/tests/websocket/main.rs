//! The WebSocket interface over real sockets, with another implementation's view of the wire where bytes matter.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod actions;
mod compression;
mod connections;
mod differences;
mod fixture;
mod hostile;
mod names;
mod presigned;
mod raw;
mod subscriptions;
mod topics;
mod walk;
mod whole_table;
