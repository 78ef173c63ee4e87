//! `_retry_policy`, of a queue or of a subscription: how deliveries to subscribers are tried again. Here it is only checked; the notifier follows it.

use serde_json::{Map, Value};
use zaqar_model::Metadata;

use crate::{Error, Result};

/// No delay is longer, in seconds: the longest time to live that a message can have.
pub const LONGEST_DELAY: u64 = 14 * 24 * 60 * 60;
/// No phase has more retries.
pub const MOST_RETRIES: u64 = 10_000;

pub(crate) const RETRY_POLICY: &str = "_retry_policy";

/// The members of a policy.
pub(crate) const MEMBERS: [&str; 7] = [
    "retries_with_no_delay",
    "minimum_delay_retries",
    "minimum_delay",
    "maximum_delay",
    "maximum_delay_retries",
    "retry_backoff_function",
    "ignore_subscription_override",
];

const MINIMUM_DELAY: u64 = 5;
const MAXIMUM_DELAY: u64 = 30;
/// The delays must leave room for two steps of the linear backoff.
const LINEAR_INTERVAL: u64 = 5;
const BACKOFF_FUNCTIONS: [&str; 4] = ["linear", "arithmetic", "exponential", "geometric"];

pub(crate) fn check(metadata: &Metadata) -> Result<()> {
    let policy = match metadata.get(RETRY_POLICY) {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Object(policy)) => policy,
        Some(_) => return Err(Error::invalid("retry_policy must be a dict.")),
    };
    for name in ["retries_with_no_delay", "minimum_delay_retries", "maximum_delay_retries"] {
        integer(policy, name, MOST_RETRIES)?;
    }
    let minimum = integer(policy, "minimum_delay", LONGEST_DELAY)?.unwrap_or(MINIMUM_DELAY);
    let maximum = integer(policy, "maximum_delay", LONGEST_DELAY)?.unwrap_or(MAXIMUM_DELAY);
    match given(policy, "retry_backoff_function") {
        None => {}
        Some(Value::String(name)) if name.is_empty() || BACKOFF_FUNCTIONS.contains(&name.as_str()) => {}
        Some(Value::String(_)) => return Err(Error::invalid("invalid retry_backoff_function.")),
        Some(_) => return Err(Error::invalid("retry_backoff_function must be a string.")),
    }
    if given(policy, "ignore_subscription_override").is_some_and(|value| !value.is_boolean()) {
        return Err(Error::invalid("ignore_subscription_override must be a boolean."));
    }
    if policy.is_empty() {
        return Ok(());
    }
    if maximum < minimum {
        return Err(Error::invalid("minimum_delay must less than maximum_delay."));
    }
    if maximum.saturating_sub(minimum) < 2 * LINEAR_INTERVAL {
        return Err(Error::invalid("invalid minimum_delay and maximum_delay."));
    }
    Ok(())
}

/// Absent is absent, but `null` is no integer.
fn integer(policy: &Map<String, Value>, name: &str, most: u64) -> Result<Option<u64>> {
    let Some(value) = policy.get(name) else { return Ok(None) };
    if !(value.is_i64() || value.is_u64()) {
        return Err(Error::invalid(format!("Retry policy: {name} must be a integer.")));
    }
    let within = value.as_u64().filter(|number| *number <= most);
    let refused = || Error::invalid(format!("Retry policy: {name} must be 0 to {most}."));
    within.map(Some).ok_or_else(refused)
}

fn given<'a>(policy: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    policy.get(name).filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};
    use zaqar_model::Metadata;

    use super::{MEMBERS, RETRY_POLICY, check};

    fn outcome(policy: Value) -> Result<(), String> {
        let members = Map::from_iter([(RETRY_POLICY.to_owned(), policy)]);
        check(&Metadata::new(members)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_policy_is_an_object_with_typed_members() {
        assert_eq!(outcome(json!({})), Ok(()));
        assert_eq!(
            outcome(json!({
                "retries_with_no_delay": 1, "minimum_delay_retries": 2, "minimum_delay": 3, "maximum_delay": 40,
                "maximum_delay_retries": 5, "retry_backoff_function": "geometric",
                "ignore_subscription_override": true, "unknown": []
            })),
            Ok(())
        );
        for (bad, text) in [
            (json!(1), "retry_policy must be a dict."),
            (json!({"minimum_delay": "5"}), "Retry policy: minimum_delay must be a integer."),
            (
                json!({"maximum_delay_retries": true}),
                "Retry policy: maximum_delay_retries must be a integer.",
            ),
            (json!({"retry_backoff_function": 5}), "retry_backoff_function must be a string."),
            (json!({"retry_backoff_function": "cubic"}), "invalid retry_backoff_function."),
            (json!({"ignore_subscription_override": 1}), "ignore_subscription_override must be a boolean."),
            (json!({"maximum_delay": 4}), "minimum_delay must less than maximum_delay."),
            (json!({"maximum_delay": 14}), "invalid minimum_delay and maximum_delay."),
        ] {
            assert_eq!(outcome(bad), Err(text.to_owned()));
        }
    }

    #[test]
    fn every_member_that_is_known_is_checked() {
        for name in MEMBERS {
            assert!(outcome(json!({ name: [1] })).is_err(), "{name}");
        }
    }

    #[test]
    fn a_number_beyond_its_bounds_or_null_is_refused() {
        let longest =
            json!({"minimum_delay": 0, "maximum_delay": 1_209_600, "retries_with_no_delay": 10_000});
        assert_eq!(outcome(longest), Ok(()));
        for (name, most) in [
            ("retries_with_no_delay", 10_000),
            ("minimum_delay_retries", 10_000),
            ("minimum_delay", 1_209_600),
            ("maximum_delay", 1_209_600),
            ("maximum_delay_retries", 10_000),
        ] {
            let text = format!("Retry policy: {name} must be 0 to {most}.");
            for bad in [json!(-1), json!(most + 1), json!(i64::MIN), json!(u64::MAX)] {
                assert_eq!(outcome(json!({ name: bad })), Err(text.clone()));
            }
            let null = outcome(json!({ name: null }));
            assert_eq!(null, Err(format!("Retry policy: {name} must be a integer.")));
        }
    }
}
