//! Each route checks exactly one rule of the policy.

use zaqar_domain::{Policy, RULES, RuleText};

use super::OPEN;
use super::site::Site;

/// Routes without a policy rule. They show the same to all callers.
const WITHOUT_RULE: &[&str] = &["show_home"];

/// A policy that allows or forbids everything except one rule.
fn policy(rule: &str, its_text: &str, of_others: &str) -> Policy {
    let text = |name: &str| if name == rule { its_text } else { of_others };
    let rules: Vec<_> = RULES
        .iter()
        .map(|known| (known.name.to_owned(), RuleText::Expression(text(known.name).to_owned())))
        .collect();
    Policy::new(&rules, "default").unwrap()
}

#[tokio::test]
async fn each_route_asks_for_its_rule_and_no_other() {
    for route in Site::new().await.routes {
        let site = Site::new().await;
        let asks_for_none = OPEN.iter().chain(WITHOUT_RULE).any(|operation| *operation == route.operation);
        let Some(rule) = route.policy_rule.as_deref().filter(|_| !asks_for_none) else {
            assert!(asks_for_none, "{}: no rule of the catalogue names this request", route.operation);
            site.fixture.zaqar.set_policy(policy("", "!", "!"));
            assert!(site.send(site.request(&route)).await.status.as_u16() < 400, "{}", route.operation);
            continue;
        };
        let before = site.everything().await;
        site.fixture.zaqar.set_policy(policy(rule, "!", "@"));
        let refused = site.send(site.request(&route)).await;
        assert_eq!(refused.status, 403, "{} without {rule}", route.operation);
        site.fixture.zaqar.set_policy(Policy::default());
        assert_eq!(
            site.everything().await,
            before,
            "{} was refused and has changed something",
            route.operation
        );

        site.fixture.zaqar.set_policy(policy(rule, "@", "!"));
        let allowed = site.send(site.request(&route)).await;
        assert!(allowed.status.as_u16() < 400, "{} with {rule} alone: {}", route.operation, allowed.status);
    }
}

#[tokio::test]
async fn every_rule_of_a_request_belongs_to_a_route() {
    let routes = Site::new().await.routes;
    for rule in RULES {
        for (method, path) in rule.operations {
            let is_there = routes.iter().any(|route| route.method == *method && route.path == *path);
            assert!(is_there, "{}: there is no route {method} {path}", rule.name);
        }
    }
}
