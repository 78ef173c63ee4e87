//! Names that clients choose, valid once made.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

/// Why a text is no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    #[error("{what} names may not be more than {max} characters long")]
    TooLong { what: &'static str, max: usize },
    #[error("{what} names may only contain ASCII letters, digits, underscores, dashes and dots")]
    BadCharacter { what: &'static str },
    #[error("{what} may not be empty")]
    Empty { what: &'static str },
    #[error("project ids may not be more than {max} characters long")]
    ProjectTooLong { max: usize },
    #[error("project ids may not contain control characters")]
    ProjectBadCharacter,
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &self.0)
            }
        }
    };
}

text! {
    /// A queue's name: 1 to 64 of ASCII letters, digits, `_`, `-`, `.` (upstream: `QUEUE_NAME_REGEX`).
    QueueName
}

/// A topic's name follows the rules of a queue's.
pub type TopicName = QueueName;

impl QueueName {
    pub const MAX_LENGTH: usize = 64;

    pub fn new(name: &str) -> Result<Self, InvalidName> {
        identifier("queue", name, Self::MAX_LENGTH).map(Self)
    }

    /// The name of each project's confirmations.
    pub(crate) fn of_confirmations() -> Self {
        Self("confirmations".into())
    }
}

text! {
    /// A pool's name: 1 to 64 of ASCII letters, digits, `_`, `-`, `.`.
    PoolName
}

impl PoolName {
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        identifier("pool", name, 64).map(Self)
    }
}

text! {
    /// A flavor's name: 1 to 64 of ASCII letters, digits, `_`, `-`, `.`.
    FlavorName
}

impl FlavorName {
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        identifier("flavor", name, 64).map(Self)
    }
}

fn identifier(what: &'static str, name: &str, max: usize) -> Result<Arc<str>, InvalidName> {
    if name.is_empty() {
        return Err(InvalidName::Empty { what });
    }
    if name.chars().count() > max {
        return Err(InvalidName::TooLong { what, max });
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')) {
        return Err(InvalidName::BadCharacter { what });
    }
    Ok(name.into())
}

text! {
    /// The Keystone project (tenant) that owns a queue: 1 to 256 characters.
    ProjectId
}

impl ProjectId {
    pub const MAX_LENGTH: usize = 256;

    pub fn new(id: &str) -> Result<Self, InvalidName> {
        if id.is_empty() {
            return Err(InvalidName::Empty { what: "project" });
        }
        if id.chars().count() > Self::MAX_LENGTH {
            return Err(InvalidName::ProjectTooLong { max: Self::MAX_LENGTH });
        }
        if id.chars().any(char::is_control) {
            return Err(InvalidName::ProjectBadCharacter);
        }
        Ok(Self(id.into()))
    }
}

text! {
    /// Tells one client program from another, so that it need not be shown its own messages.
    ClientId
}

impl ClientId {
    /// Any text; the spellings of one UUID (upper case, braces, `urn:uuid:`) become the same id.
    pub fn new(text: &str) -> Self {
        Self::uuid(text).unwrap_or_else(|| Self(text.into()))
    }

    /// Only a UUID, in any of the spellings that Python's `uuid.UUID` takes.
    pub fn uuid(text: &str) -> Option<Self> {
        parse_uuid(text).map(|id| Self((&*id.hyphenated().encode_lower(&mut Uuid::encode_buffer())).into()))
    }
}

/// Python's `uuid.UUID(text)`: `urn:` and `uuid:` are dropped, braces stripped, hyphens ignored wherever they stand.
fn parse_uuid(text: &str) -> Option<Uuid> {
    // Nearly all are of the usual forms.
    if let Ok(id) = Uuid::try_parse(text) {
        return Some(id);
    }
    if text.len() > 64 {
        return None;
    }
    let bare = text.replace("urn:", "").replace("uuid:", "");
    let hex: String = bare.trim_matches(|c| c == '{' || c == '}').chars().filter(|c| *c != '-').collect();
    if hex.len() != 32 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u128::from_str_radix(&hex, 16).ok().map(Uuid::from_u128)
}

#[cfg(test)]
mod tests {
    use super::{ClientId, InvalidName, ProjectId, QueueName};

    #[test]
    fn a_queue_name_is_short_plain_ascii() {
        assert!(QueueName::new("fizbit-1_a.B").is_ok());
        assert!(QueueName::new(&"n".repeat(64)).is_ok());
        assert_eq!(QueueName::new(&"n".repeat(65)), Err(InvalidName::TooLong { what: "queue", max: 64 }));
        for bad in ["", "a b", "queue\n", "naïve", "a/b", "\0"] {
            assert!(QueueName::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_project_id_is_at_most_256_characters() {
        assert!(ProjectId::new(&"é".repeat(256)).is_ok());
        assert!(ProjectId::new(&"p".repeat(257)).is_err());
        assert!(ProjectId::new("").is_err());
        assert!(ProjectId::new("a\u{0}b").is_err());
    }

    #[test]
    fn spellings_of_one_uuid_are_one_client() {
        let plain = ClientId::new("3381af92-2b9e-11e3-b191-71861300734c");
        for same in ["{3381AF92-2B9E-11E3-B191-71861300734C}", "urn:uuid:3381af922b9e11e3b19171861300734c"] {
            assert_eq!(ClientId::uuid(same), Some(plain.clone()));
        }
        assert_eq!(ClientId::uuid("not-a-uuid"), None);
        assert_eq!(ClientId::new("any client").as_str(), "any client");
    }
}
