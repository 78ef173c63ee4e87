//! The body of a message as stores keep it.

use std::fmt;

use bytes::Bytes;

use crate::JsonText;

/// The body of a message: a client's JSON text or, where messages are encrypted, that text sealed. A store keeps the
/// bytes as they are and never asks which of the two they are. Only the domain makes sealed ones, and opens them before
/// a client sees them.
#[derive(Clone, PartialEq, Eq)]
pub struct Body(Bytes);

impl Body {
    /// The first byte of every sealed body. No JSON text begins with it, so no client can post a text that is taken for
    /// a sealed one.
    pub const SEALED: u8 = 1;

    /// Takes what [`Body::as_bytes`] was before: read back from a store, or just sealed.
    pub const fn from_bytes(bytes: Bytes) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    pub fn is_sealed(&self) -> bool {
        self.0.first() == Some(&Self::SEALED)
    }
}

impl From<JsonText> for Body {
    fn from(text: JsonText) -> Self {
        Self(text.into_bytes())
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_sealed() {
            return write!(f, "sealed, {} bytes", self.0.len());
        }
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::Body;
    use crate::JsonText;

    #[test]
    fn no_json_text_passes_for_a_sealed_body() {
        for first in 0..=u8::MAX {
            for text in [vec![first], vec![first, b'1'], vec![first, b'}'], vec![first, b'"']] {
                if let Ok(text) = JsonText::parse(Bytes::from(text)) {
                    assert!(!Body::from(text).is_sealed());
                }
            }
        }
        assert!(Body::from_bytes(Bytes::from_static(&[Body::SEALED])).is_sealed());
    }
}
