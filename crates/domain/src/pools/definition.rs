//! What an administrator says of a pool.

use zaqar_model::{FlavorName, Metadata, Pool, PoolName, PoolWeight};

use crate::queues::check_depth;
use crate::{Error, Result};

/// A pool as it is to be.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolDefinition {
    pub uri: String,
    pub weight: PoolWeight,
    /// Empty for none.
    pub flavor: String,
    pub options: Metadata,
}

impl PoolDefinition {
    pub(super) fn named(self, name: &str) -> Result<Pool> {
        check_depth(&self.options, "Options are")?;
        Ok(Pool {
            name: PoolName::new(name).map_err(|error| Error::invalid(error.to_string()))?,
            uri: self.uri,
            weight: self.weight,
            flavor: flavor_named(&self.flavor)?,
            options: self.options,
        })
    }
}

/// What is to be different of a pool.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PoolChange {
    pub uri: Option<String>,
    pub weight: Option<PoolWeight>,
    /// Empty for none.
    pub flavor: Option<String>,
    pub options: Option<Metadata>,
}

impl PoolChange {
    /// Whether the pool's store is reached in another way afterwards.
    pub(super) const fn moves_store(&self) -> bool {
        self.uri.is_some() || self.options.is_some()
    }

    /// The same with a flavor that is a name.
    pub(super) fn checked(self) -> Result<Change> {
        if let Some(options) = &self.options {
            check_depth(options, "Options are")?;
        }
        let flavor = self.flavor.as_deref().map(flavor_named).transpose()?;
        Ok(Change { uri: self.uri, weight: self.weight, flavor, options: self.options })
    }
}

/// A change that can be made.
#[derive(Clone)]
pub(super) struct Change {
    uri: Option<String>,
    weight: Option<PoolWeight>,
    flavor: Option<Option<FlavorName>>,
    options: Option<Metadata>,
}

impl Change {
    pub(super) fn apply(self, pool: Pool) -> Pool {
        Pool {
            name: pool.name,
            uri: self.uri.unwrap_or(pool.uri),
            weight: self.weight.unwrap_or(pool.weight),
            flavor: self.flavor.unwrap_or(pool.flavor),
            options: self.options.unwrap_or(pool.options),
        }
    }
}

fn flavor_named(name: &str) -> Result<Option<FlavorName>> {
    if name.is_empty() {
        return Ok(None);
    }
    FlavorName::new(name).map(Some).map_err(|error| Error::invalid(error.to_string()))
}
