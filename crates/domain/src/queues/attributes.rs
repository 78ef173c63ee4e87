//! The reserved attributes: members of a queue's metadata that steer it. Checked when they are set, read with their
//! types when they are needed, and shown with their defaults.

use serde_json::{Value, json};
use zaqar_model::{DestinationKind, FlavorName, Metadata, QueueName};

use super::retry_policy;
use crate::limits::{Limits, MIN_MESSAGE_TTL, seconds_within};
use crate::{Error, Result};

const TTL: &str = "_default_message_ttl";
const DELAY: &str = "_default_message_delay";
const POST_SIZE: &str = "_max_messages_post_size";
const CLAIM_COUNT: &str = "_max_claim_count";
pub(crate) const DEAD_LETTERS: &str = "_dead_letter_queue";
pub(crate) const DEAD_LETTERS_TTL: &str = "_dead_letter_queue_messages_ttl";
const ENCRYPT: &str = "_enable_encrypt_messages";
const FLAVOR: &str = "_flavor";

/// All of them.
pub(crate) const ATTRIBUTES: [&str; 9] = [
    TTL,
    DELAY,
    POST_SIZE,
    CLAIM_COUNT,
    DEAD_LETTERS,
    DEAD_LETTERS_TTL,
    ENCRYPT,
    FLAVOR,
    retry_policy::RETRY_POLICY,
];

/// Deeper metadata would not be read back by every store.
const MAX_DEPTH: usize = 100;

/// What a queue's metadata asks for. What is absent, `null` or not usable is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) default_ttl: Option<u32>,
    pub(crate) default_delay: Option<u32>,
    pub(crate) max_post_size: Option<u64>,
    pub(crate) max_claim_count: Option<u32>,
    pub(crate) dead_letter_queue: Option<QueueName>,
    pub(crate) dead_letter_ttl: Option<u32>,
    pub(crate) encrypts: bool,
}

impl Attributes {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        if metadata.members().is_empty() {
            return Self::default();
        }
        let seconds = |name| metadata.get(name).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
        Self {
            default_ttl: seconds(TTL),
            default_delay: seconds(DELAY),
            max_post_size: metadata.get(POST_SIZE).and_then(Value::as_u64),
            // An older store may have kept one of nothing or less: that is none.
            max_claim_count: metadata
                .get(CLAIM_COUNT)
                .and_then(Value::as_i64)
                .filter(|count| *count >= 1)
                .map(|count| u32::try_from(count).unwrap_or(u32::MAX)),
            dead_letter_queue: metadata
                .get(DEAD_LETTERS)
                .and_then(Value::as_str)
                .and_then(|name| QueueName::new(name).ok()),
            dead_letter_ttl: seconds(DEAD_LETTERS_TTL),
            encrypts: asks_for_encryption(metadata),
        }
    }
}

/// Whether a queue may have this metadata.
pub(super) fn check(metadata: &Metadata, limits: &Limits) -> Result<()> {
    check_depth(metadata, "Queue metadata is")?;
    let max_ttl = limits.max_message_ttl;
    in_seconds(metadata, TTL, MIN_MESSAGE_TTL, max_ttl, || {
        format!(
            "_default_message_ttl can not exceed {max_ttl} seconds, and must be at least {MIN_MESSAGE_TTL} seconds \
             long."
        )
    })?;
    if let Some(size) = integer(metadata, POST_SIZE)? {
        let max = limits.max_messages_post_size;
        if !u64::try_from(size).is_ok_and(|size| (1..=max).contains(&size)) {
            return Err(Error::invalid(format!(
                "_max_messages_post_size can not exceed {max},  and must be at least greater than 0."
            )));
        }
    }
    if integer(metadata, CLAIM_COUNT)?.is_some_and(|count| count < 1) {
        return Err(Error::invalid(format!("{CLAIM_COUNT} must be at least 1; null or none is no limit.")));
    }
    in_seconds(metadata, DEAD_LETTERS_TTL, MIN_MESSAGE_TTL, max_ttl, || {
        format!(
            "The TTL for a message may not exceed {max_ttl} seconds, and must be at least {MIN_MESSAGE_TTL} seconds \
             long."
        )
    })?;
    let max_delay = limits.max_message_delay;
    in_seconds(metadata, DELAY, 0, max_delay, || {
        format!("The TTL can not exceed {max_delay} seconds, and must be at least 0 seconds long.")
    })?;
    if !matches!(metadata.get(ENCRYPT), None | Some(Value::Null | Value::Bool(_))) {
        return Err(Error::invalid(format!("{ENCRYPT} must be boolean.")));
    }
    check_dead_letter_queue(metadata)?;
    retry_policy::check(metadata)
}

