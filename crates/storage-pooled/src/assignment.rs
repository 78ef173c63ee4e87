//! Where a queue lives.

use zaqar_model::{PoolName, QueueMove};

/// Where a queue lives, or is to live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Assignment {
    Pool(PoolName),
    /// In the server's own message store: it is assigned to no pool.
    Virtual,
}

impl Assignment {
    /// Where a move leads to.
    pub(crate) fn after(noted: &QueueMove) -> Self {
        noted.to.clone().map_or(Self::Virtual, Self::Pool)
    }

    pub(crate) const fn pool(&self) -> Option<&PoolName> {
        match self {
            Self::Pool(name) => Some(name),
            Self::Virtual => None,
        }
    }
}
