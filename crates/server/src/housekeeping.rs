//! What has to be done now and then, whether or not anybody asks.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use zaqar_domain::Zaqar;
use zaqar_model::Clock;
use zaqar_storage::MessageStore;

use crate::policy_files::{PolicyFiles, Stamp};

const PERIOD: Duration = Duration::from_secs(1);
/// How long dead letters wait whose move has failed.
const RETRY_PERIOD: Duration = Duration::from_secs(30);

/// How often the policy files are looked at.
const POLICY_PERIOD: Duration = Duration::from_secs(2);

/// Puts the policy into force again whenever its files have changed, until it is dropped. What cannot be read is told
/// once, and the policy stays as it was.
pub(crate) async fn follow_policy(zaqar: Arc<Zaqar>, files: PolicyFiles, mut seen: Stamp) {
    let files = Arc::new(files);
    let mut ticks = tokio::time::interval(POLICY_PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let looking = Arc::clone(&files);
        // Files may be on a slow disk.
        let changed = tokio::task::spawn_blocking(move || {
            let stamp = looking.stamp();
            if stamp == seen { (stamp, None) } else { (stamp, Some(looking.load())) }
        });
        let (stamp, loaded) = match changed.await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::error!(%error, "changes of the policy are not followed any more");
                return;
            }
        };
        seen = stamp;
        match loaded {
            None => {}
            Some(Ok((policy, remarks))) => {
                zaqar.set_policy(policy);
                tracing::info!("the policy has changed");
                for remark in remarks {
                    tracing::warn!("{remark}");
                }
            }
            Some(Err(errors)) => {
                for error in errors {
                    tracing::error!("the policy stays as it was: {error}");
                }
            }
        }
    }
}

/// Takes up moves to dead-letter queues that have failed, until it is dropped.
pub(crate) async fn move_dead_letters(zaqar: Arc<Zaqar>) {
    let mut ticks = tokio::time::interval(RETRY_PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        zaqar.resume_dead_letter_moves().await;
    }
}

/// Lets the store give back the space of what has expired, once a second, until it is dropped.
pub(crate) async fn give_space_back(messages: Arc<dyn MessageStore>, clock: Arc<dyn Clock>) {
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
