//! Two servers over the same pools: they use queues that move, and take moves over from each other.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use support::{Kind, Opener, SharedModels, Site, flavor, move_to};
use zaqar_model::{
    Clock, Destination, DestinationKind, MessageId, Metadata, MoveId, Pool, PoolName, ProjectId, QueueMove,
    QueueName, ServerId,
};
use zaqar_storage::{
    ClaimRequest, Claims, Guard, ManagementStore, MessageStore, Messages, Migration, Placement, TakenMove,
};
use zaqar_storage_conformance::samples::{claim_of, message, messages, poster};
use zaqar_storage_conformance::{ManualClock, MessageFixture, PostMessages, ReferenceStore, RegisterPools};
use zaqar_storage_pooled::PooledMessageStore;

/// Two pools and a management store that every server can use.
struct Shared {
    site: Site,
    models: SharedModels,
    management: ReferenceStore,
}

impl Shared {
    fn new() -> Self {
        Self { site: Site::new(), models: SharedModels::default(), management: ReferenceStore::new() }
    }

    async fn register(&self) {
        let management: Arc<dyn ManagementStore> = Arc::new(self.management.reopen());
        for name in ["one", "two"] {
            let uri = format!("model:{name}");
            management.register_pool(Pool { uri, ..self.site.pool(name, Some(name)) }).await;
            let uri = format!("model:plain-{name}");
            management.register_pool(Pool { uri, ..self.site.pool(&format!("plain-{name}"), None) }).await;
        }
    }

    fn server(&self) -> PooledMessageStore {
        let management: Arc<dyn ManagementStore> = Arc::new(self.management.reopen());
        self.site.open_also(&management, None, Some(Opener { store: Kind::Model(self.models.clone()) }))
    }

    async fn queue(&self) -> Destination {
        let (project, name) = (ProjectId::new("p").unwrap(), QueueName::new("q").unwrap());
        let management: &dyn ManagementStore = &self.management;
        let created = management.create(DestinationKind::Queue, &project, &name, Metadata::default()).await;
        created.unwrap().into_queue().destination.clone()
    }
}

#[async_trait::async_trait]
impl MessageFixture for Shared {
    fn clock(&self) -> Arc<ManualClock> {
        Arc::clone(&self.site.clock)
    }

    async fn open(&self) -> Arc<dyn MessageStore> {
        self.register().await;
        Arc::new(self.server())
    }

    async fn open_another(&self) -> Arc<dyn MessageStore> {
        Arc::new(self.server())
    }
}

zaqar_storage_conformance::message_store!(pools_of_several_servers, Shared::new);

#[tokio::test]
async fn pools_that_several_servers_can_use_make_a_store_that_they_can() {
    let shared = Shared::new();
    shared.register().await;
    let server = shared.server();
    assert!(server.capabilities().shared);
    let site = Site::new();
    let management = site.management();
    assert!(!site.open(&management).capabilities().shared, "the management store is one server's");
}

