//! Attempts to send requests to confirm: recorded among the attempts of the subscription.

use std::borrow::Cow;
use std::sync::Arc;

use tokio::sync::oneshot;
use zaqar_model::{ConfirmationAttempt, SubscriptionId, Timestamp};
use zaqar_storage::StorageResult;

use crate::EmbeddedMessageStore;
use crate::deliveries::recording::encode_attempt;
use crate::log::LoggedAttempt;
use crate::queues::Queue;
use crate::writer::Operation;

impl EmbeddedMessageStore {
    /// `None` if the subscription is gone.
    pub(crate) fn keep_confirmation(
        &self,
        queue: &Arc<Queue>,
        subscription: SubscriptionId,
        attempt: ConfirmationAttempt,
        now: Timestamp,
    ) -> StorageResult<Option<oneshot::Receiver<StorageResult<()>>>> {
        let ConfirmationAttempt { kind, request, attempt, end } = attempt;
        let mut locked = self.queues.lock_at(queue, now).here()?;
        if locked.index.subscriptions.get(subscription).is_none() {
            return Ok(None);
        }
        let mut records = Vec::with_capacity(256);
        let record = LoggedAttempt {
            destination: queue.number,
            subscription,
            number: locked.index.attempts.next_number(subscription),
            message: request,
            confirmation: Some(kind),
            attempt: Cow::Owned(attempt),
            end,
        };
        let attempts = vec![encode_attempt(&record, &mut records)];
        let (reply, receiver) = oneshot::channel();
        let queue = Arc::clone(queue);
        locked.last_ticket = self.writer.submit(Operation::Attempts { queue, records, attempts, reply })?;
        Ok(Some(receiver))
    }
}
