//! What it costs that there may be stages.

use std::sync::Arc;

use allocation_counter::measure;
use tokio::runtime::Builder;
use zaqar_domain::{Pipelines, Stage, Stages};
use zaqar_model::DestinationKind;

use super::for_messages;
use crate::fixture::{Fixture, draft, queue_named};

#[derive(Debug)]
struct Idle;

impl Stage for Idle {}

/// How many allocations `work` makes.
fn allocations(work: impl Future) -> u64 {
    let runtime = Builder::new_current_thread().build().unwrap();
    let mut work = std::pin::pin!(work);
    measure(|| drop(runtime.block_on(work.as_mut()))).count_total
}

/// How many more allocations a deletion in a queue that is not there makes than the look-up of that queue, which is all
/// that it asks of a store.
fn beyond_the_store(pipelines: Pipelines) -> u64 {
    let fixture = Fixture::new().with_pipelines(pipelines);
    let Fixture { zaqar, management, caller, .. } = &fixture;
    let q = queue_named("q");
    let in_store =
        allocations(async { management.find(DestinationKind::Queue, &caller.project, &q.name).await });
    let in_all = allocations(async { zaqar.delete_message(caller, &q, "no id", None).await });
    in_all - in_store
}

fn of_a_post(pipelines: Pipelines) -> u64 {
    let fixture = Fixture::new().with_pipelines(pipelines);
    let Fixture { zaqar, caller, .. } = &fixture;
    let (q, drafts) = (queue_named("q"), vec![draft("0")]);
    allocations(async { zaqar.begin_post(caller, &q).await.unwrap().post(drafts).await })
}

#[test]
fn a_pipeline_without_stages_allocates_nothing() {
    let notifier = || Stages::new().pipeline(&["zaqar.notification.notifier".to_owned()]).unwrap();
    assert_eq!(beyond_the_store(Pipelines::default()), 0);
    assert_eq!(beyond_the_store(Pipelines { messages: notifier(), ..Pipelines::default() }), 0);
    // A stage is asked by a future in a box.
    assert_eq!(beyond_the_store(for_messages([Arc::new(Idle)])), 1);
    assert_eq!(of_a_post(Pipelines::default()) + 1, of_a_post(for_messages([Arc::new(Idle)])));
}
