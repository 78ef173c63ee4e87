//! Rows of what is gone are removed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use support::{Schemas, fresh_place};
use zaqar_storage_conformance::MessageBench;

/// More than are removed in one piece.
#[tokio::test]
async fn all_rows_of_what_has_expired_go() {
    let place = fresh_place();
    let schema = Schemas::default().fresh(place.0.uri());
    let name = schema.0.schema.clone();
    let bench = MessageBench::new(Box::new(schema)).await;
    let queue = bench.queue();
    for _ in 0..25 {
        queue.fill(100).await;
    }
    let rows = |table: &str| place.0.run(&format!("SELECT count(*) FROM \"{name}\".{table}"));
    assert_eq!([rows("messages"), rows("batches")], ["2500", "25"]);
    bench.advance_secs(86_400);
    bench.store().expire(bench.now()).await.unwrap();
    assert_eq!([rows("messages"), rows("batches")], ["0", "0"]);
}
