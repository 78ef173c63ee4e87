//! `/v2/health`: the report for administrators. With `?deep=true` it runs a self-test first.

use serde_json::{Map, Value, json};
use zaqar_domain::HealthReport;

use crate::exchange::{Exchange, Handled};
use crate::respond;

pub(crate) async fn show(exchange: Exchange<'_>) -> Handled {
    let deep = exchange.query.boolean("deep")?.unwrap_or(false);
    let report = exchange.zaqar.health(exchange.caller, deep).await?;
    Ok(respond::document(&document(&report)))
}

fn document(report: &HealthReport) -> Value {
    let operations = report.operations.iter().map(|(name, status)| {
        let document =
            json!({ "succeeded": status.succeeded, "seconds": status.seconds, "ref": status.reference });
        ((*name).to_owned(), document)
    });
    let volume = report.storage.volume.map(|volume| {
        json!({
            "free": volume.free, "claimed": volume.claimed, "total": volume.free.saturating_add(volume.claimed)
        })
    });
    json!({
        "storage_reachable": report.storage.reachable,
        "operation_status": Map::from_iter(operations),
        "message_volume": volume,
    })
}
