//! The WebSocket interface over real sockets, tested with another implementation of the protocol.

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
