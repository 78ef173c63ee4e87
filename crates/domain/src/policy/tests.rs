//! Expectations are what oslo.policy 5 decides for the same rules, the same caller and an empty target. A rule that it
//! cannot read, or at which it fails, is an error here.

use proptest::prelude::{ProptestConfig, proptest};
use zaqar_model::{Caller, ClientId, Identity, ProjectId};

use super::{Policy, RULES, RuleText};
use crate::Rule;

fn caller() -> Caller {
    Caller {
        project: ProjectId::new("p1").unwrap(),
        client: Some(ClientId::new("c1")),
        roles: vec!["Member".into(), "reader".into()],
        identity: Identity { user: Some("u1".into()), ..Identity::default() },
    }
}

fn expression(text: &str) -> RuleText {
    RuleText::Expression(text.to_owned())
}

fn decide(text: RuleText) -> Option<bool> {
    let policy = Policy::new(&[("queues:get".into(), text)], "default").ok()?;
    Some(policy.allows(&caller(), Rule::QueuesGet))
}

fn reasons(rules: &[(&str, &str)]) -> Vec<String> {
    let rules: Vec<_> = rules.iter().map(|(name, text)| ((*name).to_owned(), expression(text))).collect();
    let problems = Policy::new(&rules, "default").err().unwrap_or_default();
    problems.into_iter().map(|problem| format!("{}: {}", problem.rule, problem.reason)).collect()
}

#[test]
fn rules_hold_as_in_oslo_policy() {
    for text in [
        "",
        "@",
        "role:member",
        "role:MEMBER",
        "not role:admin",
        "not not @",
        "not @ or @",
        "@ or ! and !",
        "! and ! or @",
        "@ and not !",
        "@ AND @",
        "! Or @",
        "NOT !",
        "((@))",
        "( @ )",
        "(not !)",
        "(role:member or role:x) and project_id:p1",
        "project_id:p1",
        "project:p1",
        "user:u1",
        "domain:None",
        "is_admin:False",
        "is_admin_project:True",
        "roles:Member",
        "roles:reader",
        "True:True",
        "False:False",
        "None:None",
        "'a':a",
        "\"a\":a",
        "1:1",
        "-1:-1",
        "not project_id:%(project_id)s",
        "'%':%%",
        "not rule:none",
        "not unknown:x",
        "role:member and role:reader or role:x and role:y",
        "role:x or (role:member and role:reader) and not !",
        "@\tor\n!",
        "not role:member or role:member",
        "! or not ! and @",
        "@ and @ or ! and !",
        "(! or @) and (@ or !)",
        "not (not (not !))",
        "'None':None",
        "read_only:False",
        "client_id:c1",
        "@\u{1c}or\u{a0}!",
    ] {
        assert_eq!(decide(expression(text)), Some(true), "{text}");
    }
}

#[test]
fn rules_do_not_hold_as_in_oslo_policy() {
    for text in [
        "!",
        "role:admin",
        "Role:member",
        "ROLE:member",
        "not (@ or !)",
        "(@ or !) and !",
        "project_id:P1",
        "is_admin:True",
        "roles:member",
        "1:2",
        "project_id:%(project_id)s",
        "role:%(x)s",
        "role:%%",
        "rule:none",
        "rule:",
        "role:",
        "unknown:x",
        "a.b:c",
        "role:x or role:y or role:member and not role:reader",
        "role:a:b",
        "roles:",
        "None:",
        "a-b:x",
        "@ and ! or ! and @",
        "is_admin:0",
    ] {
        assert_eq!(decide(expression(text)), Some(false), "{text}");
    }
}

#[test]
fn what_oslo_policy_cannot_read_is_an_error() {
    for text in [
        " ",
        "(@",
        "@)",
        "()",
        "@ @",
        "@ and",
        "and @",
        "@ or or @",
        "not",
        "'@'",
        "\"role:member\"",
        "role:member)",
        "nonsense",
        "not nonsense",
        "@ or nonsense",
        "not(@)",
        "not(!)",
        "role:member and(role:reader)",
        "@or!",
        "user:u1 )",
        "''x:y",
        "'x:y'",
        ":x",
        "1a:x",
        "role:%",
        "role:%d",
        "role:%(x",
        "%(x)s:y",
        "http://x/y",
        "https:x",
    ] {
        assert_eq!(decide(expression(text)), None, "{text}");
    }
}

