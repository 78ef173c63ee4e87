//! Asks subscribers to confirm. What they are asked is kept as a message among the project's confirmations, so it is
//! delivered as surely as any other.

use std::sync::Arc;

use zaqar_model::{
    ClientId, ConfirmationKind, ConfirmationRequest, DelaySeconds, DestinationName, Metadata, NewMessage,
    ProjectId, Queue, Subscription, SubscriptionId, SubscriptionTtl, Timestamp, TtlSeconds,
};
use zaqar_storage::{Post, StorageError, StorageResult};

use crate::queues::NewQueue;
use crate::repeat::repeat;
use crate::{Error, Result, Zaqar};

/// No request is tried for longer: a day, in seconds.
const LONGEST: u64 = 24 * 60 * 60;

/// A try fails only if the project's last queue is deleted between two steps, and its confirmations with it.
const TRIES: usize = 10;

impl Zaqar {
    /// Whether a subscriber may be asked once more.
    pub(super) fn may_ask(&self, project: &ProjectId, subscriber: &str) -> Result<()> {
        let most = self.limits.max_confirmations_per_hour;
        if self.asked.count(project, subscriber, self.now()) < most {
            Ok(())
        } else {
            Err(Error::AskedTooOften(most))
        }
    }

    /// Keeps a request to a subscriber, who may answer until `expires`.
    pub(super) async fn ask(
        &self,
        kind: ConfirmationKind,
        of: &Subscription,
        expires: Timestamp,
    ) -> StorageResult<()> {
        let (now, source) = (self.now(), &of.source);
        self.asked.note(&source.project, &of.subscriber, now);
        let request = ConfirmationRequest { kind, source: source.clone(), subscription: of.id, expires };
        let ttl = expires.secs_since(now).clamp(1, LONGEST);
        let message = NewMessage {
            ttl: TtlSeconds::new(u32::try_from(ttl).unwrap_or(u32::MAX)),
            delay: DelaySeconds::new(0),
            body: request.body(),
            checksum: None,
        };
        let client = ClientId::new("zaqar");
        let mut outcome = Ok(());
        for _ in 0..TRIES {
            outcome = match self.confirmations(&source.project).await {
                Ok(to) => {
                    let (batch, messages) = (self.next_batch(), std::slice::from_ref(&message));
                    let post = Post { batch, client: &client, messages };
                    repeat(|_| self.stores.messages.post(&to.destination, &post, now)).await.map(|_| ())
                }
                Err(error) => Err(error),
            };
            if !matches!(outcome, Err(StorageError::NotFound(_))) {
                break;
            }
        }
        outcome
    }

    /// The confirmations of a project, made now if there are none, with the one subscription that they have.
    async fn confirmations(&self, project: &ProjectId) -> StorageResult<Arc<Queue>> {
        let confirmations = self
            .stores
            .find_or_create(project, &DestinationName::confirmations(), NewQueue::default(), self.now())
            .await?;
        let store = self.stores.messages.subscriptions_or_unsupported()?;
        let (source, now) = (&confirmations.destination, self.now());
        if store.find_subscriber(source, ConfirmationRequest::SUBSCRIBER, now).await?.is_some() {
            return Ok(confirmations);
        }
        let own = Subscription {
            id: SubscriptionId::from_u128(self.ids.next_u128()),
            source: source.clone(),
            subscriber: ConfirmationRequest::SUBSCRIBER.to_owned(),
            ttl: SubscriptionTtl::new(u64::MAX),
            renewed: now,
            options: Metadata::default(),
            confirmed: true,
            declined: false,
            notified: true,
            suspended: None,
        };
        match repeat(|_| store.subscribe(own.clone(), now)).await {
            // Another request came first.
            Ok(()) | Err(StorageError::Conflict(_)) => Ok(confirmations),
            Err(error) => Err(error),
        }
    }
}
