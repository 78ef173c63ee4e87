//! The keys of a server: the first seals, all of them open.

use bytes::Bytes;
use ring::aead::{AES_256_GCM, Aad, Nonce};
use zaqar_model::{Body, IdSource, Message, NewMessage, ProjectId};

use super::envelope::{Content, HEADER_LENGTH, Header};
use super::{CannotOpen, CannotSeal, Key, Unreadable};

/// Without a key, nothing can be sealed, and of what is stored only that which is not sealed can be read.
#[derive(Debug, Default)]
pub struct Keyring {
    keys: Vec<Key>,
}

impl Keyring {
    /// New messages are encrypted with the first of the keys. The others are there for messages that are older.
    pub const fn new(keys: Vec<Key>) -> Self {
        Self { keys }
    }

    pub const fn can_seal(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Encrypts the message's body and checksum, for readers of this project alone.
    pub fn seal(
        &self,
        project: &ProjectId,
        ids: &dyn IdSource,
        message: &mut NewMessage,
    ) -> Result<(), CannotSeal> {
        let key = self.keys.first().ok_or(CannotSeal::NoKey)?;
        let header = Header::fresh(key.id(), ids);
        let content = Content { body: message.body.clone(), checksum: message.checksum.clone() };
        let length = HEADER_LENGTH + content.length() + AES_256_GCM.tag_len();
        let mut sealed = Vec::with_capacity(length);
        sealed.extend_from_slice(&header.to_bytes());
        content.write(&mut sealed).ok_or(CannotSeal::Failed)?;
        let tag = key
            .for_message(&header)
            .and_then(|key| {
                let nonce = Nonce::assume_unique_for_key(header.nonce);
                let bound = Aad::from(bound_to(&header, project));
                key.seal_in_place_separate_tag(nonce, bound, &mut sealed[HEADER_LENGTH..])
            })
            .map_err(|_| CannotSeal::Failed)?;
        sealed.extend_from_slice(tag.as_ref());
        message.body = Body::from_bytes(Bytes::from(sealed));
        message.checksum = None;
        Ok(())
    }

    /// Makes of sealed messages what they were before, of all or of none. Those that are not sealed stay as they are.
    pub fn open(&self, project: &ProjectId, messages: &mut [Message]) -> Result<(), CannotOpen> {
        let sealed = |message: &&mut Message| message.body.is_sealed();
        let mut contents = Vec::new();
        for message in messages.iter_mut().filter(sealed) {
            let content = self.content(project, &message.body);
            contents.push(content.map_err(|reason| CannotOpen {
                id: message.id,
                project: project.clone(),
                reason,
            })?);
        }
        for (message, content) in messages.iter_mut().filter(sealed).zip(contents) {
            message.body = content.body;
            message.checksum = content.checksum;
        }
        Ok(())
    }

    fn content(&self, project: &ProjectId, sealed: &Body) -> Result<Content, Unreadable> {
        let (header, encrypted) = Header::split(sealed.as_bytes()).ok_or(Unreadable::Changed)?;
        let key = self.keys.iter().find(|key| key.id() == header.key);
        let key = key.ok_or(Unreadable::UnknownKey(header.key))?;
        let mut opened = encrypted.to_vec();
        let length = key
            .for_message(&header)
            .and_then(|key| {
                let nonce = Nonce::assume_unique_for_key(header.nonce);
                let bound = Aad::from(bound_to(&header, project));
                key.open_in_place(nonce, bound, &mut opened).map(|opened| opened.len())
            })
            .map_err(|_| Unreadable::Changed)?;
        opened.truncate(length);
        Content::read(&Bytes::from(opened)).ok_or(Unreadable::Changed)
    }
}

/// What is not encrypted and yet must be as it was. Of where the message is only its project belongs to this: messages
/// move to dead-letter queues and between stores, but never to another project.
fn bound_to(header: &Header, project: &ProjectId) -> Vec<u8> {
    let mut bound = header.to_bytes().to_vec();
    bound.extend_from_slice(project.as_str().as_bytes());
    bound
}

#[cfg(test)]
mod tests;
