//! Flavors: kinds of pools that a queue can ask for by name.

use crate::{FlavorName, Metadata, ProjectId};

/// A named group of pools with the same abilities.
#[derive(Clone, Debug, PartialEq)]
pub struct Flavor {
    pub name: FlavorName,
    /// The project that made it.
    pub project: ProjectId,
    pub capabilities: Metadata,
}
