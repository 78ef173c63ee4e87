//! The SQL management store: `[drivers:management_store:sqlalchemy]`.

use crate::secret::Secret;
use crate::section::section;

section! {
    /// A store in an SQL database.
    pub struct Sqlalchemy;

    /// The SQLAlchemy URL of the database.
    uri: Secret = "sqlite:///:memory:";
}
