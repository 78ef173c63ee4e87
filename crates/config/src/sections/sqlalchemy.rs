//! The SQL management store: `[drivers:management_store:sqlalchemy]`.

use crate::secret::Secret;
use crate::section::section;

section! {
    /// A store in an SQL database.
    pub struct Sqlalchemy;

    /// Where the database is, as a URL of SQLAlchemy.
    uri: Secret = "sqlite:///:memory:";
}