/// What a consumer took.
async fn consumes(
    server: Arc<PooledMessageStore>,
    queue: Destination,
    clock: Arc<ManualClock>,
    no_more: Arc<AtomicBool>,
) -> Vec<MessageId> {
    let mut taken = Vec::new();
    loop {
        let is_last = no_more.load(Ordering::SeqCst);
        let request: ClaimRequest = claim_of(2);
        let claimed = server.claim(&queue, &request, clock.now()).await.unwrap();
        let held: Vec<MessageId> = claimed.messages.iter().map(|own| own.id).collect();
        if held.is_empty() && is_last {
            return taken;
        }
        if held.is_empty() {
            tokio::task::yield_now().await;
            continue;
        }
        taken.extend(held.iter().copied());
        server.delete(&queue, &held, Guard::HeldBy(&[request.id]), clock.now()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_is_lost_and_none_doubled_while_two_servers_use_a_queue_that_moves() {
    const POSTED: usize = 120;
    let shared = Shared::new();
    shared.register().await;
    let servers = [Arc::new(shared.server()), Arc::new(shared.server())];
    let (queue, clock) = (shared.queue().await, Arc::clone(&shared.site.clock));
    let no_more = Arc::new(AtomicBool::new(false));
    let posting: Vec<_> = servers
        .iter()
        .map(|server| {
            let (server, queue, clock) = (Arc::clone(server), queue.clone(), Arc::clone(&clock));
            tokio::spawn(async move {
                let mut posted = Vec::new();
                for _ in 0..POSTED {
                    let ids = server.post_messages(&queue, &poster(), messages(1), clock.now()).await;
                    posted.extend(ids.unwrap());
                }
                posted
            })
        })
        .collect();
    let consuming: Vec<_> = servers
        .iter()
        .map(|server| {
            let (queue, clock, no_more) = (queue.clone(), Arc::clone(&clock), Arc::clone(&no_more));
            tokio::spawn(consumes(Arc::clone(server), queue, clock, no_more))
        })
        .collect();
    for turn in 0..8 {
        let to = if turn % 2 == 0 { "one" } else { "two" };
        servers[turn % 2].place(&queue, Some(&flavor(to))).await.unwrap();
        // Both look for moves, as they do once a second.
        clock.advance_secs(1);
        for server in &servers {
            server.expire(clock.now()).await.unwrap();
            server.moves_are_over().await;
        }
    }
    let mut posted = Vec::new();
    for posting in posting {
        posted.extend(posting.await.unwrap());
    }
    no_more.store(true, Ordering::SeqCst);
    let mut taken = Vec::new();
    for consuming in consuming {
        taken.extend(consuming.await.unwrap());
    }
    assert_eq!(taken.len(), posted.len(), "none is consumed twice");
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), posted.into_iter().collect());
}

/// A queue in pool `one` that a server was moving to `two` when it died behind the seal. Returns its attempt.
async fn dies_sealed(shared: &Shared, queue: &Destination) -> QueueMove {
    let registry = ManagementStore::pools(&shared.management).unwrap();
    let now = shared.site.clock.now();
    let attempt = MoveId::after(None, now, &zaqar_model::RandomIds);
    let [one, two] = ["one", "two"].map(|name| PoolName::new(name).unwrap());
    let (queue, to, pools) = (queue.clone(), Some(two.clone()), vec![one, two]);
    let noted = QueueMove { queue, to, pools, attempt: Some(attempt) };
    registry.put_move(&noted, None).await.unwrap();
    let taken = registry.take_move(noted.queue.number, ServerId::from_u128(7), now.plus_secs(10), now).await;
    assert!(matches!(taken, Ok(TakenMove::Taken(_))));
    let source = shared.models.open("model:one");
    source.begin_export(&noted.queue, attempt, now).await.unwrap();
    source.seal(&noted.queue, attempt, now).await.unwrap();
    noted
}

#[tokio::test]
async fn another_server_takes_over_what_one_has_sealed_and_left() {
    let shared = Shared::new();
    shared.register().await;
    let (server, queue) = (shared.server(), shared.queue().await);
    move_to(&server, &queue, "one").await;
    let clock = &shared.site.clock;
    let posted = server.post_messages(&queue, &poster(), messages(3), clock.now()).await.unwrap();
    let noted = dies_sealed(&shared, &queue).await;
    server.expire(clock.now()).await.unwrap();
    server.moves_are_over().await;
    let registry = ManagementStore::pools(&shared.management).unwrap();
    assert_eq!(registry.get_move(queue.number).await.unwrap(), Some(noted.clone()), "it is another's");
    clock.advance_secs(10);
    // A call that waits goes on where the queue has arrived.
    let getting = server.get(&queue, &posted, clock.now());
    let moving = async {
        server.expire(clock.now()).await.unwrap();
        server.moves_are_over().await;
    };
    let (found, ()) = tokio::join!(getting, moving);
    assert_eq!(found.unwrap().len(), 3);
    assert_eq!(registry.pool_of(queue.number).await.unwrap(), noted.to);
    assert_eq!(registry.get_move(queue.number).await.unwrap(), None);
    // The dead one comes to itself: it switches nothing, and nobody follows it.
    assert!(!registry.switch(&noted, Some(&PoolName::new("one").unwrap())).await.unwrap());
    let source = shared.models.open("model:one");
    assert!(source.begin_export(&queue, noted.attempt.unwrap(), clock.now()).await.is_err());
    let later = server.post_messages(&queue, &poster(), vec![message()], clock.now()).await.unwrap();
    assert_eq!(server.get(&queue, &[posted, later].concat(), clock.now()).await.unwrap().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_a_sealed_queue_for_a_bounded_time() {
    let shared = Shared::new();
    shared.register().await;
    let (server, queue) = (shared.server(), shared.queue().await);
    move_to(&server, &queue, "one").await;
    dies_sealed(&shared, &queue).await;
    let refused = server.post_messages(&queue, &poster(), messages(1), shared.site.clock.now()).await;
    assert!(matches!(refused, Err(zaqar_storage::StorageError::Unavailable(_))), "{refused:?}");
}
