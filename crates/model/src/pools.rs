//! Pools: message stores that queues are spread over.

use std::borrow::Cow;
use std::fmt;

use crate::{Destination, FlavorName, Metadata, MoveId, PoolName};

/// How likely a pool is chosen for a new queue, in proportion to the others of its flavor. 0: never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PoolWeight(pub u32);

/// A registered message store.
#[derive(Clone, PartialEq)]
pub struct Pool {
    pub name: PoolName,
    /// Where the store is and by which driver it is reached. May hold a password: it is shown to administrators only.
    pub uri: String,
    pub weight: PoolWeight,
    pub flavor: Option<FlavorName>,
    /// Options of the driver. May hold a password, too.
    pub options: Metadata,
}

impl Pool {
    /// Its URI for logs and error texts: only the scheme of one that may hold a password.
    pub fn shown_uri(&self) -> Cow<'_, str> {
        // A password stands before an `@` or in a query, and nothing tells for certain where it ends.
        if !self.uri.contains(['@', '?']) {
            return Cow::Borrowed(&self.uri);
        }
        let scheme = self.uri.split_once("://").map_or("", |(scheme, _)| scheme);
        if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')) {
            Cow::Owned(format!("{scheme}://***"))
        } else {
            Cow::Borrowed("***")
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("name", &self.name)
            .field("uri", &self.shown_uri())
            .field("weight", &self.weight)
            .field("flavor", &self.flavor)
            .finish_non_exhaustive()
    }
}

/// A queue that is on its way to another pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueMove {
    pub queue: Destination,
    /// Where it is to live. `None`: in the virtual pool.
    pub to: Option<PoolName>,
    /// Every pool in which something of it may be found until the move is over.
    pub pools: Vec<PoolName>,
    /// The latest attempt at it: whoever begins another notes it here first.
    pub attempt: Option<MoveId>,
}

#[cfg(test)]
mod tests {
    use super::{Pool, PoolWeight};
    use crate::{Metadata, PoolName};

    #[test]
    fn a_password_in_a_uri_is_not_shown() {
        for (uri, shown) in [
            ("embedded:///var/lib/one", "embedded:///var/lib/one"),
            ("redis://host:6379/1", "redis://host:6379/1"),
            ("localhost:27017", "localhost:27017"),
            ("redis://:secret@host", "redis://***"),
            ("mongodb+srv://user:se/c@re?t@host/db", "mongodb+srv://***"),
            ("postgres://host/db?password=secret", "postgres://***"),
            ("secret@host", "://***"),
            ("user:secret@x://host", "***"),
        ] {
            let pool = Pool {
                name: PoolName::new("one").unwrap(),
                uri: uri.to_owned(),
                weight: PoolWeight(1),
                flavor: None,
                options: Metadata::default(),
            };
            assert_eq!(pool.shown_uri(), shown);
            assert!(format!("{pool:?}").contains(&format!("{shown:?}")), "{pool:?}");
        }
    }
}
