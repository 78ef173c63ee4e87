//! Lists the pools.

use zaqar_model::{Caller, Page, PageRequest, Pool, PoolName};

use crate::error::OrUnavailable;
use crate::limits::{DEFAULT_PAGE, count_within};
use crate::marker::name_before;
use crate::permissions::Rule;
use crate::{Error, Failure, Result, Zaqar};

/// Which pools are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolListing {
    /// Only those behind this text in the order of names. It need not be a name.
    pub marker: Option<String>,
    pub limit: Option<i64>,
}

/// A page of pools.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedPools {
    pub pools: Vec<Pool>,
    /// Where the next page begins, if there was anything on this one.
    pub next: Option<PoolName>,
}

impl Zaqar {
    pub async fn list_pools(&self, caller: &Caller, listing: &PoolListing) -> Result<ListedPools> {
        self.permit(caller, Rule::PoolsGetAll)?;
        let max = self.limits.max_pools_per_page;
        let limit = count_within(listing.limit, max, DEFAULT_PAGE)
            .ok_or_else(|| Error::invalid(format!("Limit must be at least 1 and no greater than {max}.")))?;
        let marker = listing.marker.as_deref().and_then(|text| PoolName::new(&name_before(text)).ok());
        let failure = Failure::ListPools;
        let pools = self.stores.management.pools_or_unsupported().or_unavailable(failure)?;
        let page = pools.list_pools(&PageRequest { marker, limit }).await;
        let Page { items, next } = page.or_unavailable(failure)?;
        Ok(ListedPools { pools: items, next })
    }
}
