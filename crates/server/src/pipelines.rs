//! The pipelines that `[storage]` names, of the stages that this build has.

use anyhow::anyhow;
use zaqar_config::Storage;
use zaqar_domain::{Pipeline, Pipelines, Stages};

/// A sentence for each name that is no stage's.
pub(crate) fn unknown_names(storage: &Storage, stages: &Stages) -> Vec<String> {
    [
        ("queue_pipeline", &storage.queue_pipeline),
        ("message_pipeline", &storage.message_pipeline),
        ("claim_pipeline", &storage.claim_pipeline),
        ("subscription_pipeline", &storage.subscription_pipeline),
        ("topic_pipeline", &storage.topic_pipeline),
    ]
    .into_iter()
    .flat_map(|(option, names)| names.iter().map(move |name| (option, name)))
    .filter(|(_, name)| !stages.contains(name))
    .map(|(option, name)| format!("[storage] {option}: {}", stages.unknown(name)))
    .collect()
}

/// Makes the stages that are named.
pub(crate) fn build(storage: &Storage, stages: &Stages) -> anyhow::Result<Pipelines> {
    let build = |option: &str, names: &[String]| -> anyhow::Result<Pipeline> {
        stages.pipeline(names).map_err(|error| anyhow!("[storage] {option}: {error}"))
    };
    Ok(Pipelines {
        queues: build("queue_pipeline", &storage.queue_pipeline)?,
        topics: build("topic_pipeline", &storage.topic_pipeline)?,
        messages: build("message_pipeline", &storage.message_pipeline)?,
        claims: build("claim_pipeline", &storage.claim_pipeline)?,
        subscriptions: build("subscription_pipeline", &storage.subscription_pipeline)?,
    })
}
