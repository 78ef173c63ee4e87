//! The page on limits and defaults: it says what the configuration's defaults really are.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;
use zaqar_config::Sources;
use zaqar_model::Metadata;
use zaqar_notifier::RetryPolicy;

use crate::pages::{Page, root};

fn page() -> String {
    Page::read(&root().join("docs/limits-and-defaults.md")).text
}

/// Every option with its default.
fn defaults() -> BTreeMap<String, String> {
    let effective = zaqar_config::load(&Sources::default(), &[]).unwrap().effective;
    effective.into_iter().map(|line| (format!("[{}] {}", line.group, line.option), line.value)).collect()
}

/// The options that a row of a table names.
fn options(row: &str) -> Vec<String> {
    let option = Regex::new(r"`(\[[a-z:]+\] [a-z_]+)`").unwrap();
    option.captures_iter(row).map(|found| found[1].to_owned()).collect()
}

#[test]
fn a_row_has_the_real_defaults_of_the_options_that_it_names_in_their_order() {
    let defaults = defaults();
    for row in page().lines().filter(|line| line.starts_with('|')) {
        let mut rest = row;
        for option in options(row) {
            let default = &defaults[&option];
            let number = Regex::new(&format!(r"\b{default}\b")).unwrap();
            let found = number.find(rest).unwrap_or_else(|| panic!("{option} = {default} is not in {row}"));
            rest = &rest[found.end()..];
        }
    }
}

#[test]
fn every_default_and_every_maximum_of_a_request_is_on_the_page() {
    let (page, prefixes) = (page(), ["[transport] default_", "[transport] max_"]);
    let named: Vec<_> = page.lines().filter(|line| line.starts_with('|')).flat_map(options).collect();
    for option in defaults().into_keys() {
        let is_limit = prefixes.iter().any(|prefix| option.starts_with(prefix));
        let is_of_ids = option.ends_with("_client_id");
        assert!(!is_limit || is_of_ids || named.contains(&option), "{option}");
    }
}

/// How often a policy tries again, and within how many seconds.
fn retries(policy: &RetryPolicy) -> (u32, u64) {
    let delays: Vec<_> = (1..).map_while(|attempts| policy.delay_after(attempts)).collect();
    (u32::try_from(delays.len()).unwrap(), delays.iter().map(|delay| delay.as_secs()).sum())
}

#[test]
fn the_usual_policy_tries_as_often_as_the_page_says() {
    let (count, seconds) = retries(&RetryPolicy::default());
    assert!(page().contains(&format!("| {count} retries within {seconds} s")), "{count} in {seconds} s");
}

#[test]
fn the_recipe_for_three_days_retries_for_three_days_and_the_message_lives_longer() {
    let page = page();
    let recipe = page.split("### Retry for three days").nth(1).unwrap();
    let metadata = recipe.split("-d '").nth(1).unwrap().split('\'').next().unwrap();
    let metadata: Value = serde_json::from_str(metadata).unwrap();
    let ttl = metadata["_default_message_ttl"].as_u64().unwrap();
    let Value::Object(members) = metadata else { panic!() };
    let (_, seconds) = retries(&RetryPolicy::for_subscription(&Metadata::new(members), &Metadata::default()));
    let day = 24 * 60 * 60;
    assert!(3 * day <= seconds && seconds < ttl, "{seconds} s");
}
