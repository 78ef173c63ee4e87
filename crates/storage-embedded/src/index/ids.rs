//! Message ids. Most follow from the sequence number; those of messages from elsewhere are listed here.

use std::collections::HashMap;

use zaqar_model::MessageId;

use super::QueueIndex;
use crate::log::ForeignId;

#[derive(Debug, Default)]
pub(super) struct ForeignIds {
    sequence_of: HashMap<MessageId, u64>,
    id_of: HashMap<u64, ForeignId>,
}

impl ForeignIds {
    pub(super) fn insert(&mut self, sequence: u64, foreign: ForeignId) {
        self.sequence_of.insert(foreign.id, sequence);
        self.id_of.insert(sequence, foreign);
    }
}

impl QueueIndex {
    pub(crate) fn id_of(&self, sequence: u64) -> MessageId {
        let foreign = self.ids.id_of.get(&sequence).map(|foreign| foreign.id);
        foreign.unwrap_or_else(|| native_id(self.id_prefix, sequence))
    }

    /// The id, if it does not follow from the sequence number.
    pub(crate) fn foreign_id_of(&self, sequence: u64) -> Option<ForeignId> {
        self.ids.id_of.get(&sequence).copied()
    }

    /// Whether a message was posted to this queue, so that subscribers are owed it.
    pub(crate) fn is_posted(&self, sequence: u64) -> bool {
        self.ids.id_of.get(&sequence).is_none_or(|foreign| foreign.posted)
    }

    /// The sequence number of a live message.
    pub(crate) fn find(&self, id: MessageId) -> Option<u64> {
        if let Some(sequence) = self.ids.sequence_of.get(&id) {
            return self.get(*sequence).is_some().then_some(*sequence);
        }
        let sequence = native_sequence(self.id_prefix, id)?;
        // A message from elsewhere is not found by the id that its sequence number would give it.
        let here = self.get(sequence).is_some() && !self.ids.id_of.contains_key(&sequence);
        here.then_some(sequence)
    }

    /// The sequence number of a message, live or gone.
    pub(crate) fn sequence_of(&self, id: MessageId) -> Option<u64> {
        self.ids.sequence_of.get(&id).copied().or_else(|| native_sequence(self.id_prefix, id))
    }

    pub(super) fn forget_id(&mut self, sequence: u64) {
        if let Some(ForeignId { id, .. }) = self.ids.id_of.remove(&sequence)
            && self.ids.sequence_of.get(&id) == Some(&sequence)
        {
            self.ids.sequence_of.remove(&id);
        }
    }
}

/// The id of the message that was posted with this sequence number.
pub(crate) fn native_id(id_prefix: u64, sequence: u64) -> MessageId {
    MessageId::from_u128((u128::from(id_prefix) << 64) | u128::from(sequence))
}

fn native_sequence(id_prefix: u64, id: MessageId) -> Option<u64> {
    let id = id.as_u128();
    let sequence = id & u128::from(u64::MAX);
    (id >> 64 == u128::from(id_prefix)).then(|| u64::try_from(sequence).unwrap_or_default())
}
