//! Which message of the store is which of the model: both number them in the order in which they were posted.

use std::collections::HashMap;

use zaqar_model::{Message, MessageId, StoredMessage};

/// A message by the number of its posting, over all queues.
pub(super) type Number = usize;

#[derive(Debug, Default)]
pub(super) struct Ledger {
    of_model: HashMap<MessageId, Number>,
    of_store: HashMap<MessageId, Number>,
    known: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    model: MessageId,
    store: MessageId,
    /// The queues that it has been in, by their index.
    queues: Vec<usize>,
}

impl Ledger {
    /// Notes messages that were posted to both; answers whether the store's ids are new.
    pub(super) fn posted(&mut self, queue: usize, model: &[MessageId], store: &[MessageId]) -> bool {
        let mut all_new = true;
        for (&model, &store) in model.iter().zip(store) {
            let number = self.known.len();
            self.of_model.insert(model, number);
            all_new &= self.of_store.insert(store, number).is_none();
            self.known.push(Known { model, store, queues: vec![queue] });
        }
        all_new
    }

    /// Notes that a message has been in this queue, too.
    pub(super) fn moved(&mut self, queue: usize, number: Number) {
        if !self.known[number].queues.contains(&queue) {
            self.known[number].queues.push(queue);
        }
    }

    /// Picks a late one of the messages that were ever in this queue, or, one time out of four, in any.
    pub(super) fn pick(&self, queue: usize, choice: usize) -> Option<Number> {
        let candidates: Vec<Number> = (0..self.known.len())
            .rev()
            .filter(|number| choice.is_multiple_of(4) || self.known[*number].queues.contains(&queue))
            .take(40)
            .collect();
        candidates.get((choice / 4) % candidates.len().max(1)).copied()
    }

    pub(super) fn model_id(&self, number: Number) -> MessageId {
        self.known[number].model
    }

    pub(super) fn store_id(&self, number: Number) -> MessageId {
        self.known[number].store
    }

    /// The model's message with its number as the id.
    pub(super) fn of_model(&self, message: Message) -> Message {
        numbered(&self.of_model, message)
    }

    /// The store's message with its number as the id.
    pub(super) fn of_store(&self, message: Message) -> Message {
        numbered(&self.of_store, message)
    }

    pub(super) fn model_number(&self, id: MessageId) -> Option<Number> {
        self.of_model.get(&id).copied()
    }

    pub(super) fn store_number(&self, id: MessageId) -> Option<Number> {
        self.of_store.get(&id).copied()
    }
}

fn numbered(numbers: &HashMap<MessageId, Number>, message: Message) -> Message {
    let number = numbers.get(&message.id).map_or(u128::MAX, |number| *number as u128);
    Message { id: MessageId::from_u128(number), ..message }
}

/// What was not delayed may say so in more than one way.
pub(super) fn settled(stored: StoredMessage) -> StoredMessage {
    StoredMessage { delayed_until: stored.delayed_until.max(stored.message.created), ..stored }
}
