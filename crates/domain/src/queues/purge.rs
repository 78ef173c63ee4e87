//! Empties a queue.

use zaqar_model::{Caller, DestinationName, PageRequest, Queue};
use zaqar_storage::{StorageError, StorageResult};

use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::repeat::repeat;
use crate::subscriptions::EndReason;
use crate::{Error, Failure, Result, Zaqar};

/// What is removed from the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PurgeScope {
    pub messages: bool,
    pub subscriptions: bool,
}

impl PurgeScope {
    pub const EVERYTHING: Self = Self { messages: true, subscriptions: true };

    /// What these names say.
    pub fn named<'n>(names: impl IntoIterator<Item = &'n str>) -> Result<Self> {
        let mut scope = Self { messages: false, subscriptions: false };
        for name in names {
            match name {
                "messages" => scope.messages = true,
                "subscriptions" => scope.subscriptions = true,
                _ => {
                    let text = "Resource types must be a sub set of {'subscriptions', 'messages'}.";
                    return Err(Error::invalid(text));
                }
            }
        }
        Ok(scope)
    }
}

const SUBSCRIPTIONS_AT_ONCE: usize = 100;

impl Zaqar {
    pub async fn purge_queue(
        &self,
        caller: &Caller,
        name: &DestinationName,
        mut scope: PurgeScope,
    ) -> Result<()> {
        self.permit(caller, Rule::QueuesPurge.on(name.kind))?;
        let answer =
            pass!(self.pipelines.of(name.kind), stage => stage.purge_queue(caller, name, &mut scope));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let failure = Failure::PurgeQueue(name.kind);
        let found = self.find(&caller.project, name).await.or_unavailable(failure)?;
        let Some(queue) = found else { return Ok(()) };
        if scope.messages {
            let (store, now) = (&self.stores.messages, self.now());
            repeat(|_| store.purge(&queue.destination, now)).await.or_unavailable(failure)?;
        }
        if scope.subscriptions {
            self.live.end_all(&queue.destination, EndReason::Purged);
            self.purge_subscriptions(&queue).await.or_unavailable(failure)?;
        }
        Ok(())
    }

    async fn purge_subscriptions(&self, queue: &Queue) -> StorageResult<()> {
        // A store without subscriptions has none to remove.
        let Some(store) = self.stores.messages.subscriptions() else { return Ok(()) };
        let first = PageRequest { marker: None, limit: SUBSCRIPTIONS_AT_ONCE };
        loop {
            let page = match store.list_subscriptions(&queue.destination, &first, self.now()).await {
                Ok(page) => page,
                // Nor has a pool without them.
                Err(StorageError::Unsupported(_)) => return Ok(()),
                Err(error) => return Err(error),
            };
            if page.items.is_empty() {
                return Ok(());
            }
            for subscription in page.items {
                repeat(|_| store.unsubscribe(&queue.destination, subscription.id)).await?;
            }
        }
    }
}