/// `what` is what the refusal calls the metadata.
pub(crate) fn check_depth(metadata: &Metadata, what: &str) -> Result<()> {
    if metadata.members().values().any(|value| deeper_than(value, MAX_DEPTH - 1)) {
        return Err(Error::invalid(format!("{what} nested too deeply. Max depth: {MAX_DEPTH}")));
    }
    Ok(())
}

/// What a client is shown: the metadata, and the reserved attributes' defaults where it has none of its own (or, as
/// upstream has it, an empty one).
pub(super) fn with_defaults(kind: DestinationKind, metadata: &Metadata, limits: &Limits) -> Metadata {
    let mut shown = metadata.clone();
    let defaults = [
        (POST_SIZE, json!(limits.max_messages_post_size)),
        (TTL, json!(limits.default_message_ttl)),
        (DELAY, json!(limits.default_message_delay)),
        (DEAD_LETTERS, Value::Null),
        (DEAD_LETTERS_TTL, Value::Null),
        (CLAIM_COUNT, Value::Null),
        (ENCRYPT, Value::Bool(false)),
    ];
    for (name, default) in defaults {
        let is_none = |value: &Value| is_empty(value) || name == CLAIM_COUNT && !is_count(value);
        if is_reserved(kind, name) && shown.get(name).is_none_or(is_none) {
            shown.members_mut().insert(name.to_owned(), default);
        }
    }
    shown
}

/// What an older version took and this one refuses stays in metadata that is changed elsewhere: only what a change has
/// made is checked.
pub(super) fn check_change(before: &Metadata, after: &Metadata, limits: &Limits) -> Result<()> {
    let changed = after.members().iter().filter(|(name, value)| before.get(name) != Some(value));
    let changed = changed.map(|(name, value)| (name.clone(), value.clone())).collect();
    check(&Metadata::new(changed), limits)
}

fn is_count(value: &Value) -> bool {
    value.as_i64().is_some_and(|count| count >= 1)
}

/// Whether this attribute has a default. What has to do with claims, upstream knows of queues only.
pub(super) fn is_reserved(kind: DestinationKind, name: &str) -> bool {
    [POST_SIZE, TTL, DELAY].contains(&name)
        || kind == DestinationKind::Queue
            && [DEAD_LETTERS, DEAD_LETTERS_TTL, CLAIM_COUNT, ENCRYPT].contains(&name)
}

pub(super) fn asks_for_encryption(metadata: &Metadata) -> bool {
    metadata.get(ENCRYPT) == Some(&Value::Bool(true))
}

/// The flavor of the pools that a queue is to live in. A value that names none is answered as it is.
pub(super) fn flavor(metadata: &Metadata) -> std::result::Result<Option<FlavorName>, String> {
    match metadata.get(FLAVOR) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(name)) => FlavorName::new(name).map(Some).map_err(|_| name.clone()),
        Some(other) => Err(other.to_string()),
    }
}

/// Whether the options of a subscription may say this of dead letters.
pub(crate) fn check_dead_letters(options: &Metadata, limits: &Limits) -> Result<()> {
    check_dead_letter_queue(options)?;
    let max_ttl = limits.max_message_ttl;
    in_seconds(options, DEAD_LETTERS_TTL, MIN_MESSAGE_TTL, max_ttl, || {
        format!("{DEAD_LETTERS_TTL} must be {MIN_MESSAGE_TTL} to {max_ttl} seconds.")
    })
}

