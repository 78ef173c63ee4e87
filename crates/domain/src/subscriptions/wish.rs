//! What a client asks of a subscription, and whether it may have it.

use serde_json::{Map, Value};
use zaqar_model::{Metadata, RESPECT_DELAY, SubscriptionTtl, Timestamp};

use super::signing_secrets::signing_secrets;
use crate::error::PythonList;
use crate::limits::{Limits, MIN_SUBSCRIPTION_TTL};
use crate::queues::{check_dead_letters, check_depth, check_retry_policy};
use crate::{Error, Result};

/// The members `subscriber`, `ttl` and `options`, of whatever type they were given. `null` is as good as absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SubscriptionParams(Map<String, Value>);

/// A wish that can be granted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Terms {
    pub(super) subscriber: Option<String>,
    pub(super) ttl: Option<SubscriptionTtl>,
    pub(super) options: Option<Metadata>,
}

/// So many bytes of JSON a wish may have, whichever interface it comes by.
pub const MAX_SUBSCRIPTION_BYTES: usize = 64 * 1024;

/// The last second that upstream can write down: 9999-12-31 23:59:59.
const LAST_SECOND: u64 = 253_402_300_799;

impl SubscriptionParams {
    pub fn new(document: Value) -> Result<Self> {
        match document {
            Value::Object(members) => Ok(Self(members)),
            Value::Array(items) if items.is_empty() => Err(nothing()),
            _ => Err(Error::invalid("Subscriptions must be a dict.")),
        }
    }

    /// What the client gave.
    pub const fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    /// For stages of a pipeline, which may change it.
    pub const fn members_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.0
    }

    /// The terms of a new subscription, and its subscriber.
    pub(super) fn for_creation(&self, limits: &Limits, now: Timestamp) -> Result<(String, Terms)> {
        if !self.0.contains_key("subscriber") {
            return Err(Error::invalid("Missing parameter subscriber in body."));
        }
        let mut terms = self.for_update(limits, now)?;
        // As upstream: what is shown of a new one is what was given.
        if self.0.get("options").is_some_and(Value::is_null) {
            terms.options = Some(Metadata::null());
        }
        let subscriber = terms.subscriber.take().ok_or_else(|| wrong_type(limits))?;
        Ok((subscriber, terms))
    }

    /// The terms of a subscription whose subscriber is a connection.
    pub(super) fn for_following(&self, limits: &Limits, now: Timestamp) -> Result<Terms> {
        if self.0.is_empty() {
            return Ok(Terms { subscriber: None, ttl: None, options: None });
        }
        self.for_update(limits, now)
    }

    pub(super) fn for_update(&self, limits: &Limits, now: Timestamp) -> Result<Terms> {
        if self.0.is_empty() {
            return Err(nothing());
        }
        self.check_size()?;
        let subscriber = self.subscriber(limits)?;
        let options = self.options(limits)?;
        Ok(Terms { subscriber, ttl: self.ttl(now)?, options })
    }

    fn check_size(&self) -> Result<()> {
        // A map of JSON values: writing it cannot fail.
        let size = serde_json::to_string(&self.0).map_or(0, |text| text.len());
        if size > MAX_SUBSCRIPTION_BYTES {
            return Err(Error::invalid(format!(
                "The subscription is too large. Max size: {MAX_SUBSCRIPTION_BYTES}"
            )));
        }
        Ok(())
    }

    fn given(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn subscriber(&self, limits: &Limits) -> Result<Option<String>> {
        let Some(subscriber) = self.given("subscriber") else { return Ok(None) };
        let uri = subscriber.as_str().filter(|uri| limits.subscriber_types.contains(&scheme(uri)));
        uri.map(|uri| Some(uri.to_owned())).ok_or_else(|| wrong_type(limits))
    }

    fn options(&self, limits: &Limits) -> Result<Option<Metadata>> {
        let options = match self.given("options") {
            None => return Ok(None),
            Some(Value::Object(options)) => Metadata::new(options.clone()),
            Some(_) => return Err(Error::invalid("Options must be a dict.")),
        };
        check_depth(&options, "Options are")?;
        check_retry_policy(&options)?;
        check_dead_letters(&options, limits)?;
        check_respect_delay(&options)?;
        signing_secrets(&options).map_err(|error| Error::invalid(error.to_string()))?;
        Ok(Some(options))
    }

    fn ttl(&self, now: Timestamp) -> Result<Option<SubscriptionTtl>> {
        let Some(ttl) = self.given("ttl") else { return Ok(None) };
        let ttl = ttl.as_i64().ok_or_else(|| Error::invalid("TTL must be an integer."))?;
        let ttl =
            u64::try_from(ttl).ok().filter(|ttl| *ttl >= MIN_SUBSCRIPTION_TTL.into()).ok_or_else(|| {
                Error::invalid(format!(
                    "The TTL for a subscription must be at least {MIN_SUBSCRIPTION_TTL} seconds long."
                ))
            })?;
        if ttl.saturating_add(now.as_millis() / 1000) > LAST_SECOND {
            return Err(Error::invalid(
                "The TTL seconds for a subscription plus current time must be less than 9999-12-31 23:59:59.999999.",
            ));
        }
        // Clients ask for "for ever" by some thousands of years. 136 are as good.
        Ok(Some(SubscriptionTtl::new(ttl)))
    }
}

fn check_respect_delay(options: &Metadata) -> Result<()> {
    match options.get(RESPECT_DELAY) {
        None | Some(Value::Null | Value::Bool(_)) => Ok(()),
        Some(_) => Err(Error::invalid(format!("{RESPECT_DELAY} must be a boolean."))),
    }
}

