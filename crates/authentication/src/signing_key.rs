//! A key that signs pre-signed URLs. It may have an id, which prefixes its signatures, so that the right one of
//! several keys can be found.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const MAX_ID_LENGTH: usize = 32;

/// HMAC-SHA256. A signature is lower-case hexadecimal.
#[derive(Clone)]
pub(crate) struct SigningKey(Vec<u8>);

impl SigningKey {
    pub(crate) fn new(secret: &str) -> Self {
        Self(secret.as_bytes().to_vec())
    }

    pub(crate) fn sign(&self, text: &str) -> String {
        self.mac(text).finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Takes constant time.
    pub(crate) fn verifies(&self, text: &str, signature: &str) -> bool {
        decode(signature).is_some_and(|signature| self.mac(text).verify_slice(&signature).is_ok())
    }

    #[allow(clippy::expect_used, reason = "HMAC takes keys of any length (RFC 2104)")]
    fn mac(&self, text: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length");
        mac.update(text.as_bytes());
        mac
    }
}

/// Hides the key.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(***)")
    }
}

/// A key with its id.
#[derive(Clone, Debug)]
pub struct NamedKey {
    id: String,
    pub(crate) key: SigningKey,
}

/// Why a text is not a key with an id. The text of the key never appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadNamedKey {
    #[error("write it as id:key")]
    NoId,
    #[error("its id must be 1 to {MAX_ID_LENGTH} letters, digits, `-` and `_`")]
    BadId,
    #[error("the key after the id is missing")]
    NoKey,
}

impl NamedKey {
    /// Parses `id:key`. The key may contain colons.
    pub fn read(text: &str) -> Result<Self, BadNamedKey> {
        let (id, secret) = text.split_once(':').ok_or(BadNamedKey::NoId)?;
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !(1..=MAX_ID_LENGTH).contains(&id.len()) || !id.bytes().all(is_part) {
            return Err(BadNamedKey::BadId);
        }
        if secret.is_empty() {
            return Err(BadNamedKey::NoKey);
        }
        Ok(Self { id: id.to_owned(), key: SigningKey::new(secret) })
    }

    /// Not a secret: signatures contain it.
    pub fn id(&self) -> &str {
        &self.id
    }
}

fn decode(signature: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = signature.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::{BadNamedKey, NamedKey};

    #[test]
    fn a_key_has_an_id_before_a_colon() {
        let key = NamedKey::read("2026-11_a:se:cret").unwrap();
        assert_eq!(key.id(), "2026-11_a");
        let refused = |text: &str| NamedKey::read(text).err();
        assert_eq!(refused("secret"), Some(BadNamedKey::NoId));
        assert_eq!(refused("a:"), Some(BadNamedKey::NoKey));
        for id in ["", "a.b", "a b", "é", &"x".repeat(33)] {
            assert_eq!(refused(&format!("{id}:secret")), Some(BadNamedKey::BadId), "{id}");
        }
    }
}
