//! Ports on which what comes is sent back.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod echo;
mod max_connections;
mod stopping;
mod tls;
