//! Lists the flavors.

use zaqar_model::{Caller, FlavorName, PageRequest};
use zaqar_storage::StorageResult;

use super::ShownFlavor;
use crate::error::OrUnavailable;
use crate::limits::{DEFAULT_PAGE, count_within};
use crate::marker::name_before;
use crate::permissions::Rule;
use crate::pools::Registry;
use crate::{Error, Failure, Result, Zaqar};

/// Which flavors are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlavorListing {
    /// Only those behind this text in the order of names. It need not be a name.
    pub marker: Option<String>,
    pub limit: Option<i64>,
}

/// A page of flavors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFlavors {
    pub flavors: Vec<ShownFlavor>,
    /// Where the next page begins, if there was anything on this one.
    pub next: Option<FlavorName>,
}

impl Zaqar {
    pub async fn list_flavors(&self, caller: &Caller, listing: &FlavorListing) -> Result<ListedFlavors> {
        self.permit(caller, Rule::FlavorsGetAll)?;
        let max = self.limits.max_flavors_per_page;
        let limit = count_within(listing.limit, max, DEFAULT_PAGE)
            .ok_or_else(|| Error::invalid(format!("Limit must be at least 1 and no greater than {max}.")))?;
        let marker = listing.marker.as_deref().and_then(|text| FlavorName::new(&name_before(text)).ok());
        let page = PageRequest { marker, limit };
        page_of(&self.registry()?, &page).await.or_unavailable(Failure::ListFlavors)
    }
}

async fn page_of(registry: &Registry, page: &PageRequest<FlavorName>) -> StorageResult<ListedFlavors> {
    let page = registry.store()?.list_flavors(page).await?;
    let mut flavors = Vec::with_capacity(page.items.len());
    for flavor in page.items {
        flavors.push(ShownFlavor::of(registry, flavor.name).await?);
    }
    Ok(ListedFlavors { flavors, next: page.next })
}
