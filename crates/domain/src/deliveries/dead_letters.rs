//! Messages that could not be delivered go to the dead-letter queue that the subscription names.

use bytes::Bytes;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use zaqar_model::{
    DelaySeconds, Delivery, DestinationName, JsonText, MessageId, NewMessage, StoredMessage, TtlSeconds,
};
use zaqar_storage::{Adoption, StorageError, StorageResult};

use super::LeasedDelivery;
use crate::Zaqar;
use crate::dead_letters::freed;
use crate::messages::checksum;
use crate::queues::{Attributes, NewQueue};
use crate::repeat::repeat;

impl Zaqar {
    /// Puts a delivery that is given up into the dead-letter queue of its subscription, if it names one. The queue is made
    /// if there is none, and its own subscribers are owed the letter. May be done again: the letter's id is always the same.
    ///
    /// A letter that cannot be delivered makes no other. So a dead-letter queue may have subscriptions whose dead-letter
    /// queue it is itself, or that lead back to it: what has failed once ends among the failures of the second.
    ///
    /// What arrives is a message of its own, since the one in the queue says nothing of the reason. Its body holds the
    /// body that could not be delivered; only one that cannot be decrypted arrives as it is. Its time to live counts anew,
    /// and is the default of its queue where that is longer: where the message has expired, or lives for a minute, there
    /// would be nothing to find otherwise.
    pub async fn dead_letter_delivery(
        &self,
        owed: &LeasedDelivery,
        attempts: u32,
        reason: &str,
    ) -> StorageResult<()> {
        let Delivery { subscription, message, .. } = &owed.delivery;
        let named = Attributes::of(&subscription.options);
        let Some(to) = named.dead_letter_queue.filter(|_| !message.is_letter) else { return Ok(()) };
        let project = &subscription.source.project;
        let now = self.now();
        let queue = self
            .stores
            .find_or_create(project, &DestinationName::queue(to), NewQueue::default(), now)
            .await?;
        let attributes = Attributes::of(&queue.metadata);
        let default_ttl = attributes.default_ttl.unwrap_or(self.limits.default_message_ttl);
        let own_ttl = message.message.ttl.get().max(default_ttl);
        let ttl = TtlSeconds::new(named.dead_letter_ttl.unwrap_or(own_ttl));
        let mut stored = freed(message.clone(), Some(ttl), now);
        stored.is_letter = true;
        stored.message.id = letter_id(&owed.delivery);
        if owed.unreadable.is_none() {
            let is_sealed = owed.is_sealed || attributes.encrypts;
            let letter = self.sealed_letter(&owed.delivery, attempts, reason, is_sealed)?;
            (stored.message.body, stored.message.checksum) = (letter.body, letter.checksum);
        }
        let (to, letters) = (&queue.destination, [stored]);
        repeat(|_| self.stores.messages.adopt(to, &letters, Adoption::Arrival, now)).await
    }

    /// The letter; what was encrypted stays so.
    fn sealed_letter(
        &self,
        delivery: &Delivery,
        attempts: u32,
        reason: &str,
        is_sealed: bool,
    ) -> StorageResult<NewMessage> {
        let body = letter(delivery, attempts, reason);
        let checksum = if self.limits.enable_checksum { checksum::of(&body) } else { None };
        let ttl = delivery.message.message.ttl;
        let mut letter = NewMessage { ttl, delay: DelaySeconds::new(0), body: body.into(), checksum };
        if is_sealed {
            let project = &delivery.subscription.source.project;
            self.keyring.seal(project, &*self.ids, &mut letter).map_err(StorageError::driver)?;
        }
        Ok(letter)
    }
}

/// The message may fail for several subscriptions that share a dead-letter queue.
fn letter_id(delivery: &Delivery) -> MessageId {
    let ids = [delivery.message.message.id.as_u128(), delivery.subscription.id.as_u128()];
    let hash = digest(&SHA256, &ids.map(u128::to_be_bytes).concat());
    let half = hash.as_ref().first_chunk().copied().unwrap_or_default();
    MessageId::from_u128(u128::from_be_bytes(half))
}

fn letter(delivery: &Delivery, attempts: u32, reason: &str) -> JsonText {
    let Delivery { subscription, message: StoredMessage { message, .. }, .. } = delivery;
    let about = json!({
        "reason": reason,
        "attempts": attempts,
        "queue_name": subscription.source.name.as_str(),
        "subscription_id": subscription.id.to_string(),
        "subscriber": Value::String(subscription.subscriber.clone()),
        "message_id": message.id.to_string(),
    });
    // The body is a JSON text already: it becomes the last member as it is.
    let mut text = about.to_string().into_bytes();
    text.pop();
    text.extend_from_slice(b",\"body\":");
    text.extend_from_slice(message.body.as_bytes());
    text.push(b'}');
    JsonText::from_checked(Bytes::from(text))
}
