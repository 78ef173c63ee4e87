//! `claim_*`. Topics have none.

use serde_json::json;
use zaqar_domain::{ClaimParams, Error};

use super::Request;
use crate::reply::{HandlerResult, Reply};
use crate::write;

pub(crate) async fn create(request: &Request<'_>) -> HandlerResult {
    let (params, limit) = (params(request)?, request.integer("limit")?);
    let Some(claim) =
        request.zaqar.create_claim(request.caller, &request.destination()?.name, params, limit).await?
    else {
        return Ok(Reply::new(204, &json!({ "claim_id": null })));
    };
    let messages = write::messages(&claim.messages, Some(claim.id), claim.now);
    Ok(Reply::new(201, &write::CreatedClaim { claim_id: claim.id.to_string(), messages }))
}

pub(crate) async fn get(request: &Request<'_>) -> HandlerResult {
    let id = request.text("claim_id");
    let found = request.zaqar.get_claim(request.caller, &request.destination()?.name, &id).await;
    let found = found.map_err(|error| absent(error, &id))?;
    let claim = &found.claim;
    let messages = write::messages(&claim.messages, Some(claim.id), found.now);
    let age = found.now.secs_since(claim.renewed);
    Ok(Reply::new(200, &write::ClaimDocument { age, ttl: claim.ttl.get(), messages }))
}

pub(crate) async fn update(request: &Request<'_>) -> HandlerResult {
    let id = request.text("claim_id");
    let updated =
        request.zaqar.update_claim(request.caller, &request.destination()?.name, &id, params(request)?).await;
    updated.map_err(|error| absent(error, &id))?;
    Ok(Reply::new(204, &format!("Claim {id} updated.")))
}

pub(crate) async fn delete(request: &Request<'_>) -> HandlerResult {
    let id = request.text("claim_id");
    request.zaqar.delete_claim(request.caller, &request.destination()?.name, &id).await?;
    Ok(Reply::new(204, &format!("Claim {id} deleted.")))
}

fn params(request: &Request<'_>) -> Result<ClaimParams, Reply> {
    Ok(ClaimParams { ttl: request.integer("ttl")?, grace: request.integer("grace")? })
}

fn absent(error: Error, id: &str) -> Reply {
    match &error {
        Error::NotFound(absent) => {
            Reply::exception(404, absent.to_string(), Some(&format!("Claim {id} does not exist.")))
        }
        _ => error.into(),
    }
}
