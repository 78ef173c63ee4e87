//! Connections belong to tasks. A request hands in its work and waits; it never owns a statement, so one that is given up
//! breaks nothing off.

mod connector;
mod error;
mod hosts;
mod lane;
mod names;
mod pooler;
mod session;
mod single;
mod statements;
mod timeline;

pub(crate) use connector::Connector;
pub(crate) use error::Failed;
pub(crate) use lane::{Lane, Waiting, Work};
pub(crate) use session::{Session, Value, values};
pub(crate) use single::{Read, Write};
