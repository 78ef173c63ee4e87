//! A key that messages are encrypted with.

use std::fmt;
use std::num::NonZeroU32;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use ring::error::Unspecified;
use ring::{digest, hkdf, hmac, pbkdf2};
use zaqar_model::IdSource;
use zeroize::Zeroizing;

use super::envelope::Header;

const LENGTH: usize = 32;

/// What tells the uses of a key apart.
const FOR_THE_ID: &[u8] = b"zaqar message key id";
const FOR_A_MESSAGE: &[u8] = b"zaqar message";

/// How a key is made of a passphrase. The salt is the same everywhere, since all servers of a site must come to the same
/// key; the many rounds make guessing slow.
const PASSPHRASE_SALT: &[u8] = b"zaqar message_encryption_key";
const PASSPHRASE_ROUNDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(599_999);

/// Names a key in what it has encrypted and in logs. It follows from the key and tells nothing of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyId([u8; Self::LENGTH]);

impl KeyId {
    pub(super) const LENGTH: usize = 8;

    pub(super) const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// 256 secret bits. Nothing shows them, and they are wiped when the key goes.
pub struct Key {
    id: KeyId,
    secret: Zeroizing<[u8; LENGTH]>,
}

impl Key {
    fn new(secret: Zeroizing<[u8; LENGTH]>) -> Self {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &*secret), FOR_THE_ID);
        let mut id = [0; KeyId::LENGTH];
        id.copy_from_slice(&tag.as_ref()[..KeyId::LENGTH]);
        Self { id: KeyId(id), secret }
    }

    /// A new key from a source that no one can guess.
    pub fn random(ids: &dyn IdSource) -> Self {
        // An id has some fixed bits: four of them have random bits enough, and the hash spreads them.
        let mut drawn = Zeroizing::new([0; 64]);
        for part in drawn.chunks_exact_mut(16) {
            part.copy_from_slice(&ids.next_u128().to_be_bytes());
        }
        let digest = digest::digest(&digest::SHA256, &*drawn);
        let mut secret = Zeroizing::new([0; LENGTH]);
        secret.copy_from_slice(digest.as_ref());
        Self::new(secret)
    }

    /// The key that `text` spells out: 32 bytes in base64, or in 64 hexadecimal digits.
    pub fn spelled_out(text: &str) -> Option<Self> {
        let spellings = [BASE64_STANDARD.decode(text).ok(), from_hexadecimal(text)];
        spellings.into_iter().flatten().map(Zeroizing::new).find_map(|bytes| {
            let secret: &[u8; LENGTH] = bytes.as_slice().try_into().ok()?;
            Some(Self::new(Zeroizing::new(*secret)))
        })
    }

    /// A key made of any text: as hard to guess as the text, and slow to make (PBKDF2).
    pub fn from_passphrase(text: &str) -> Self {
        let mut secret = Zeroizing::new([0; LENGTH]);
        let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
        pbkdf2::derive(algorithm, PASSPHRASE_ROUNDS, PASSPHRASE_SALT, text.as_bytes(), &mut *secret);
        Self::new(secret)
    }

    /// What [`Key::spelled_out`] reads.
    pub fn spell_out(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64_STANDARD.encode(*self.secret))
    }

    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The key of the one message with this header, by HKDF (RFC 5869).
    pub(super) fn for_message(&self, header: &Header) -> Result<LessSafeKey, Unspecified> {
        let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, &header.salt).extract(&*self.secret);
        let key = extracted.expand(&[FOR_A_MESSAGE], &AES_256_GCM)?;
        Ok(LessSafeKey::new(UnboundKey::from(key)))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, ***)", self.id)
    }
}

fn from_hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let (pairs, []) = digits.as_deref()?.as_chunks::<2>() else { return None };
    Some(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use zaqar_model::RandomIds;

    use super::Key;

    #[test]
    fn a_key_is_spelled_out_in_base64_or_hexadecimal() {
        let key = Key::random(&RandomIds);
        let hexadecimal: String = key.secret.iter().map(|byte| format!("{byte:02x}")).collect();
        for text in [key.spell_out().to_string(), hexadecimal.to_uppercase(), hexadecimal] {
            let read = Key::spelled_out(&text).unwrap();
            assert_eq!((read.id(), &*read.secret), (key.id(), &*key.secret));
        }
        for text in
            ["", "AES256", "correct horse battery staple", &"0".repeat(63), &"0".repeat(65), &"é".repeat(32)]
        {
            assert!(Key::spelled_out(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_passphrase_makes_the_same_key_on_every_server() {
        // python3: hashlib.pbkdf2_hmac("sha256", b"correct horse", b"zaqar message_encryption_key", 600_000)
        let key = Key::from_passphrase("correct horse");
        assert_eq!(key.spell_out().as_str(), "DyJkmWa6hhvvqKnZUB36TULEWUqj+Gb6XjNL+Qz8Bko=");
        // python3: hmac.new(key, b"zaqar message key id", "sha256").hexdigest()[:16]
        assert_eq!(key.id().to_string(), "a1e9b7a129da32ac");
    }

    #[test]
    fn every_random_key_is_another() {
        let (one, other) = (Key::random(&RandomIds), Key::random(&RandomIds));
        assert_ne!(*one.secret, *other.secret);
        assert_ne!(one.id(), other.id());
    }

    #[test]
    fn nothing_shows_a_key() {
        let key = Key::random(&RandomIds);
        assert_eq!(format!("{key:?}"), format!("Key({}, ***)", key.id()));
    }
}
