//! What a stage of a pipeline is.

use std::error::Error as StdError;
use std::fmt::Debug;

use async_trait::async_trait;
use serde_json::Value;
use zaqar_model::{
    Caller, DestinationKind, DestinationName, Message, MessageId, Metadata, QueueName, SubscriptionId,
    Timestamp,
};

use crate::{
    AttemptListing, ClaimParams, Draft, Error, FailureListing, Listed, ListedAttempts, ListedFailures,
    ListedQueues, ListedSubscriptions, MessageListing, NewClaim, Patch, PurgeScope, QueueCreation,
    QueueListing, Removal, Removed, Resend, ShownClaim, ShownSubscription, StatsReport, SubscriptionListing,
    SubscriptionParams,
};

/// What becomes of an operation, as a stage decides.
#[derive(Debug)]
pub enum Verdict<T> {
    /// It goes on to the next stage, or to the service itself, with whatever the stage has changed in it.
    Pass,
    /// This is its answer. Nothing behind the stage hears of it.
    Answer(T),
    /// The caller gets this error. Nothing behind the stage hears of the operation.
    Refuse(Error),
}

/// Why a stage could not decide. It goes to the log; the caller is told that the service is unavailable.
pub type StageFailure = Box<dyn StdError + Send + Sync>;

pub type StageResult<T> = Result<Verdict<T>, StageFailure>;

/// Code of a site that operations pass, once they are permitted and before anything else is done.
///
/// There is a method for each operation, called as the operation of [`Zaqar`] is, and by default it lets the operation
/// pass. A stage implements those that it is about. Which of them are called depends on the pipelines that the stage
/// is named in: those of queues and of topics share their methods.
///
/// What an operation asks for comes as `&mut`: a stage may change it. The limits are applied afterwards, to what the
/// stages have left, so what a stage sees may yet be refused. Whom an operation is for and what it is about cannot be
/// changed.
///
/// A stage is called by many requests at once. A request waits for its stages, and no other request does.
///
/// ```
/// use async_trait::async_trait;
/// use zaqar_domain::{Draft, Error, Stage, StageResult, Verdict};
/// use zaqar_model::{Caller, DestinationName, MessageId};
///
/// /// Nobody posts more than ten messages at once.
/// #[derive(Debug)]
/// struct AtMostTen;
///
/// #[async_trait]
/// impl Stage for AtMostTen {
///     async fn post_messages(
///         &self,
///         _: &Caller,
///         _: &DestinationName,
///         drafts: &mut Vec<Draft>,
///     ) -> StageResult<Vec<MessageId>> {
///         if drafts.len() > 10 {
///             return Ok(Verdict::Refuse(Error::Invalid("Post at most 10 messages at once.".to_owned())));
///         }
///         Ok(Verdict::Pass)
///     }
/// }
/// ```
///
/// [`Zaqar`]: crate::Zaqar
#[allow(unused_variables, reason = "the names tell what is what")]
#[async_trait]
pub trait Stage: Debug + Send + Sync {
    // In `queue_pipeline` and `topic_pipeline`.

    /// Also a queue or topic that is made because somebody posts or subscribes to it. An answer then means that there
    /// will be none.
    async fn create_queue(
        &self,
        caller: &Caller,
        queue: &DestinationName,
        metadata: &mut Metadata,
    ) -> StageResult<QueueCreation> {
        Ok(Verdict::Pass)
    }

    async fn get_queue(&self, caller: &Caller, queue: &DestinationName) -> StageResult<Metadata> {
        Ok(Verdict::Pass)
    }

    async fn list_queues(
        &self,
        caller: &Caller,
        kind: DestinationKind,
        listing: &mut QueueListing,
    ) -> StageResult<ListedQueues> {
        Ok(Verdict::Pass)
    }

    async fn update_queue(
        &self,
        caller: &Caller,
        queue: &DestinationName,
        patch: &mut Patch,
    ) -> StageResult<Metadata> {
        Ok(Verdict::Pass)
    }

    async fn delete_queue(&self, caller: &Caller, queue: &DestinationName) -> StageResult<()> {
        Ok(Verdict::Pass)
    }

    async fn queue_stats(&self, caller: &Caller, queue: &DestinationName) -> StageResult<StatsReport> {
        Ok(Verdict::Pass)
    }

    async fn purge_queue(
        &self,
        caller: &Caller,
        queue: &DestinationName,
        scope: &mut PurgeScope,
    ) -> StageResult<()> {
        Ok(Verdict::Pass)
    }

