//! Real servers for tests, each on a port and in a directory of its own.
//!
//! * [`SharedPostgres`] is one PostgreSQL for all tests of a run. It is started by the test that comes first, and ends
//!   some seconds after the last. Each test has a [`Database`] of its own.
//!
//! Nothing stays: a server ends with the test that started it, when that test panics or is killed, too.
//! `scripts/install-test-tools` installs the programs. Where one is missing the test fails, and says so.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod account;
mod directory;
mod ports;
mod postgres;
mod programs;
mod shared;
mod wait;

pub use postgres::shared::{Database, SharedPostgres};
