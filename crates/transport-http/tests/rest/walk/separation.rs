//! To another project, what belongs to one is as if it were not there.

use super::OPEN;
use super::site::{OWNER, Site};
use crate::fixture::{Answer, Fixture};

/// Routes for administrators, about what belongs to no project.
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
        let is_of_a_project = !OPEN.contains(&route.operation.as_str()) && own.text().contains("owner");
        assert!(
            !is_of_a_project || shown(&own) != shown(&alone),
            "{} shows nothing of its own",
            route.operation
        );
    }
}

/// An answer but for what is new each time: ids.
fn shown(answer: &Answer) -> String {
    let headers = answer.headers.iter().filter(|(name, _)| *name != "x-openstack-request-id");
    let headers: Vec<_> =
        headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    without_ids(&format!("{}\n{}\n{}", answer.status, headers.join("\n"), answer.text()))
}

/// The text with every UUID blanked.
pub(crate) fn without_ids(text: &str) -> String {
    let is_id =
        |text: &str| text.len() == 36 && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    let mut plain = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        match rest.get(..36).filter(|start| is_id(start)) {
            Some(_) => {
                plain.push_str("<id>");
                rest = &rest[36..];
            }
            None => {
                plain.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    plain
}
