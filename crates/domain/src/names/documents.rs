//! Looks over whole documents.

use serde_json::{Map, Value};
use zaqar_model::Metadata;

use super::{KnownNames, METADATA, OPTIONS, RETRY_POLICY, SUBSCRIPTION, Warnings};
use crate::queues::RETRY_POLICY as RETRY_POLICY_NAME;
use crate::{Patch, PatchChange, SubscriptionParams};

impl Warnings {
    /// The members of an object.
    pub fn check_members(&mut self, members: &Map<String, Value>, known: &KnownNames<'_>) {
        for name in members.keys() {
            self.check(name, known);
        }
    }

    /// Metadata that a queue is to have.
    pub fn check_metadata(&mut self, metadata: &Metadata) {
        self.check_with_policy(metadata.members(), &METADATA);
    }

    /// What a patch sets. What it removes may well be a slip of earlier.
    pub fn check_patch(&mut self, patch: &Patch) {
        for change in patch.changes() {
            if let PatchChange::Add(name, value) | PatchChange::Replace(name, value) = change {
                self.check(name, &METADATA);
                self.check_policy(name, value);
            }
        }
    }

    /// What is asked of a subscription, with its options.
    pub fn check_subscription(&mut self, wish: &SubscriptionParams) {
        self.check_members(wish.members(), &SUBSCRIPTION);
        if let Some(Value::Object(options)) = wish.members().get("options") {
            self.check_with_policy(options, &OPTIONS);
        }
    }

    fn check_with_policy(&mut self, members: &Map<String, Value>, known: &KnownNames<'_>) {
        for (name, value) in members {
            self.check(name, known);
            self.check_policy(name, value);
        }
    }

    fn check_policy(&mut self, name: &str, value: &Value) {
        if let (RETRY_POLICY_NAME, Value::Object(policy)) = (name, value) {
            self.check_members(policy, &RETRY_POLICY);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use zaqar_model::Metadata;

    use super::Warnings;
    use crate::{Patch, SubscriptionParams};

    /// The names that are told, in their order.
    fn told(check: impl FnOnce(&mut Warnings)) -> Vec<String> {
        let mut warnings = Warnings::default();
        check(&mut warnings);
        warnings.texts().map(|text| text.split('\'').nth(1).unwrap().to_owned()).collect()
    }

    fn metadata(value: Value) -> Metadata {
        let Value::Object(members) = value else { panic!("no object") };
        Metadata::new(members)
    }

    #[test]
    fn metadata_is_looked_over_with_its_retry_policy() {
        let metadata = metadata(json!({
            "_max_claim_cuont": 1, "_max_claim_count": 1, "team": "shop",
            "_retry_policy": { "minimum_dely": 5, "maximum_delay": 50, "unheard": 1 },
        }));
        assert_eq!(told(|warnings| warnings.check_metadata(&metadata)), ["_max_claim_cuont", "minimum_dely"]);
    }

    #[test]
    fn of_a_patch_what_it_sets_is_looked_at_and_not_what_it_removes() {
        let patch = json!([
            { "op": "remove", "path": "/metadata/_retry_polcy" },
            { "op": "add", "path": "/metadata/_flavour", "value": "a" },
            { "op": "replace", "path": "/metadata/_retry_policy", "value": { "maximum_dealy": 50 } },
        ]);
        let Value::Array(operations) = patch else { panic!("no list") };
        let patch = Patch::new(operations).unwrap();
        assert_eq!(told(|warnings| warnings.check_patch(&patch)), ["_flavour", "maximum_dealy"]);
    }

    #[test]
    fn a_subscription_is_looked_over_with_its_options_and_their_retry_policy() {
        let wish = SubscriptionParams::new(json!({
            "subscriber": "http://a", "tll": 60,
            "options": { "post_haeders": {}, "_x": 1, "team": 1, "_retry_policy": { "retry_backof_function": 1 } },
        }));
        let wish = wish.unwrap();
        let expected = ["tll", "post_haeders", "_x", "retry_backof_function"];
        assert_eq!(told(|warnings| warnings.check_subscription(&wish)), expected);
    }
}
