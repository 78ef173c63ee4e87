//! Pipelines: stages that operations pass after their permission check and before the rules, limits and stores. A site
//! writes its own stages and names them in its configuration; without any, an operation passes nothing.

mod stage;
mod stages;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use zaqar_model::DestinationKind;

pub use stage::{Stage, StageFailure, StageResult, Verdict};
pub use stages::Stages;

use crate::{Error, Result};

/// The pipelines of a service, one for each noun.
#[derive(Debug, Default)]
pub struct Pipelines {
    pub queues: Pipeline,
    pub topics: Pipeline,
    /// Messages of queues and of topics.
    pub messages: Pipeline,
    pub claims: Pipeline,
    /// Subscriptions to queues and to topics.
    pub subscriptions: Pipeline,
}

impl Pipelines {
    /// The pipeline for operations on a queue or topic itself.
    pub(crate) const fn of(&self, kind: DestinationKind) -> &Pipeline {
        match kind {
            DestinationKind::Queue => &self.queues,
            DestinationKind::Topic => &self.topics,
        }
    }
}

/// Stages in the order in which an operation passes them.
#[derive(Debug, Default)]
pub struct Pipeline {
    stages: Vec<NamedStage>,
}

impl Pipeline {
    /// Puts a stage at the end. Its name is for the log.
    pub fn add(&mut self, name: impl Into<String>, stage: Arc<dyn Stage>) {
        self.stages.push(NamedStage { name: name.into(), stage });
    }

    /// The names of its stages, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.stages.iter().map(|stage| stage.name.as_str())
    }

    pub(crate) fn stages(&self) -> &[NamedStage] {
        &self.stages
    }
}

#[derive(Debug)]
pub(crate) struct NamedStage {
    name: String,
    pub(crate) stage: Arc<dyn Stage>,
}

/// What a method of a [`Stage`] returns.
type Call<'a, T> = Pin<Box<dyn Future<Output = StageResult<T>> + Send + 'a>>;

impl NamedStage {
    /// Waits for what the stage decides. Whether it fails or panics, no more than this one operation fails.
    pub(crate) async fn decide<T>(&self, mut call: Call<'_, T>) -> Result<Option<T>> {
        let decided = std::future::poll_fn(|context| {
            let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context)));
            polled.unwrap_or_else(|panic| Poll::Ready(Err(told(&*panic).into())))
        });
        match decided.await {
            Ok(Verdict::Pass) => Ok(None),
            Ok(Verdict::Answer(answer)) => {
                tracing::debug!(stage = self.name, "a stage answered in place of the service");
                Ok(Some(answer))
            }
            Ok(Verdict::Refuse(error)) => {
                tracing::debug!(stage = self.name, %error, "a stage refused");
                Err(error)
            }
            Err(failure) => {
                Err(Error::StageFailed { source: format!("the stage {}: {failure}", self.name).into() })
            }
        }
    }
}

fn told(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", text.unwrap_or("of an unknown kind"))
}

/// Sends an operation through a pipeline: `Ok(Some(…))` is the answer of a stage, `Ok(None)` lets the operation go on.
///
/// A macro, so that what follows the arrow is evaluated for each stage anew, and not at all without one: an empty
/// pipeline costs a look at its length.
macro_rules! pass {
    ($pipeline:expr, $stage:ident => $call:expr) => {
        'passed: {
            for named in $pipeline.stages() {
                let $stage = &*named.stage;
                match named.decide($call).await {
                    Ok(None) => {}
                    decided => break 'passed decided,
                }
            }
            Ok(None)
        }
    };
}

pub(crate) use pass;
