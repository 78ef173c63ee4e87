//! A project does not see what belongs to another one.

use super::site::{OWNER, Site};
use crate::fixture::{Answer, Fixture};
use crate::ids;

/// Routes for administrators, which are about no project.
const OF_THE_WHOLE_SERVICE: &[&str] = &["health", "pool", "flavor"];

#[tokio::test]
async fn to_another_project_everything_is_as_if_it_were_not_there() {
    for route in Site::new().await.routes {
        if OF_THE_WHOLE_SERVICE.iter().any(|noun| route.operation.contains(noun)) {
            continue;
        }
        let site = Site::new().await;
        let before = site.everything().await;
        let beside_the_owner = site.send(site.request_of("another", &route)).await;
        assert_eq!(
            site.everything().await,
            before,
            "{} has changed what is another project's",
            route.operation
        );

        let empty = Fixture::with_pools();
        let alone = empty.send(site.request_of("another", &route)).await;
        assert_eq!(shown(&beside_the_owner), shown(&alone), "{}", route.operation);

        let own = site.send(site.request(&route)).await;
        assert!(own.status.as_u16() < 400, "{} is refused to {OWNER}: {}", route.operation, own.status);
    }
}

/// A response without its ids, which are new each time.
fn shown(answer: &Answer) -> String {
    let headers = answer.headers.iter().filter(|(name, _)| *name != "x-openstack-request-id");
    let headers: Vec<_> =
        headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    ids::replaced(&format!("{}\n{}\n{}", answer.status, headers.join("\n"), answer.text()), |_| {
        "<id>".to_owned()
    })
}
