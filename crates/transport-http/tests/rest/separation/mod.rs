//! Two projects on one service. Whatever both do, and however the clock moves, each gets the responses that it would get
//! if the other did not exist. So neither can see, count, time out or change what belongs to the other.

mod known;
mod run;
mod steps;

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, proptest};
use tempfile::TempDir;
use zaqar_domain::Stores;
use zaqar_model::RandomIds;
use zaqar_storage_conformance::ReferenceStore;
use zaqar_storage_embedded::{Durability, EmbeddedManagementStore, EmbeddedMessageStore, Options};

use run::Run;
use steps::{Step, step};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn two_projects_are_as_if_alone(steps in vec(step(), 1..120)) {
        each_is_as_if_alone(&steps, || (model_stores(), ()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]
    #[test]
    fn two_projects_in_the_embedded_stores_are_as_if_alone(steps in vec(step(), 30..120)) {
        each_is_as_if_alone(&steps, embedded_stores);
    }
}

/// `stores`: makes new stores, with the directory that they are in.
fn each_is_as_if_alone<Home>(steps: &[Step], stores: impl Fn() -> (Stores, Home)) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    runtime.block_on(async {
        let (shared, _home) = stores();
        let together = Run::new(shared).of_both(steps).await;
        for project in [0, 1] {
            let (own, _home) = stores();
            let alone = Run::new(own).of_one(project, steps, &together).await;
            for (place, (step, answer)) in steps.iter().zip(alone).enumerate() {
                let beside_the_other = &together[place].answer;
                assert!(
                    answer.as_ref().is_none_or(|answer| answer == beside_the_other),
                    "step {place}, {step:?}, beside the other: {beside_the_other}\nalone: {answer:?}"
                );
            }
        }
    });
}

fn model_stores() -> Stores {
    Stores {
        management: Arc::new(ReferenceStore::new()),
        messages: Arc::new(ReferenceStore::new()),
        placement: None,
    }
}

fn embedded_stores() -> (Stores, TempDir) {
    let home = TempDir::new().unwrap();
    let management = EmbeddedManagementStore::open(home.path(), Arc::new(RandomIds)).unwrap();
    let options = Options { durability: Durability::Relaxed, ..Options::default() };
    let messages = EmbeddedMessageStore::open(home.path(), options).unwrap();
    (Stores { management: Arc::new(management), messages: Arc::new(messages), placement: None }, home)
}
