//! Lists a project's queues or topics.

use std::borrow::Cow;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};
use serde_json::Value;
use zaqar_model::{Caller, DestinationKind, Metadata, PageRequest, Queue, QueueName};

use super::attributes;
use super::filter::QueueFilter;
use crate::error::OrUnavailable;
use crate::limits::{DEFAULT_PAGE, count_within};
use crate::marker::name_before;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::{Error, Failure, Result, Zaqar};

/// A pattern may be so long, and take so much memory when it is compiled. Matching takes linear time anyway.
const MAX_PATTERN_LENGTH: usize = 512;
const MAX_PATTERN_SIZE: usize = 256 * 1024;

/// Which queues are asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueueListing {
    /// Only those behind this text in the order of names. It need not be a name.
    pub marker: Option<String>,
    pub limit: Option<i64>,
    /// A regular expression that matches somewhere in the name.
    pub name: Option<String>,
    /// Members that the metadata must have, each with one of these values.
    pub metadata: Vec<(String, Vec<Value>)>,
    /// Whether to count all of the project.
    pub with_count: bool,
}

/// A page of queues.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedQueues {
    pub queues: Vec<Arc<Queue>>,
    /// Where the next page begins, if there was anything on this one.
    pub next: Option<QueueName>,
    pub count: Option<u64>,
}

impl Zaqar {
    pub async fn list_queues(
        &self,
        caller: &Caller,
        kind: DestinationKind,
        listing: &QueueListing,
    ) -> Result<ListedQueues> {
        self.permit(caller, Rule::QueuesGetAll.on(kind))?;
        let mut listing = Cow::Borrowed(listing);
        let answer =
            pass!(self.pipelines.of(kind), stage => stage.list_queues(caller, kind, listing.to_mut()));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let max = self.limits.max_queues_per_page;
        let limit = count_within(listing.limit, max, DEFAULT_PAGE)
            .ok_or_else(|| Error::invalid(format!("Limit must be at least 1 and no greater than {max}.")))?;
        let filter = QueueFilter {
            name: listing.name.as_deref().map(pattern).transpose()?,
            metadata: listing.metadata.clone(),
        };
        let page = PageRequest {
            marker: listing.marker.as_deref().and_then(|text| QueueName::new(&name_before(text)).ok()),
            limit,
        };
        let failure = Failure::ListQueues(kind);
        let store = &*self.stores.management;
        let page = filter.list(store, kind, &caller.project, &page).await.or_unavailable(failure)?;
        let count = if listing.with_count {
            Some(store.count(kind, &caller.project).await.or_unavailable(failure)?)
        } else {
            None
        };
        Ok(ListedQueues { queues: page.items, next: page.next, count })
    }

    /// A listed queue's metadata as [`Zaqar::get_queue`] shows it.
    pub fn shown_metadata(&self, queue: &Queue) -> Metadata {
        attributes::with_defaults(queue.destination.kind, &queue.metadata, &self.limits)
    }
}

fn pattern(text: &str) -> Result<Regex> {
    let refused = || Error::invalid("The name filter is not a regular expression that can be used.");
    if text.len() > MAX_PATTERN_LENGTH {
        return Err(refused());
    }
    RegexBuilder::new(text)
        .size_limit(MAX_PATTERN_SIZE)
        .dfa_size_limit(MAX_PATTERN_SIZE)
        .nest_limit(50)
        .build()
        .map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn a_pattern_that_is_broken_or_huge_is_refused() {
        assert!(pattern("^q[0-9]+$").unwrap().is_match("q12"));
        for bad in ["[", "(", "a{999999999}", "((a{100}){100}){100}", &"a".repeat(513)] {
            assert!(pattern(bad).is_err(), "{bad}");
        }
    }
}
