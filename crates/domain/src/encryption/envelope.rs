//! The sealed form of a body: a header in the clear, what was encrypted, and the tag that betrays any change.
//!
//! | bytes | field |
//! | --- | --- |
//! | 1 | [`Body::SEALED`]: AES-256-GCM as described here |
//! | 8 | id of the key |
//! | 16 | salt: with the key, it makes the key of this one message |
//! | 12 | nonce |
//! | … | encrypted: length of the checksum (1 byte), the checksum, the body |
//! | 16 | tag |

use bytes::Bytes;
use zaqar_model::{Body, IdSource};

use super::KeyId;

const KEY_AT: usize = 1;
const SALT_AT: usize = KEY_AT + KeyId::LENGTH;
const NONCE_AT: usize = SALT_AT + SALT_LENGTH;

pub(super) const SALT_LENGTH: usize = 16;
pub(super) const NONCE_LENGTH: usize = 12;
pub(super) const HEADER_LENGTH: usize = NONCE_AT + NONCE_LENGTH;

/// What stands in the clear before an encrypted message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) key: KeyId,
    pub(super) salt: [u8; SALT_LENGTH],
    pub(super) nonce: [u8; NONCE_LENGTH],
}

impl Header {
    /// For one message. Salt and nonce have more than 200 random bits together, so that they never meet again under one
    /// key, however many messages there are: with a random nonce alone, 2³² messages would be the most.
    pub(super) fn fresh(key: KeyId, ids: &dyn IdSource) -> Self {
        let mut nonce = [0; NONCE_LENGTH];
        nonce.copy_from_slice(&ids.next_u128().to_be_bytes()[16 - NONCE_LENGTH..]);
        Self { key, salt: ids.next_u128().to_be_bytes(), nonce }
    }

    pub(super) fn to_bytes(self) -> [u8; HEADER_LENGTH] {
        let mut bytes = [0; HEADER_LENGTH];
        bytes[0] = Body::SEALED;
        bytes[KEY_AT..SALT_AT].copy_from_slice(self.key.as_bytes());
        bytes[SALT_AT..NONCE_AT].copy_from_slice(&self.salt);
        bytes[NONCE_AT..].copy_from_slice(&self.nonce);
        bytes
    }

    /// The header, and what stands behind it.
    pub(super) fn split(sealed: &[u8]) -> Option<(Self, &[u8])> {
        let (&first, rest) = sealed.split_first()?;
        let (key, rest) = rest.split_first_chunk()?;
        let (&salt, rest) = rest.split_first_chunk()?;
        let (&nonce, rest) = rest.split_first_chunk()?;
        (first == Body::SEALED).then_some((Self { key: KeyId::from_bytes(*key), salt, nonce }, rest))
    }
}

/// What is encrypted: the body as the client sent it, and its checksum. A checksum in the clear would tell a guess at
/// the body from the body itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) body: Body,
    pub(super) checksum: Option<String>,
}

impl Content {
    /// How many bytes [`Content::write`] appends.
    pub(super) fn length(&self) -> usize {
        1 + self.checksum().len() + self.body.as_bytes().len()
    }

    /// `None`: the checksum is longer than any that there is.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        out.push(u8::try_from(self.checksum().len()).ok()?);
        out.extend_from_slice(self.checksum().as_bytes());
        out.extend_from_slice(self.body.as_bytes());
        Some(())
    }

    pub(super) fn read(bytes: &Bytes) -> Option<Self> {
        let (&length, rest) = bytes.split_first()?;
        let (checksum, body) = rest.split_at_checked(length.into())?;
        let checksum = std::str::from_utf8(checksum).ok()?;
        Some(Self {
            body: Body::from_bytes(bytes.slice_ref(body)),
            checksum: (!checksum.is_empty()).then(|| checksum.to_owned()),
        })
    }

    fn checksum(&self) -> &str {
        self.checksum.as_deref().unwrap_or_default()
    }
}
