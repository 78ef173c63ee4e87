//! Posts messages.

use std::sync::Arc;

use zaqar_model::{
    Caller, ClientId, DelaySeconds, DestinationKind, DestinationName, JsonText, MessageId, NewMessage, Queue,
    TtlSeconds,
};
use zaqar_storage::{Post, StorageError, StorageResult};

use super::checksum;
use crate::limits::{MIN_MESSAGE_TTL, seconds_within};
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::queues::{Attributes, NewQueue};
use crate::repeat::repeat;
use crate::{Error, Failure, Result, Zaqar};

/// A message as a client wishes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub ttl: Option<i64>,
    pub delay: Option<i64>,
    pub body: JsonText,
}

/// A post under way. It is allowed and its queue is known, so that a transport can ask how much may be sent before it
/// reads the messages. Nothing has changed yet.
#[derive(Debug)]
pub struct Posting<'a> {
    zaqar: &'a Zaqar,
    client: ClientId,
    caller: &'a Caller,
    name: &'a DestinationName,
    /// `None`: it is made when the messages are good.
    queue: Option<Arc<Queue>>,
    attributes: Attributes,
}

impl Zaqar {
    pub async fn begin_post<'a>(
        &'a self,
        caller: &'a Caller,
        name: &'a DestinationName,
    ) -> Result<Posting<'a>> {
        self.permit(caller, Rule::MessagesCreate)?;
        let client = caller.client.clone().ok_or_else(|| Error::invalid("A client id is required."))?;
        let queue =
            self.find(&caller.project, name).await.map_err(|source| lookup_failed(name.kind, source))?;
        let attributes = queue.as_ref().map(|queue| Attributes::of(&queue.metadata)).unwrap_or_default();
        Ok(Posting { zaqar: self, client, caller, name, queue, attributes })
    }
}

impl Posting<'_> {
    /// How many bytes the request may have.
    pub fn max_size(&self) -> u64 {
        let configured = self.zaqar.limits.max_messages_post_size;
        self.attributes.max_post_size.map_or(configured, |own| own.min(configured))
    }

    /// The answer to a request with more bytes.
    pub fn too_large(&self) -> Error {
        let configured = self.zaqar.limits.max_messages_post_size;
        Error::Invalid(match self.attributes.max_post_size {
            Some(own) => format!(
                "Message collection size is too large. The max size for current queue is {}. It is calculated by max \
                 size = min(max_messages_post_size_config: {configured}, max_messages_post_size_queue: {own}).",
                self.max_size()
            ),
            None => format!("Message collection size is too large. Max size {configured}"),
        })
    }

    /// Posts all of the messages or none; makes the queue if there is none. Answers the ids in the same order.
    pub async fn post(mut self, mut drafts: Vec<Draft>) -> Result<Vec<MessageId>> {
        let (zaqar, caller, name) = (self.zaqar, self.caller, self.name);
        let answer = pass!(zaqar.pipelines.messages, stage => stage.post_messages(caller, name, &mut drafts));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        if drafts.is_empty() {
            return Err(Error::invalid("No messages to enqueu."));
        }
        let mut new = None;
        if self.queue.is_none() {
            let queue = zaqar.lazy_queue(caller, name).await?;
            self.attributes = Attributes::of(&queue.metadata);
            new = Some(queue);
        }
        let mut messages: Vec<_> =
            drafts.into_iter().map(|draft| self.message(draft)).collect::<Result<_>>()?;
        if self.attributes.encrypts {
            zaqar.seal(&caller.project, &mut messages)?;
        }
        let queue = match &self.queue {
            Some(queue) => Arc::clone(queue),
            None => self.make_queue(new.unwrap_or_default()).await?,
        };
        match self.store(&queue, &messages).await {
            // Deleted since it was found: as if the post had come a moment later.
            Err(StorageError::NotFound(_)) => {
                let queue = self.make_queue(zaqar.lazy_queue(caller, name).await?).await?;
                self.store(&queue, &messages).await
            }
            outcome => outcome,
        }
        .map_err(|source| Error::Unavailable { failure: Failure::PostMessages, source })
    }

    fn message(&self, draft: Draft) -> Result<NewMessage> {
        let limits = &self.zaqar.limits;
        let max_ttl = limits.max_message_ttl;
        let ttl = draft
            .ttl
            .unwrap_or_else(|| self.attributes.default_ttl.unwrap_or(limits.default_message_ttl).into());
        let ttl = seconds_within(ttl, MIN_MESSAGE_TTL, max_ttl).ok_or_else(|| {
            Error::invalid(format!(
                "The TTL for a message may not exceed {max_ttl} seconds, and must be at least {MIN_MESSAGE_TTL} \
                 seconds long."
            ))
        })?;
        let max_delay = limits.max_message_delay;
        let delay = draft
            .delay
            .unwrap_or_else(|| self.attributes.default_delay.unwrap_or(limits.default_message_delay).into());
        let delay = seconds_within(delay, 0, max_delay).ok_or_else(|| {
            Error::invalid(format!(
                "The Delay TTL for a message may not exceed {max_delay} seconds,and must be at least 0 seconds long."
            ))
        })?;
        let checksum = if limits.enable_checksum { checksum::of(&draft.body) } else { None };
        Ok(NewMessage {
            ttl: TtlSeconds::new(ttl),
            delay: DelaySeconds::new(delay),
            body: draft.body.into(),
            checksum,
        })
    }

    async fn make_queue(&self, new: NewQueue) -> Result<Arc<Queue>> {
        self.zaqar
            .stores
            .find_or_create(&self.caller.project, self.name, new, self.zaqar.now())
            .await
            .map_err(|source| lookup_failed(self.name.kind, source))
    }

    async fn store(&self, queue: &Queue, messages: &[NewMessage]) -> StorageResult<Vec<MessageId>> {
        let now = self.zaqar.now();
        let post = Post { batch: self.zaqar.next_batch(), client: &self.client, messages };
        repeat(|_| self.zaqar.stores.messages.post(&queue.destination, &post, now)).await
    }
}

/// A store that is away may be back in a moment. For one that is broken, upstream has no better answer than an internal
/// error, and its tests want it so.
fn lookup_failed(kind: DestinationKind, source: StorageError) -> Error {
    let failure = Failure::FindQueue(kind);
    match source {
        StorageError::Unavailable(_) | StorageError::OutcomeUnknown(_) => {
            Error::Unavailable { failure, source }
        }
        source => Error::Internal { failure, source },
    }
}