    // In `message_pipeline`.

    async fn post_messages(
        &self,
        caller: &Caller,
        queue: &DestinationName,
        drafts: &mut Vec<Draft>,
    ) -> StageResult<Vec<MessageId>> {
        Ok(Verdict::Pass)
    }

    async fn list_messages(
        &self,
        caller: &Caller,
        queue: &DestinationName,
        listing: &mut MessageListing,
    ) -> StageResult<Listed> {
        Ok(Verdict::Pass)
    }

    async fn get_message(
        &self,
        caller: &Caller,
        queue: &DestinationName,
        id: &str,
    ) -> StageResult<(Message, Timestamp)> {
        Ok(Verdict::Pass)
    }

    async fn get_messages(
        &self,
        caller: &Caller,
        queue: &DestinationName,
        ids: &mut Vec<String>,
    ) -> StageResult<Listed> {
        Ok(Verdict::Pass)
    }

    async fn delete_message(
        &self,
        caller: &Caller,
        queue: &DestinationName,
        id: &str,
        claim: Option<&str>,
    ) -> StageResult<()> {
        Ok(Verdict::Pass)
    }

    async fn remove_messages(
        &self,
        caller: &Caller,
        queue: &DestinationName,
        removal: &mut Removal,
    ) -> StageResult<Removed> {
        Ok(Verdict::Pass)
    }

    // In `claim_pipeline`.

    async fn create_claim(
        &self,
        caller: &Caller,
        queue: &QueueName,
        wish: &mut ClaimParams,
        limit: &mut Option<i64>,
    ) -> StageResult<Option<NewClaim>> {
        Ok(Verdict::Pass)
    }

    async fn get_claim(&self, caller: &Caller, queue: &QueueName, id: &str) -> StageResult<ShownClaim> {
        Ok(Verdict::Pass)
    }

    async fn update_claim(
        &self,
        caller: &Caller,
        queue: &QueueName,
        id: &str,
        wish: &mut ClaimParams,
    ) -> StageResult<()> {
        Ok(Verdict::Pass)
    }

    async fn delete_claim(&self, caller: &Caller, queue: &QueueName, id: &str) -> StageResult<()> {
        Ok(Verdict::Pass)
    }

    // In `subscription_pipeline`.

    async fn create_subscription(
        &self,
        caller: &Caller,
        source: &DestinationName,
        wish: &mut SubscriptionParams,
    ) -> StageResult<SubscriptionId> {
        Ok(Verdict::Pass)
    }

    async fn get_subscription(
        &self,
        caller: &Caller,
        source: &DestinationName,
        id: &str,
    ) -> StageResult<ShownSubscription> {
        Ok(Verdict::Pass)
    }

    async fn list_subscriptions(
        &self,
        caller: &Caller,
        source: &DestinationName,
        listing: &mut SubscriptionListing,
    ) -> StageResult<ListedSubscriptions> {
        Ok(Verdict::Pass)
    }

    async fn update_subscription(
        &self,
        caller: &Caller,
        source: &DestinationName,
        id: &str,
        wish: &mut SubscriptionParams,
    ) -> StageResult<()> {
        Ok(Verdict::Pass)
    }

    /// `confirmed` as the client gave it.
    async fn confirm_subscription(
        &self,
        caller: &Caller,
        source: &DestinationName,
        id: &str,
        confirmed: Option<&Value>,
    ) -> StageResult<()> {
        Ok(Verdict::Pass)
    }

    async fn delete_subscription(
        &self,
        caller: &Caller,
        source: &DestinationName,
        id: &str,
    ) -> StageResult<()> {
        Ok(Verdict::Pass)
    }

    async fn list_attempts(
        &self,
        caller: &Caller,
        source: &DestinationName,
        id: &str,
        listing: &mut AttemptListing,
    ) -> StageResult<ListedAttempts> {
        Ok(Verdict::Pass)
    }

    async fn list_failures(
        &self,
        caller: &Caller,
        source: &DestinationName,
        id: &str,
        listing: &mut FailureListing,
    ) -> StageResult<ListedFailures> {
        Ok(Verdict::Pass)
    }

    /// An answer is the number of messages.
    async fn resend(
        &self,
        caller: &Caller,
        source: &DestinationName,
        id: &str,
        wish: &mut Resend,
    ) -> StageResult<u64> {
        Ok(Verdict::Pass)
    }
}
