//! A queue's flavor places it.

use std::sync::Arc;

use serde_json::json;
use zaqar_domain::{Absent, Error, Limits, Patch, Stores, Zaqar};
use zaqar_model::{
    Destination, DestinationKind, Flavor, FlavorName, Metadata, Pool, PoolName, ProjectId, RandomIds,
    Timestamp,
};
use zaqar_storage::{Capabilities, Destinations, Health, OpenFault, Placement, StorageError, StorageResult};
use zaqar_storage_conformance::{ManualClock, ReferenceStore, RegisterPools};

use crate::fixture::{caller, draft, metadata_of, name, queue_named};

/// Keeps in mind what it was asked to place. No pool takes queues of the flavor `full`.
#[derive(Debug, Default)]
struct Placements(std::sync::Mutex<Vec<(String, Option<String>)>>);

#[async_trait::async_trait]
impl Placement for Placements {
    fn capabilities_of(&self, _: &str) -> Option<Capabilities> {
        None
    }

    async fn try_pool(&self, _: &Pool) -> Result<Capabilities, OpenFault> {
        Ok(Capabilities::default())
    }

    async fn forget_pool(&self, _: &PoolName) {}

    async fn vacate(&self, _: &Pool) -> StorageResult<()> {
        Ok(())
    }

    async fn health_of_pools(&self, _: Timestamp) -> StorageResult<Vec<(PoolName, Health)>> {
        Ok(vec![(PoolName::new("one").unwrap(), Health::default())])
    }

    async fn place(&self, queue: &Destination, flavor: Option<&FlavorName>) -> StorageResult<()> {
        let flavor = flavor.map(ToString::to_string);
        if flavor.as_deref() == Some("full") {
            return Err(StorageError::NotFound("pool"));
        }
        self.0.lock().unwrap().push((queue.name.to_string(), flavor));
        Ok(())
    }
}

struct Fixture {
    zaqar: Zaqar,
    management: Arc<ReferenceStore>,
    placements: Arc<Placements>,
}

impl Fixture {
    /// With the flavors `fast` and `full`.
    async fn new() -> Self {
        let (management, placements) = (Arc::new(ReferenceStore::new()), Arc::new(Placements::default()));
        for name in ["fast", "full"] {
            let name = FlavorName::new(name).unwrap();
            let project = ProjectId::new("p").unwrap();
            management.register_flavor(Flavor { name, project, capabilities: Metadata::default() }).await;
        }
        let placement: Arc<dyn Placement> = placements.clone();
        let stores = Stores {
            management: management.clone(),
            messages: Arc::new(ReferenceStore::new()),
            placement: Some(placement),
        };
        let clock = Arc::new(ManualClock::new());
        let zaqar = Zaqar::new(stores, Limits::default(), clock, Arc::new(RandomIds));
        Self { zaqar, management, placements }
    }

    async fn create(&self, queue: &str, metadata: serde_json::Value) -> Result<(), Error> {
        let metadata = metadata_of(metadata);
        self.zaqar.create_queue(&caller("p"), &queue_named(queue), metadata).await.map(drop)
    }

    async fn patch(&self, queue: &str, flavor: serde_json::Value) -> Result<(), Error> {
        let add = json!({"op": "add", "path": "/metadata/_flavor", "value": flavor});
        let patch = Patch::new(vec![add]).unwrap();
        self.zaqar.update_queue(&caller("p"), &queue_named(queue), &patch).await.map(drop)
    }

    /// What was placed since it was last asked.
    fn placed(&self) -> Vec<(String, Option<String>)> {
        std::mem::take(&mut self.placements.0.lock().unwrap())
    }

    async fn exists(&self, queue: &str) -> bool {
        let found = self.management.find(DestinationKind::Queue, &caller("p").project, &name(queue)).await;
        found.unwrap().is_some()
    }
}

fn placed(queue: &str, flavor: Option<&str>) -> Vec<(String, Option<String>)> {
    vec![(queue.to_owned(), flavor.map(str::to_owned))]
}

#[tokio::test]
async fn a_queue_is_placed_when_it_is_made_and_when_its_flavor_changes() {
    let fixture = Fixture::new().await;
    fixture.create("q", json!({"_flavor": "fast"})).await.unwrap();
    assert_eq!(fixture.placed(), placed("q", Some("fast")));
    fixture.patch("q", json!(null)).await.unwrap();
    assert_eq!(fixture.placed(), placed("q", None));
    fixture.create("q", json!({"_flavor": "fast"})).await.unwrap();
    assert_eq!(fixture.placed(), placed("q", None), "a queue that exists keeps what it has");
}

#[tokio::test]
async fn a_queue_that_is_made_by_a_message_is_placed_without_a_flavor() {
    let fixture = Fixture::new().await;
    let (caller, queue) = (caller("p"), queue_named("q"));
    fixture.zaqar.begin_post(&caller, &queue).await.unwrap().post(vec![draft("1")]).await.unwrap();
    assert_eq!(fixture.placed(), placed("q", None));
}

#[tokio::test]
async fn a_flavor_that_does_not_exist_is_refused_and_changes_nothing() {
    let fixture = Fixture::new().await;
    for (flavor, shown) in [(json!("slow"), "slow"), (json!(5), "5"), (json!(""), ""), (json!({}), "{}")] {
        let refused = fixture.create("q", json!({"_flavor": flavor})).await.unwrap_err();
        assert_eq!(refused.to_string(), format!("Flavor {shown} does not exist"));
        assert!(matches!(refused, Error::Invalid(_)), "{refused:?}");
    }
    assert!(!fixture.exists("q").await);
    fixture.create("q", json!({})).await.unwrap();
    let refused = fixture.patch("q", json!("slow")).await.unwrap_err();
    assert!(matches!(&refused, Error::NotFound(Absent::Flavor { name }) if name == "slow"), "{refused:?}");
    fixture.patch("q", json!(null)).await.unwrap();
}

#[tokio::test]
async fn a_queue_that_no_pool_takes_is_not_made() {
    let fixture = Fixture::new().await;
    let refused = fixture.create("q", json!({"_flavor": "full"})).await.unwrap_err();
    assert!(matches!(refused, Error::Unavailable { .. }), "{refused:?}");
    assert!(!fixture.exists("q").await);
}

#[tokio::test]
async fn the_health_report_shows_each_pool() {
    let report = Fixture::new().await.zaqar.health(&caller("p"), false).await.unwrap();
    assert_eq!(report.pools, Some(vec![(PoolName::new("one").unwrap(), Health::default())]));
}
