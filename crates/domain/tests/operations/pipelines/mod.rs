//! What stages of a pipeline may do with operations, and which operations pass them.

mod cost;
mod recording;
mod stages;
mod verdicts;

use std::sync::Arc;

use zaqar_domain::{Pipeline, Pipelines, Stage};

/// A pipeline of these stages, in this order.
pub(crate) fn pipeline<const N: usize>(stages: [Arc<dyn Stage>; N]) -> Pipeline {
    let mut pipeline = Pipeline::default();
    for stage in stages {
        pipeline.add("test", stage);
    }
    pipeline
}

pub(crate) fn for_messages<const N: usize>(stages: [Arc<dyn Stage>; N]) -> Pipelines {
    Pipelines { messages: pipeline(stages), ..Pipelines::default() }
}

pub(crate) fn for_queues<const N: usize>(stages: [Arc<dyn Stage>; N]) -> Pipelines {
    Pipelines { queues: pipeline(stages), ..Pipelines::default() }
}
