//! PostgreSQL.

pub(crate) mod answer;
pub(crate) mod cluster;
pub(crate) mod psql;
pub(crate) mod shared;
