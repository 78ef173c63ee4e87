//! Dispatches operations to their handlers.

use zaqar_domain::names::Warnings;

use crate::actions::Operation;
use crate::handlers::{Request, claims, messages, queues, subscriptions};
use crate::reply::HandlerResult;

pub(crate) async fn dispatch(
    operation: Operation,
    request: &Request<'_>,
    warnings: &mut Warnings,
) -> HandlerResult {
    match operation {
        Operation::ListQueues => queues::list(request).await,
        Operation::CreateQueue => queues::create(request, warnings).await,
        Operation::GetQueue => queues::get(request).await,
        Operation::DeleteQueue => queues::delete(request).await,
        Operation::QueueStats => queues::stats(request).await,
        Operation::PurgeQueue => queues::purge(request).await,
        Operation::PostMessages => messages::post(request, warnings).await,
        Operation::ListMessages => messages::list(request).await,
        Operation::GetMessage => messages::get(request).await,
        Operation::GetMessages => messages::get_many(request).await,
        Operation::DeleteMessage => messages::delete(request).await,
        Operation::DeleteMessages => messages::delete_many(request).await,
        Operation::CreateClaim => claims::create(request).await,
        Operation::GetClaim => claims::get(request).await,
        Operation::UpdateClaim => claims::update(request).await,
        Operation::DeleteClaim => claims::delete(request).await,
        Operation::CreateSubscription => subscriptions::create(request, warnings).await,
        Operation::ListSubscriptions => subscriptions::list(request).await,
        Operation::GetSubscription => subscriptions::get(request).await,
        Operation::UpdateSubscription => subscriptions::update(request, warnings).await,
        Operation::DeleteSubscription => subscriptions::delete(request).await,
    }
}
