//! The operations, and which handler performs each. Those on queues are also those on topics.

use zaqar_model::{DestinationKind, DestinationName};

use crate::errors::HttpError;
use crate::exchange::{Exchange, Handled};
use crate::handlers::{
    claims, documents::Documents, flavors, health, messages, ping, pools, queues, share, subscriptions,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Probe(Probe),
    Show(Document),
    Ping,
    TouchPing,
    GetHealth,
    ListQueues,
    CreateQueue,
    GetQueue,
    UpdateQueue,
    DeleteQueue,
    GetQueueStats,
    PurgeQueue,
    ShareQueue,
    PostMessages,
    ListMessages,
    RemoveMessages,
    GetMessage,
    DeleteMessage,
    CreateClaim,
    GetClaim,
    UpdateClaim,
    DeleteClaim,
    CreateSubscription,
    ListSubscriptions,
    GetSubscription,
    UpdateSubscription,
    DeleteSubscription,
    ConfirmSubscription,
    ListPools,
    CreatePool,
    GetPool,
    UpdatePool,
    DeletePool,
    ListFlavors,
    CreateFlavor,
    GetFlavor,
    UpdateFlavor,
    DeleteFlavor,
}

/// What load balancers and process managers ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    /// Whether the server should get requests.
    Readiness,
    /// Whether the server answers.
    Liveness,
}

/// A document that is the same for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Document {
    Versions,
    Home,
    OpenApi,
}

/// What a request is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) kind: DestinationKind,
    /// The queue or topic, checked.
    pub(crate) name: Option<&'a DestinationName>,
    /// Of a message, claim or subscription in it, or the name of a pool or flavor. Any text.
    pub(crate) id: &'a str,
}

impl<'a> Target<'a> {
    /// The queue or topic. Its operations stand in rows whose paths name one.
    fn queue(&self) -> Result<&'a DestinationName, HttpError> {
        self.name.ok_or_else(|| HttpError::status(http::StatusCode::NOT_FOUND))
    }
}

pub(crate) async fn perform(
    operation: Operation,
    target: Target<'_>,
    documents: &Documents,
    exchange: Exchange<'_>,
) -> Handled {
    let id = target.id;
    match operation {
        // Answered before anybody is asked who they are.
        Operation::Probe(_) => Err(HttpError::status(http::StatusCode::NOT_FOUND)),
        Operation::Show(document) => Ok(documents.show(document)),
        Operation::Ping => ping::ask(exchange).await,
        Operation::TouchPing => ping::touch(exchange).await,
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
