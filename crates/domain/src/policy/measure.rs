//! Whether deciding about a rule comes to an end, and soon: rules that lead back to themselves are found here, and so
//! are those that lead too far.

use std::collections::HashMap;

use super::check::Check;
use super::evaluate::Rules;

/// How many rules may lead from one to the next. With the depth of a single rule this bounds the stack.
const LONGEST_CHAIN: usize = 16;
/// How many checks a decision may take at most.
const MOST_CHECKS: u64 = 10_000;

/// What it takes to decide about a rule.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Effort {
    checks: u64,
    /// How many rules lead from this one to the next, itself counted.
    chain: usize,
}

/// The rules that have been looked at.
pub(crate) type Known<'a> = HashMap<&'a str, Result<Effort, String>>;

/// What deciding about the rule `name` takes at most.
///
/// # Errors
///
/// Why it would take too much.
pub(crate) fn rule<'a>(
    rules: &'a Rules,
    name: &'a str,
    chain: &mut Vec<&'a str>,
    known: &mut Known<'a>,
) -> Result<Effort, String> {
    // The default rule stands in for what is not there.
    let name = if rules.by_name.contains_key(name) { name } else { &rules.default_rule };
    let Some(check) = rules.by_name.get(name) else { return Ok(Effort::default()) };
    if let Some(place) = chain.iter().position(|above| *above == name) {
        let circle = chain[place..].join(" → ");
        return Err(format!("rules lead round in a circle: {circle} → {name}"));
    }
    if let Some(measured) = known.get(name) {
        return measured.clone();
    }
    if chain.len() >= LONGEST_CHAIN {
        return Err(too_long());
    }
    chain.push(name);
    let measured = parts(rules, check, chain, known);
    chain.pop();
    known.insert(name, measured.clone());
    measured
}

fn parts<'a>(
    rules: &'a Rules,
    check: &'a Check,
    chain: &mut Vec<&'a str>,
    known: &mut Known<'a>,
) -> Result<Effort, String> {
    let mut effort = Effort { checks: 0, chain: 1 };
    for part in check.parts() {
        let Check::Rule(name) = part else {
            effort.checks = effort.checks.saturating_add(1);
            continue;
        };
        let below = rule(rules, name, chain, known)?;
        effort.checks = effort.checks.saturating_add(below.checks);
        effort.chain = effort.chain.max(below.chain + 1);
    }
    if effort.chain > LONGEST_CHAIN {
        return Err(too_long());
    }
    if effort.checks > MOST_CHECKS {
        return Err(format!("deciding takes more than {MOST_CHECKS} checks"));
    }
    Ok(effort)
}

fn too_long() -> String {
    format!("more than {LONGEST_CHAIN} rules lead from one to the next")
}
