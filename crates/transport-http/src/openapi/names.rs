//! The document has exactly the names that the parsers of requests know.

use std::collections::BTreeSet;

use serde_json::Value;
use zaqar_domain::Limits;
use zaqar_domain::names::{
    CLAIM, CONFIRMATION, FLAVOR, KnownNames, MESSAGE, METADATA, OPTIONS, POOL, POST, PURGE, RETRY_POLICY,
    SUBSCRIPTION,
};

use super::document;
use crate::operations::Operation;
use crate::parameters::parameters;
use crate::routes::{AdminFeatures, ROUTES};

fn everything() -> Value {
    document(&Limits::default(), AdminFeatures { admin_mode: true, pools: true })
}

#[test]
fn every_request_has_the_parameters_that_are_known() {
    let document = everything();
    for route in ROUTES {
        let described = document["paths"][route.path][route.method.to_lowercase()]["parameters"].as_array();
        let of_query = described.into_iter().flatten().filter(|parameter| parameter["in"] == "query");
        let mut described: BTreeSet<_> =
            of_query.filter_map(|parameter| parameter["name"].as_str()).collect();
        if route.operation == Operation::ListQueues {
            // Every other name.
            assert!(described.remove("metadata"));
        }
        let known = parameters(route.operation, route.kind());
        assert_eq!(described, BTreeSet::from_iter(known.iter().copied()), "{} {}", route.method, route.path);
    }
}

#[test]
fn every_document_has_the_members_that_are_known() {
    let document = everything();
    for (schema, inside, known) in [
        ("Metadata", "", METADATA),
        ("RetryPolicy", "", RETRY_POLICY),
        ("NewMessages", "", POST),
        ("NewMessages", "/properties/messages/items", MESSAGE),
        ("NewClaim", "", CLAIM),
        ("ClaimRenewal", "", CLAIM),
        ("Purge", "", PURGE),
        ("NewSubscription", "", SUBSCRIPTION),
        ("NewSubscription", "/properties/options", OPTIONS),
        ("SubscriptionChange", "", SUBSCRIPTION),
        ("SubscriptionChange", "/properties/options", OPTIONS),
        ("Confirmation", "", CONFIRMATION),
        ("NewPool", "", POOL),
        ("PoolChange", "", POOL),
        ("NewFlavor", "", FLAVOR),
    ] {
        let members = document.pointer(&format!("/components/schemas/{schema}{inside}/properties")).unwrap();
        let described: BTreeSet<_> = members.as_object().unwrap().keys().map(String::as_str).collect();
        let KnownNames { names, .. } = known;
        assert_eq!(described, BTreeSet::from_iter(names.iter().copied()), "{schema}{inside}");
    }
}
