//! Dispatches operations to their handlers.

use zaqar_model::{DestinationKind, DestinationName};

use crate::errors::HttpError;
use crate::exchange::{Exchange, HandlerResult};
use crate::handlers::{
    claims, deliveries, documents::StaticDocuments, flavors, health, messages, ping, pools, queues, share,
    subscriptions,
};
use crate::operations::Operation;

/// The target of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) kind: DestinationKind,
    /// The queue or topic, validated.
    pub(crate) name: Option<&'a DestinationName>,
    /// The id of a message, claim or subscription in it, or the name of a pool or flavor. Not validated.
    pub(crate) id: &'a str,
}

impl<'a> Target<'a> {
    /// The queue or topic. The paths of its operations contain its name.
    fn queue(&self) -> Result<&'a DestinationName, HttpError> {
        self.name.ok_or_else(|| HttpError::status(http::StatusCode::NOT_FOUND))
    }
}

pub(crate) async fn dispatch(
    operation: Operation,
    target: Target<'_>,
    documents: &StaticDocuments,
    exchange: Exchange<'_>,
) -> HandlerResult {
    let id = target.id;
    match operation {
        // Served before authentication.
        Operation::Probe(_) => Err(HttpError::status(http::StatusCode::NOT_FOUND)),
        Operation::Show(document) => Ok(documents.show(document)),
        Operation::Ping => ping::get(exchange).await,
        Operation::HeadPing => ping::head(exchange).await,
        Operation::GetHealth => health::show(exchange).await,
        Operation::ListQueues => queues::list(exchange, target.kind).await,
        Operation::CreateQueue => queues::create(exchange, target.queue()?).await,
        Operation::GetQueue => queues::show(exchange, target.queue()?).await,
        Operation::UpdateQueue => queues::update(exchange, target.queue()?).await,
        Operation::DeleteQueue => queues::delete(exchange, target.queue()?).await,
        Operation::GetQueueStats => queues::stats(exchange, target.queue()?).await,
        Operation::PurgeQueue => queues::purge(exchange, target.queue()?).await,
        Operation::ShareQueue => share::create(exchange, target.queue()?).await,
        Operation::PostMessages => messages::post(exchange, target.queue()?).await,
        Operation::ListMessages => messages::list(exchange, target.queue()?).await,
        Operation::RemoveMessages => messages::remove(exchange, target.queue()?).await,
        Operation::GetMessage => messages::show(exchange, target.queue()?, id).await,
        Operation::DeleteMessage => messages::delete(exchange, target.queue()?, id).await,
        Operation::CreateClaim => claims::create(exchange, target.queue()?).await,
        Operation::GetClaim => claims::show(exchange, target.queue()?, id).await,
        Operation::UpdateClaim => claims::update(exchange, target.queue()?, id).await,
        Operation::DeleteClaim => claims::delete(exchange, target.queue()?, id).await,
        Operation::CreateSubscription => subscriptions::create(exchange, target.queue()?).await,
        Operation::ListSubscriptions => subscriptions::list(exchange, target.queue()?).await,
        Operation::GetSubscription => subscriptions::show(exchange, target.queue()?, id).await,
        Operation::UpdateSubscription => subscriptions::update(exchange, target.queue()?, id).await,
        Operation::DeleteSubscription => subscriptions::delete(exchange, target.queue()?, id).await,
        Operation::ConfirmSubscription => subscriptions::confirm(exchange, target.queue()?, id).await,
        Operation::ListAttempts => deliveries::attempts(exchange, target.queue()?, id).await,
        Operation::ListFailures => deliveries::failures(exchange, target.queue()?, id).await,
        Operation::Resend => deliveries::resend(exchange, target.queue()?, id).await,
        Operation::ListPools => pools::list(exchange).await,
        Operation::CreatePool => pools::create(exchange, id).await,
        Operation::GetPool => pools::show(exchange, id).await,
        Operation::UpdatePool => pools::update(exchange, id).await,
        Operation::DeletePool => pools::delete(exchange, id).await,
        Operation::ListFlavors => flavors::list(exchange).await,
        Operation::CreateFlavor => flavors::create(exchange, id).await,
        Operation::GetFlavor => flavors::show(exchange, id).await,
        Operation::UpdateFlavor => flavors::update(exchange, id).await,
        Operation::DeleteFlavor => flavors::delete(exchange, id).await,
    }
}
