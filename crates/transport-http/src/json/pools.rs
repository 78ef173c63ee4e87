//! The documents of pools.

use zaqar_domain::names::{POOL, Warnings};
use zaqar_domain::{PoolChange, PoolDefinition};
use zaqar_model::PoolWeight;

use super::fields::{Fields, required};
use crate::errors::HttpError;

type Result<T> = std::result::Result<T, HttpError>;

const MAX_URI: usize = 255;
const MAX_FLAVOR: usize = 255;

/// A complete pool: `{"uri": …, "weight": …, "flavor": …, "options": {…}}`. The last two are optional.
pub(crate) fn definition(fields: &Fields) -> Result<PoolDefinition> {
    let PoolChange { uri, weight, flavor, options } = members(fields)?;
    let uri = uri.ok_or_else(|| required("uri"))?;
    let weight = weight.ok_or_else(|| required("weight"))?;
    fields.only(POOL.names)?;
    Ok(PoolDefinition {
        uri,
        weight,
        flavor: flavor.unwrap_or_default(),
        options: options.unwrap_or_default(),
    })
}

/// At least one member of a pool. Other members are ignored.
pub(crate) fn change(fields: &Fields, warnings: &mut Warnings) -> Result<PoolChange> {
    fields.check_names(&POOL, warnings);
    if !POOL.names.iter().any(|name| fields.has(name)) {
        let text = "One of `uri`, `weight`, `flavor`, or `options` needs to be specified";
        return Err(HttpError::invalid_body(text));
    }
    members(fields)
}

fn members(fields: &Fields) -> Result<PoolChange> {
    Ok(PoolChange {
        weight: fields.integer("weight")?.map(PoolWeight),
        flavor: fields.text("flavor", MAX_FLAVOR)?,
        uri: fields.text("uri", MAX_URI)?,
        options: fields.object("options")?,
    })
}
