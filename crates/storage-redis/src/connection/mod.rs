//! Where the servers are, the connections to them, and what may be said of a request whose answer does not come.
//!
//! The client library carries bytes and reads answers; everything that decides is here. Its cluster client repeats a
//! command of which it does not know whether it was done, and its other connections stay dead. The keys of a store lie in a
//! fixed number of shards, so all that routing takes is one table.

mod address;
mod dialer;
mod error;
mod link;
mod node;
mod replication;
mod reply;
mod request;
mod servers;
mod topology;

pub(crate) use address::{Address, Login, Place};
pub(crate) use dialer::Dialer;
pub(crate) use link::Link;
pub(crate) use node::BackOff;
pub(crate) use replication::Replicas;
pub(crate) use reply::{Reply, damaged};
pub(crate) use request::{Effect, Patience, Request};
pub(crate) use servers::Servers;