fn check_dead_letter_queue(metadata: &Metadata) -> Result<()> {
    match metadata.get(DEAD_LETTERS) {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(name)) if name.is_empty() || QueueName::new(name).is_ok() => Ok(()),
        Some(Value::String(_)) => Err(Error::invalid(format!("{DEAD_LETTERS} must be the name of a queue."))),
        Some(_) => Err(Error::invalid(format!("{DEAD_LETTERS} must be a string."))),
    }
}

fn integer(metadata: &Metadata, name: &str) -> Result<Option<i64>> {
    match metadata.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            value.as_i64().map(Some).ok_or_else(|| Error::invalid(format!("{name} must be integer.")))
        }
    }
}

fn in_seconds(
    metadata: &Metadata,
    name: &str,
    min: u32,
    max: u32,
    text: impl FnOnce() -> String,
) -> Result<()> {
    match integer(metadata, name)? {
        Some(value) if seconds_within(value, min, max).is_none() => Err(Error::invalid(text())),
        _ => Ok(()),
    }
}

/// What Python takes for false.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(value) => value.as_f64() == Some(0.0),
        Value::String(value) => value.is_empty(),
        Value::Array(value) => value.is_empty(),
        Value::Object(value) => value.is_empty(),
    }
}

fn deeper_than(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels == 0 || items.iter().any(|item| deeper_than(item, levels - 1)),
        Value::Object(members) => levels == 0 || members.values().any(|item| deeper_than(item, levels - 1)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use zaqar_model::{DestinationKind, Metadata, QueueName};

    use super::{ATTRIBUTES, Attributes, FLAVOR, check, check_change, with_defaults};
    use crate::Limits;

    fn metadata(value: Value) -> Metadata {
        match value {
            Value::Object(members) => Metadata::new(members),
            _ => panic!("not an object"),
        }
    }

    fn refusal(value: Value) -> String {
        check(&metadata(value), &Limits::default()).unwrap_err().to_string()
    }

    #[test]
    fn good_attributes_are_read_with_their_types() {
        let good = metadata(json!({
            "_default_message_ttl": 60, "_default_message_delay": 900, "_max_messages_post_size": 262_144,
            "_max_claim_count": 3, "_dead_letter_queue": "dlq", "_dead_letter_queue_messages_ttl": 1_209_600,
            "_enable_encrypt_messages": true, "_flavor": "any", "other": [1]
        }));
        check(&good, &Limits::default()).unwrap();
        assert_eq!(
            Attributes::of(&good),
            Attributes {
                default_ttl: Some(60),
                default_delay: Some(900),
                max_post_size: Some(262_144),
                max_claim_count: Some(3),
                dead_letter_queue: Some(QueueName::new("dlq").unwrap()),
                dead_letter_ttl: Some(1_209_600),
                encrypts: true,
            }
        );
    }

    #[test]
    fn null_is_as_good_as_absent() {
        let nulls = metadata(json!({
            "_default_message_ttl": null, "_default_message_delay": null, "_max_messages_post_size": null,
            "_max_claim_count": null, "_dead_letter_queue": null, "_dead_letter_queue_messages_ttl": null,
            "_enable_encrypt_messages": null, "_retry_policy": null
        }));
        check(&nulls, &Limits::default()).unwrap();
        assert_eq!(Attributes::of(&nulls), Attributes::default());
    }

    /// A flavor is looked up where there are pools.
    #[test]
    fn every_attribute_that_is_known_is_checked() {
        for name in ATTRIBUTES.into_iter().filter(|name| *name != FLAVOR) {
            assert!(check(&metadata(json!({ name: [1] })), &Limits::default()).is_err(), "{name}");
        }
    }

    #[test]
    fn a_wrong_type_is_refused_and_a_boolean_is_no_integer() {
        for name in [
            "_default_message_ttl",
            "_default_message_delay",
            "_max_messages_post_size",
            "_max_claim_count",
            "_dead_letter_queue_messages_ttl",
        ] {
            for bad in [json!("123"), json!(60.0), json!(true), json!([]), json!({}), json!("")] {
                assert_eq!(refusal(json!({ name: bad })), format!("{name} must be integer."));
            }
        }
        for bad in [json!(1), json!(0), json!("true"), json!([])] {
            assert_eq!(
                refusal(json!({ "_enable_encrypt_messages": bad })),
                "_enable_encrypt_messages must be boolean."
            );
        }
        assert_eq!(refusal(json!({"_dead_letter_queue": 5})), "_dead_letter_queue must be a string.");
        assert_eq!(
            refusal(json!({"_dead_letter_queue": "a b"})),
            "_dead_letter_queue must be the name of a queue."
        );
    }

    #[test]
    fn values_beyond_their_limits_are_refused_with_upstreams_texts() {
        let ttl =
            "_default_message_ttl can not exceed 1209600 seconds, and must be at least 60 seconds long.";
        for bad in [0, 59, 1_209_601, -1] {
            assert_eq!(refusal(json!({ "_default_message_ttl": bad })), ttl);
        }
        let size = "_max_messages_post_size can not exceed 262144,  and must be at least greater than 0.";
        for bad in [0, -1, 262_145] {
            assert_eq!(refusal(json!({ "_max_messages_post_size": bad })), size);
        }
        let delay = "The TTL can not exceed 900 seconds, and must be at least 0 seconds long.";
        for bad in [-1, 901] {
            assert_eq!(refusal(json!({ "_default_message_delay": bad })), delay);
        }
        let dead =
            "The TTL for a message may not exceed 1209600 seconds, and must be at least 60 seconds long.";
        assert_eq!(refusal(json!({"_dead_letter_queue_messages_ttl": 0})), dead);
    }

    #[test]
    fn a_claim_count_below_one_is_refused_and_an_old_one_is_none() {
        for bad in [0, -1, i64::MIN] {
            let text = "_max_claim_count must be at least 1; null or none is no limit.";
            assert_eq!(refusal(json!({ "_max_claim_count": bad })), text);
            let old = metadata(json!({ "_max_claim_count": bad }));
            assert_eq!(Attributes::of(&old).max_claim_count, None);
            let shown = with_defaults(DestinationKind::Queue, &old, &Limits::default());
            assert_eq!(shown.get("_max_claim_count"), Some(&Value::Null));
            let changed = metadata(json!({ "_max_claim_count": bad, "a": 1 }));
            check_change(&old, &changed, &Limits::default()).unwrap();
            let worse = metadata(json!({ "_max_claim_count": -2 }));
            assert!(check_change(&old, &worse, &Limits::default()).is_err());
        }
        check(&metadata(json!({ "_max_claim_count": 1 })), &Limits::default()).unwrap();
    }

    #[test]
    fn deeply_nested_metadata_is_refused() {
        let mut value = json!(1);
        for _ in 0..99 {
            value = json!([value]);
        }
        check(&metadata(json!({ "a": value })), &Limits::default()).unwrap();
        assert!(refusal(json!({ "a": [value] })).contains("nested"));
    }

    #[test]
    fn a_topic_has_no_attributes_of_claims() {
        let shown = with_defaults(DestinationKind::Topic, &Metadata::default(), &Limits::default());
        let text = serde_json::to_string(shown.members()).unwrap();
        assert_eq!(
            text,
            "{\"_max_messages_post_size\":262144,\"_default_message_ttl\":3600,\"_default_message_delay\":0}"
        );
    }

    #[test]
    fn defaults_fill_what_is_absent_or_empty() {
        let shown = with_defaults(
            DestinationKind::Queue,
            &metadata(json!({"a": 1, "_default_message_delay": 0, "_default_message_ttl": 99})),
            &Limits::default(),
        );
        let text = serde_json::to_string(shown.members()).unwrap();
        assert_eq!(
            text,
            "{\"a\":1,\"_default_message_delay\":0,\"_default_message_ttl\":99,\"_max_messages_post_size\":262144,\
             \"_dead_letter_queue\":null,\"_dead_letter_queue_messages_ttl\":null,\"_max_claim_count\":null,\
             \"_enable_encrypt_messages\":false}"
        );
    }
}