/// What stands before the colon, in lower case. As in Python, white space before it does not count.
pub(super) fn scheme(uri: &str) -> String {
    let uri = uri.trim_start_matches(|c| c <= ' ');
    uri.split_once(':').map_or_else(String::new, |(scheme, _)| scheme.to_ascii_lowercase())
}

fn nothing() -> Error {
    Error::invalid("No subscription to create.")
}

fn wrong_type(limits: &Limits) -> Error {
    let types = PythonList(&limits.subscriber_types);
    Error::invalid(format!("The subscriber type of subscription must be supported in the list {types}."))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use zaqar_model::{Metadata, SubscriptionTtl, Timestamp};

    use super::{LAST_SECOND, MAX_SUBSCRIPTION_BYTES, SubscriptionParams, Terms};
    use crate::Limits;

    const NOW: Timestamp = Timestamp::from_secs(1_780_000_000);

    fn creation(document: Value) -> Result<(String, Terms), String> {
        SubscriptionParams::new(document)
            .and_then(|wish| wish.for_creation(&Limits::default(), NOW))
            .map_err(|error| error.to_string())
    }

    fn update(document: Value) -> Result<Terms, String> {
        SubscriptionParams::new(document)
            .and_then(|wish| wish.for_update(&Limits::default(), NOW))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn null_is_as_good_as_absent() {
        let (subscriber, terms) =
            creation(json!({"subscriber": "HTTP://a", "ttl": null, "options": null, "other": 1})).unwrap();
        let nothing = Terms { subscriber: None, ttl: None, options: None };
        // What is shown of a new subscription is `null`, as with upstream.
        let null = Terms { options: Some(Metadata::null()), ..nothing.clone() };
        assert_eq!((subscriber.as_str(), &terms), ("HTTP://a", &null));
        assert_eq!(update(json!({"subscriber": null})), Ok(nothing));
    }

    #[test]
    fn what_is_refused_is_told_with_upstreams_texts() {
        let types = "The subscriber type of subscription must be supported in the list \
                     ['http', 'https', 'mailto', 'trust+http', 'trust+https'].";
        let least = "The TTL for a subscription must be at least 60 seconds long.";
        let wish = |name: &str, value: Value| {
            let mut wish = json!({"subscriber": "http://a"});
            wish[name] = value;
            wish
        };
        for (document, text) in [
            (json!({}), "Missing parameter subscriber in body."),
            (json!([1]), "Subscriptions must be a dict."),
            (json!({"subscriber": null}), types),
            (json!({"subscriber": ""}), types),
            (json!({"subscriber": 5}), types),
            (json!({"subscriber": "fake"}), types),
            (json!({"subscriber": "email://fake"}), types),
            (json!({"subscriber": "http"}), types),
            (wish("options", json!(1)), "Options must be a dict."),
            (wish("options", json!([])), "Options must be a dict."),
            (wish("options", json!({"_retry_policy": 5})), "retry_policy must be a dict."),
            (wish("options", json!({"respect_delay": "true"})), "respect_delay must be a boolean."),
            (wish("options", json!({"respect_delay": 1})), "respect_delay must be a boolean."),
            (
                wish("options", json!({"signing_secrets": ["secret"]})),
                "a signing secret must be `whsec_` and the base64 of 24 to 64 random bytes",
            ),
            (
                wish("options", json!({"_dead_letter_queue": "a b"})),
                "_dead_letter_queue must be the name of a queue.",
            ),
            (
                wish("options", json!({"_dead_letter_queue_messages_ttl": 59})),
                "_dead_letter_queue_messages_ttl must be 60 to 1209600 seconds.",
            ),
            (wish("ttl", json!("60")), "TTL must be an integer."),
            (wish("ttl", json!(60.5)), "TTL must be an integer."),
            (wish("ttl", json!(true)), "TTL must be an integer."),
            (wish("ttl", json!(0)), least),
            (wish("ttl", json!(59)), least),
            (wish("ttl", json!(-1)), least),
        ] {
            assert_eq!(creation(document), Err(text.to_owned()));
        }
        assert_eq!(update(json!({})), Err("No subscription to create.".to_owned()));
        assert_eq!(update(json!([])), Err("No subscription to create.".to_owned()));
    }

    #[test]
    fn a_ttl_may_reach_to_the_end_of_upstreams_calendar() {
        let ttl = |ttl: u64| update(json!({ "ttl": ttl })).map(|terms| terms.ttl.unwrap());
        let longest = LAST_SECOND - 1_780_000_000;
        assert_eq!(ttl(longest), Ok(SubscriptionTtl::new(longest)));
        let text = "The TTL seconds for a subscription plus current time must be less than 9999-12-31 23:59:59.999999.";
        for beyond in [longest + 1, 99_999_999_999_999_999] {
            assert_eq!(ttl(beyond), Err(text.to_owned()));
        }
    }

    #[test]
    fn a_subscription_is_bounded_in_size() {
        let of_size = |size: usize| {
            let rest = json!({"subscriber": "http://a", "options": {"a": ""}}).to_string().len();
            json!({"subscriber": "http://a", "options": {"a": "x".repeat(size - rest)}})
        };
        assert!(creation(of_size(MAX_SUBSCRIPTION_BYTES)).is_ok());
        let text = "The subscription is too large. Max size: 65536";
        assert_eq!(creation(of_size(MAX_SUBSCRIPTION_BYTES + 1)), Err(text.to_owned()));
        assert_eq!(update(of_size(MAX_SUBSCRIPTION_BYTES + 1)), Err(text.to_owned()));
    }

    #[test]
    fn deeply_nested_options_are_refused() {
        let mut value = json!(1);
        for _ in 0..100 {
            value = json!([value]);
        }
        let text = "Options are nested too deeply. Max depth: 100";
        assert_eq!(update(json!({"options": {"a": value}})), Err(text.to_owned()));
    }
}
