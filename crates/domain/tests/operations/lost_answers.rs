//! Changes of the management store whose answers were lost are made once more, and nobody sees that.

use std::sync::Arc;

use serde_json::json;
use zaqar_domain::{Error, Limits, Patch, PoolChange, QueueCreation, Stores, Zaqar};
use zaqar_model::{PoolName, PoolWeight, RandomIds};
use zaqar_storage::{Destinations, Pools};
use zaqar_storage_conformance::{ManualClock, ModelPlacement, ReferenceStore};
use zaqar_storage_faulty::{Fault, FaultyStore, FlakyManagementStore};

use crate::fixture::{caller, draft, metadata_of, queue_named};
use crate::pools::definition;

fn losing() -> (Zaqar, Arc<FlakyManagementStore>) {
    let management = Arc::new(FlakyManagementStore::over(Arc::new(ReferenceStore::new())));
    let stores = Stores {
        management: Arc::<FlakyManagementStore>::clone(&management),
        messages: Arc::new(ReferenceStore::new()),
        placement: Some(Arc::new(ModelPlacement::new())),
    };
    (Zaqar::new(stores, Limits::default(), Arc::new(ManualClock::new()), Arc::new(RandomIds)), management)
}

#[tokio::test]
async fn a_queue_is_made_changed_and_deleted_though_answers_are_lost() {
    let (zaqar, management) = losing();
    let (caller, q) = (caller("p"), queue_named("q"));
    for call in ["create", "set_metadata", "delete"] {
        management.fail_at(call, Fault::AnswerLostOnce);
    }
    let created = zaqar.create_queue(&caller, &q, metadata_of(json!({"a": 1}))).await.unwrap();
    assert_eq!(created, QueueCreation::Created);
    let patch = Patch::new(vec![json!({"op": "replace", "path": "/metadata/a", "value": 2})]).unwrap();
    assert_eq!(zaqar.update_queue(&caller, &q, &patch).await.unwrap().get("a"), Some(&json!(2)));
    zaqar.delete_queue(&caller, &q).await.unwrap();
    for call in ["create", "set_metadata", "delete"] {
        assert_eq!(management.calls(call), 2, "{call}");
    }
    assert_eq!(management.find(q.kind, &caller.project, &q.name).await.unwrap(), None);
}

#[tokio::test]
async fn pools_and_flavors_are_registered_and_removed_though_answers_are_lost() {
    let (zaqar, management) = losing();
    let caller = caller("p");
    let lose = |call| management.fail_at(call, Fault::AnswerLostOnce);
    lose("put_pool");
    zaqar.create_pool(&caller, "a", definition("model://a")).await.unwrap();
    lose("put_pool");
    let weight = PoolChange { weight: Some(PoolWeight(7)), ..PoolChange::default() };
    assert_eq!(zaqar.update_pool(&caller, "a", weight).await.unwrap().weight, PoolWeight(7));
    assert_eq!(management.calls("put_pool"), 4);
    lose("put_flavor");
    zaqar.create_flavor(&caller, "gold", vec!["a".to_owned()]).await.unwrap();
    lose("delete_flavor");
    zaqar.delete_flavor(&caller, "gold").await.unwrap();
    lose("delete_pool");
    zaqar.delete_pool(&caller, "a").await.unwrap();
    for call in ["put_flavor", "delete_flavor", "delete_pool"] {
        assert_eq!(management.calls(call), 2, "{call}");
    }
    assert_eq!(management.get_pool(&PoolName::new("a").unwrap()).await.unwrap(), None);
}

#[tokio::test]
async fn a_post_while_the_store_is_away_may_be_made_again_later() {
    let (zaqar, management) = losing();
    let (caller, q) = (caller("p"), queue_named("q"));
    for (call, fault) in [("find", Fault::NotDone), ("create", Fault::NotDone), ("create", Fault::AnswerLost)]
    {
        management.fail_at(call, fault);
        let posting = zaqar.begin_post(&caller, &q).await;
        let failed = match posting {
            Ok(posting) => posting.post(vec![draft("1")]).await.unwrap_err(),
            Err(failed) => failed,
        };
        assert!(matches!(failed, Error::Unavailable { .. }), "{call}, {fault:?}: {failed:?}");
        management.recover();
    }
}

/// As in upstream's tests.
#[tokio::test]
async fn a_post_to_a_broken_store_is_an_internal_error() {
    let stores =
        Stores { management: Arc::new(FaultyStore), messages: Arc::new(FaultyStore), placement: None };
    let zaqar = Zaqar::new(stores, Limits::default(), Arc::new(ManualClock::new()), Arc::new(RandomIds));
    let failed = zaqar.begin_post(&caller("p"), &queue_named("q")).await.map(|_| ()).unwrap_err();
    assert!(matches!(failed, Error::Internal { .. }), "{failed:?}");
}
