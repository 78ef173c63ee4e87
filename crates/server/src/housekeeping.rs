//! What has to be done now and then, whether or not anybody asks.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use zaqar_domain::Zaqar;
use zaqar_model::Clock;
use zaqar_storage::MessageStore;

const PERIOD: Duration = Duration::from_secs(1);
/// How long dead letters wait whose move has failed.
const RETRY_PERIOD: Duration = Duration::from_secs(30);

/// Takes up moves to dead-letter queues that have failed, until it is dropped.
pub(crate) async fn move_dead_letters(zaqar: Arc<Zaqar>) {
    let mut ticks = tokio::time::interval(RETRY_PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        zaqar.resume_dead_letter_moves().await;
    }
}

/// Moves to dead-letter queues what claims that have ended leave behind, once a second, until it is dropped.
pub(crate) async fn look_at_ended_claims(zaqar: Arc<Zaqar>) {
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        ticks.tick().await;
        let result = zaqar.look_at_ended_claims().await;
        if let (Err(error), false) = (&result, failing) {
            tracing::warn!(%error, "messages that were claimed too often could not be looked up yet");
        }
        failing = result.is_err();
    }
}

/// Lets the store give back the space of what has expired, once a second, until it is dropped.
pub(crate) async fn reclaim_space(messages: Arc<dyn MessageStore>, clock: Arc<dyn Clock>) {
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        ticks.tick().await;
        let result = messages.expire(clock.now()).await;
        // A store that has failed goes on failing: once is enough in the log.
        if let (Err(error), false) = (&result, failing) {
            tracing::error!(%error, "what has expired does not give its space back");
        }
        failing = result.is_err();
    }
}
