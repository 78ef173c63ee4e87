//! What the tests of the binary share: a server in a process of its own, and a small HTTP client.
//!
//! Every server gets a private directory and free ports, and is known to be ready by the line that it prints, so no
//! test waits by the clock or depends on another.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

pub(crate) mod certificates;
pub(crate) mod http;
pub(crate) mod installation;
pub(crate) mod keystone;
pub(crate) mod lines;
pub(crate) mod pools;
pub(crate) mod ports;
pub(crate) mod postgresql;
pub(crate) mod queues;
pub(crate) mod receiver;
pub(crate) mod redis;
pub(crate) mod server;
pub(crate) mod service;
pub(crate) mod smtp;
pub(crate) mod tools;
