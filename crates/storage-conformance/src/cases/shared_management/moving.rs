//! Moves, of which one server alone carries each out.

use zaqar_model::{ServerId, Timestamp};
use zaqar_storage::TakenMove;

use crate::RegisterPools;
use crate::bench::ManagementBench;
use crate::cases::pools::moving::noted;

const ONE: ServerId = ServerId::from_u128(1);
const OTHER: ServerId = ServerId::from_u128(2);

/// Of two servers that take a move at the same time, one gets it.
pub async fn a_move_is_taken_by_one_server(bench: &ManagementBench) {
    let (one, other) = (bench.store(), bench.open_another().await);
    let noted = noted(bench).await;
    let (now, until) = (Timestamp::from_secs(1_000_000), Timestamp::from_secs(1_000_010));
    let number = noted.queue.number;
    for _ in 0..10 {
        one.registry().put_move(&noted, None).await.unwrap();
        let (first, second) =
            tokio::join!(async { one.registry().take_move(number, ONE, until, now).await.unwrap() }, async {
                other.registry().take_move(number, OTHER, until, now).await.unwrap()
            },);
        let taken = TakenMove::Taken(noted.clone());
        assert_ne!(first == taken, second == taken, "{first:?}, {second:?}");
        assert!([first, second].contains(&TakenMove::HeldByAnother));
        assert!(other.registry().end_move(&noted).await.unwrap());
        assert_eq!(one.registry().get_move(number).await.unwrap(), None);
    }
}

/// A move is taken over when the time of its owner is over.
pub async fn a_move_is_taken_over_when_its_time_is_over(bench: &ManagementBench) {
    let (one, other) = (bench.store(), bench.open_another().await);
    let noted = noted(bench).await;
    let number = noted.queue.number;
    let at = |second: u64| Timestamp::from_secs(1_000_000 + second);
    one.registry().put_move(&noted, None).await.unwrap();
    one.registry().take_move(number, ONE, at(10), at(0)).await.unwrap();
    let held = other.registry().take_move(number, OTHER, at(19), at(9)).await.unwrap();
    assert_eq!(held, TakenMove::HeldByAnother);
    let taken = other.registry().take_move(number, OTHER, at(20), at(10)).await.unwrap();
    assert_eq!(taken, TakenMove::Taken(noted));
    let lost = one.registry().take_move(number, ONE, at(21), at(11)).await.unwrap();
    assert_eq!(lost, TakenMove::HeldByAnother);
}
