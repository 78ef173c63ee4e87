//! The policy: what each rule demands of a caller, in the language of oslo.policy. Where it is kept, and in which format,
//! is not known here.

mod catalogue;
mod check;
mod evaluate;
mod measure;
mod parse;

use std::collections::HashMap;

use zaqar_model::Caller;

pub use catalogue::{KnownRule, RULES};
use check::Check;
use evaluate::{ATTRIBUTES, Rules};
pub use parse::RuleText;

use crate::Rule;

/// The rule that stands in for one that does not exist, unless another one is named.
const DEFAULT_RULE: &str = "default";

/// What each rule demands: upstream's defaults, but for the rules that were given.
#[derive(Clone, Debug)]
pub struct Policy {
    rules: Rules,
}

/// Something about one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleProblem {
    pub rule: String,
    pub reason: String,
}

impl Default for Policy {
    fn default() -> Self {
        // That the defaults can be read is tested; one that could not would let nobody in.
        let parsed = |rule: &KnownRule| {
            let check = RuleText::Expression(rule.default.to_owned()).parse().unwrap_or(Check::Never);
            (rule.name.to_owned(), check)
        };
        let by_name = RULES.iter().map(parsed).collect();
        Self { rules: Rules { by_name, default_rule: DEFAULT_RULE.to_owned() } }
    }
}

impl Policy {
    /// The defaults with `given` in their place; of two rules of one name, the later counts. `default_rule` stands in
    /// where a rule refers to one that does not exist; if it does not exist either, the answer is no.
    ///
    /// # Errors
    ///
    /// All rules that cannot be read, and those about which no decision would come to an end.
    pub fn new(given: &[(String, RuleText)], default_rule: &str) -> Result<Self, Vec<RuleProblem>> {
        let mut policy = Self::default();
        policy.rules.default_rule = default_rule.to_owned();
        let mut problems = Vec::new();
        for (name, text) in given {
            match text.parse() {
                Ok(check) => {
                    policy.rules.by_name.insert(name.clone(), check);
                }
                Err(reason) => problems.push(RuleProblem { rule: name.clone(), reason }),
            }
        }
        if problems.is_empty() {
            problems = policy.endless();
        }
        if problems.is_empty() { Ok(policy) } else { Err(problems) }
    }

    fn endless(&self) -> Vec<RuleProblem> {
        let mut known = HashMap::new();
        let mut problems: Vec<RuleProblem> = Vec::new();
        for name in self.names() {
            if let Err(reason) = measure::rule(&self.rules, name, &mut Vec::new(), &mut known)
                // Each rule of a circle finds it.
                && !problems.iter().any(|problem| problem.reason == reason)
            {
                problems.push(RuleProblem { rule: name.to_owned(), reason });
            }
        }
        problems
    }

    fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.rules.by_name.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// What is odd about the policy, and does not keep it from being used: most often a name that is misspelt.
    pub fn remarks(&self) -> Vec<RuleProblem> {
        let mut remarks = Vec::new();
        let mut referred = vec![self.rules.default_rule.as_str()];
        for name in self.names() {
            let mut remark = |reason| remarks.push(RuleProblem { rule: name.to_owned(), reason });
            for part in self.rules.by_name.get(name).map(Check::parts).unwrap_or_default() {
                match part {
                    Check::Rule(other) => {
                        if !self.rules.by_name.contains_key(other) {
                            remark(format!("it refers to the rule {other}, which does not exist"));
                        }
                        referred.push(other);
                    }
                    Check::Attribute(attribute, _) if !ATTRIBUTES.contains(&attribute.as_str()) => {
                        remark(format!("nothing is known of a caller by the name {attribute}"));
                    }
                    _ => {}
                }
            }
        }
        let is_known = |name: &str| RULES.iter().any(|rule| rule.name == name);
        for name in self.names().into_iter().filter(|name| !is_known(name) && !referred.contains(name)) {
            let reason = "no operation and no other rule asks for it".to_owned();
            remarks.push(RuleProblem { rule: name.to_owned(), reason });
        }
        remarks
    }

    /// Whether the caller may do what the rule stands for. Upstream tells rules nothing of what an operation is done to,
    /// and so it is here: a check that asks for it does not hold.
    pub fn allows(&self, caller: &Caller, rule: Rule) -> bool {
        self.rules.find(rule.name()).is_some_and(|check| self.rules.hold(check, caller, &[]))
    }

    /// Whether everybody may.
    pub(crate) fn is_open(&self, rule: Rule) -> bool {
        self.rules.find(rule.name()) == Some(&Check::Always)
    }
}

#[cfg(test)]
mod tests;
