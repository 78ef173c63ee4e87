//! Real servers for tests, each on a port and in a directory of its own.
//!
//! * [`Postgres`], its standbys, and [`PgBouncer`] before it.
//! * [`Redis`] of either [`Engine`], [`Sentinels`] and [`Cluster`].
//! * [`Nginx`], which stands before several servers of ours.
//! * A [`Process`] of each is killed, paused and started again as a test says.
//! * [`Proxy`] is a line to a server that a test cuts in the middle of a request.
//! * [`SharedPostgres`] is one PostgreSQL for all tests of a run, [`SharedRedis`] one Redis and one Valkey. The test that
//!   comes first starts it, and it ends some seconds after the last. Each test has a [`Database`] of its own.
//!
//! Nothing stays: a server ends with the test that started it, when that test panics or is killed, too.
//! `scripts/install-test-tools` installs the programs. Where one is missing the test fails, and says so.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod account;
mod directory;
mod nginx;
mod ports;
mod postgres;
mod process;
mod programs;
mod proxy;
mod redis;
mod shared;
mod wait;

pub use nginx::Nginx;
pub use postgres::Postgres;
pub use postgres::pgbouncer::PgBouncer;
pub use postgres::shared::{Database, SharedPostgres};
pub use process::Process;
pub use proxy::{Cut, Cutter, Proxy};
pub use redis::cluster::Cluster;
pub use redis::sentinels::Sentinels;
pub use redis::shared::{RedisDatabase, SharedRedis};
pub use redis::{Engine, Redis};