#[test]
fn lists_are_alternatives_of_what_must_hold_together() {
    let list = |lists: &[&[&str]]| {
        let owned = lists.iter().map(|list| list.iter().map(|text| (*text).to_owned()).collect());
        decide(RuleText::Lists(owned.collect()))
    };
    for (lists, outcome) in [
        (&[] as &[&[&str]], Some(true)),
        (&[&[]], Some(false)),
        (&[&["@"]], Some(true)),
        (&[&["@", "!"]], Some(false)),
        (&[&["@"], &["!"]], Some(true)),
        (&[&["role:member", "role:reader"]], Some(true)),
        (&[&["role:x"], &["role:member"]], Some(true)),
        (&[&["role:x"], &["role:y"]], Some(false)),
        (&[&[], &["@"]], Some(true)),
        (&[&["@ or !"]], None),
    ] {
        assert_eq!(list(lists), outcome, "{lists:?}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, reason) in [
        ("role:a nonsense", "(character 8)"),
        ("(role:a or", "missing at character 11"),
        ("(role:a", "the parenthesis at character 1 is not closed"),
        ("role:a )", "the parenthesis `)` at character 8 does not belong there"),
        ("é:x and or", "the word `or` at character 9"),
    ] {
        let told = reasons(&[("queues:get", text)]).join("\n");
        assert!(told.starts_with("queues:get: ") && told.contains(reason), "{told}");
    }
}

#[test]
fn a_rule_that_does_not_exist_is_the_default_rule() {
    let rules = |default: &str| {
        [("queues:get".to_owned(), expression("rule:none")), (default.to_owned(), expression("@"))]
    };
    for (name, default_rule, allowed) in
        [("default", "default", true), ("other", "default", false), ("other", "other", true)]
    {
        let policy = Policy::new(&rules(name), default_rule).unwrap();
        assert_eq!(policy.allows(&caller(), Rule::QueuesGet), allowed, "{name} {default_rule}");
    }
}

#[test]
fn rules_that_lead_round_in_a_circle_are_refused() {
    assert_eq!(
        reasons(&[("a", "@ or rule:b"), ("b", "not rule:c"), ("c", "rule:a")]),
        ["a: rules lead round in a circle: a → b → c → a"]
    );
    assert_eq!(reasons(&[("a", "rule:a")]).len(), 1);
    assert_eq!(reasons(&[("default", "rule:none")]).len(), 1);
    assert_eq!(reasons(&[("a", "rule:b or rule:b"), ("b", "@")]), Vec::<String>::new());
}

#[test]
fn a_decision_takes_a_bounded_time_and_stack() {
    let chain = |length: usize, text: fn(usize) -> String| {
        let rules: Vec<_> = (0..length).map(|n| (format!("r{n:02}"), text(n + 1))).collect();
        let rules: Vec<_> = rules.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        reasons(&rules).len()
    };
    assert_eq!(chain(16, |next| format!("rule:r{next:02}")), 0);
    assert_ne!(chain(17, |next| format!("rule:r{next:02}")), 0);
    assert_ne!(chain(15, |next| format!("rule:r{next:02} or rule:r{next:02} or !")), 0);
    let deepest: Vec<_> = (0..15)
        .map(|n| (format!("r{n}"), expression(&format!("{}(rule:r{})", "not ".repeat(31), n + 1))))
        .chain([
            ("r15".to_owned(), expression("!")),
            ("queues:get".to_owned(), expression("@ and not not rule:r1")),
        ])
        .collect();
    // Fourteen times an odd number of `not`.
    assert!(!Policy::new(&deepest, "default").unwrap().allows(&caller(), Rule::QueuesGet));
    let nested = |depth: usize| decide(expression(&format!("{}@{}", "(".repeat(depth), ")".repeat(depth))));
    assert_eq!(nested(32), Some(true));
    assert_eq!(nested(33), None);
    assert_eq!(nested(30_000), None);
    assert_eq!(decide(expression(&"not ".repeat(10_000))), None);
    assert_eq!(decide(expression(&"@ and ".repeat(100_000))), None);
}

#[test]
fn every_operation_has_a_known_rule_and_upstreams_default() {
    for rule in Rule::ALL {
        let known = RULES.iter().filter(|known| known.name == rule.name()).collect::<Vec<_>>();
        assert_eq!(known.len(), 1, "{}", rule.name());
        assert!(!known[0].operations.is_empty(), "{}", rule.name());
        let name = rule.name();
        let to_see_flavors = matches!(rule, Rule::FlavorsGetAll | Rule::FlavorsGet);
        let for_administrators = ["health:", "pools:", "flavors:"].iter().any(|noun| name.starts_with(noun));
        let default = if for_administrators && !to_see_flavors { "role:admin" } else { "" };
        assert_eq!(known[0].default, default, "{}", rule.name());
        assert_eq!(Policy::default().is_open(rule), default.is_empty());
    }
    let defaults: Vec<_> = RULES.iter().map(|rule| (rule.name, rule.default)).collect();
    assert_eq!(reasons(&defaults), Vec::<String>::new());
    assert!(Policy::default().remarks().is_empty());
}

#[test]
fn what_is_odd_is_remarked_upon() {
    let rules = [("queus:get", "@"), ("queues:get", "rule:helper or rule:none"), ("helper", "usr:x")];
    let rules: Vec<_> = rules.iter().map(|(name, text)| ((*name).to_owned(), expression(text))).collect();
    let remarks = Policy::new(&rules, "default").unwrap().remarks();
    let about: Vec<_> = remarks.iter().map(|remark| remark.rule.as_str()).collect();
    assert_eq!(about, ["helper", "queues:get", "queus:get"]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_does_harm(text in r"\PC{0,60}|([@!()%:' ]|not |and |or |role:a|rule:queues:get|%\(x\)s|é){0,80}") {
        decide(expression(&text));
        decide(RuleText::Lists(vec![vec![text]]));
    }
}
