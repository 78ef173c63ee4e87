//! `/v2/health`: the report for administrators. With `?deep=true` it runs a self-test first.

use serde_json::{Map, Value, json};
use zaqar_domain::{Health, HealthReport};

use crate::exchange::{Exchange, HandlerResult};
use crate::respond;

pub(crate) async fn show(exchange: Exchange<'_>) -> HandlerResult {
    let deep = exchange.query.boolean("deep")?.unwrap_or(false);
    let report = exchange.zaqar.health(exchange.caller, deep).await?;
    Ok(respond::json_document(&document(&report)))
}

/// With pools, the report has a member for each pool, as in upstream.
fn document(report: &HealthReport) -> Value {
    let operations = report.operations.iter().map(|(name, status)| {
        let document =
            json!({ "succeeded": status.succeeded, "seconds": status.seconds, "ref": status.reference });
        ((*name).to_owned(), document)
    });
    let operations = Map::from_iter(operations);
    let Some(pools) = &report.pools else { return store(&report.storage, &operations) };
    let mut document = Map::new();
    document.insert("catalog_reachable".to_owned(), report.storage.reachable.into());
    if !operations.is_empty() {
        document.insert("operation_status".to_owned(), operations.into());
    }
    document.extend(pools.iter().map(|(name, health)| (name.to_string(), store(health, &Map::new()))));
    document.into()
}

fn store(health: &Health, operations: &Map<String, Value>) -> Value {
    let volume = health.volume.map(|volume| {
        json!({
            "free": volume.free, "claimed": volume.claimed, "total": volume.free.saturating_add(volume.claimed)
        })
    });
    json!({
        "storage_reachable": health.reachable,
        "operation_status": operations,
        "message_volume": volume,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use zaqar_domain::{Health, HealthReport};
    use zaqar_model::PoolName;

    use super::document;

    #[test]
    fn pools_are_shown_by_their_names() {
        let pools = vec![(PoolName::new("one").unwrap(), Health::default())];
        let report = HealthReport { storage: Health::default(), pools: Some(pools), operations: Vec::new() };
        let one = json!({"storage_reachable": false, "operation_status": {}, "message_volume": null});
        assert_eq!(document(&report), json!({"catalog_reachable": false, "one": one}));
    }
}
