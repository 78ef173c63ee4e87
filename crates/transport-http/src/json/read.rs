//! The documents of requests. A document is validated once as a whole. Then only the needed members are parsed, and the
//! body of a message is a slice of the request.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use zaqar_authentication::PresignRequest;
use zaqar_domain::names::{self, KnownNames, Warnings};
use zaqar_domain::{ClaimParams, Draft, PurgeScope, SubscriptionParams};
use zaqar_model::{JsonError, JsonText, Metadata};

use super::lenient::{Lenient, Shape};
use crate::errors::{API, HttpError};

type Result<T> = std::result::Result<T, HttpError>;

/// A validated document: an object or an array.
pub(crate) fn document(text: Bytes) -> Result<JsonText> {
    let document = JsonText::parse(text).map_err(|error| match error {
        JsonError::IntegerTooLarge(_) => HttpError::invalid_body("JSON contains integer that is too large."),
        _ => unparsable(),
    })?;
    match first_byte(&document) {
        Some(b'{' | b'[') => Ok(document),
        _ => Err(unparsable()),
    }
}

/// The messages of a post: `{"messages": [{"body": …, "ttl": …, "delay": …}, …]}`.
pub(crate) fn drafts(document: &JsonText, warnings: &mut Warnings) -> Result<Vec<Draft>> {
    let absent = || HttpError::bad_request(API, "No messages were found in the request body.");
    if !is_object(document) {
        return Err(absent());
    }
    let [messages] = members::<_, Lenient<MessageList<'_>>>(text(document), &names::POST, warnings)?;
    let items = messages.ok_or_else(absent)?.0.ok_or_else(wrong_type)?.0;
    items.into_iter().map(|item| draft(document, item.0.ok_or_else(wrong_type)?, warnings)).collect()
}

fn draft(document: &JsonText, item: MessageItem<'_>, warnings: &mut Warnings) -> Result<Draft> {
    let [ttl, body, delay] = item.0.into_values(&names::MESSAGE, warnings);
    let ttl = integer("ttl", ttl)?;
    let body = body.ok_or_else(|| HttpError::invalid_body("Missing \"body\" field."))?;
    let delay = integer("delay", delay)?;
    let body = JsonText::from_checked(document.as_bytes().slice_ref(body.get().as_bytes()));
    Ok(Draft { ttl, delay, body })
}

/// The terms of a claim: `{"ttl": …, "grace": …}`.
pub(crate) fn claim_params(document: &JsonText, warnings: &mut Warnings) -> Result<ClaimParams> {
    let [ttl, grace] = members(text(document), &names::CLAIM, warnings)?;
    Ok(ClaimParams { ttl: integer("ttl", ttl)?, grace: integer("grace", grace)? })
}

/// A queue's metadata: any object.
pub(crate) fn metadata(document: &JsonText, warnings: &mut Warnings) -> Result<Metadata> {
    if !is_object(document) {
        return Err(wrong_type());
    }
    let members = serde_json::from_slice(document.as_bytes()).map_err(|_| unparsable())?;
    let metadata = Metadata::new(members);
    warnings.check_metadata(&metadata);
    Ok(metadata)
}

/// The operations of a patch: an array.
pub(crate) fn operations(document: &JsonText) -> Result<Vec<Value>> {
    if is_object(document) {
        return Err(wrong_type());
    }
    serde_json::from_slice(document.as_bytes()).map_err(|_| unparsable())
}

/// What to purge: `{"resource_types": ["messages", "subscriptions"]}`.
pub(crate) fn purge_scope(document: &JsonText, warnings: &mut Warnings) -> Result<PurgeScope> {
    let absent = || HttpError::bad_request(API, "Post body must contain key \"resource_types\".");
    if !is_object(document) {
        return Err(absent());
    }
    let [types] = members::<_, &RawValue>(text(document), &names::PURGE, warnings)?;
    let types: Vec<Value> =
        serde_json::from_str(types.ok_or_else(absent)?.get()).unwrap_or(vec![Value::Null]);
    // A value that is not a text is an unknown name.
    Ok(PurgeScope::named(types.iter().map(|kind| kind.as_str().unwrap_or_default()))?)
}

/// A request for a pre-signed URL: `{"paths": […], "methods": […], "expires": …}`, with the last segment of each path.
pub(crate) fn presign_request(document: &JsonText) -> Result<PresignRequest> {
    const KNOWN: [&str; 3] = ["methods", "expires", "paths"];
    const PATHS: [&str; 3] = ["messages", "subscriptions", "claims"];
    let refuse = |text: String| HttpError::bad_request(API, text);
    if !is_object(document) {
        return Err(wrong_type());
    }
    let members: Map<String, Value> =
        serde_json::from_slice(document.as_bytes()).map_err(|_| unparsable())?;
    if let Some(unknown) = members.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(refuse(format!("Unknown keys: {{'{unknown}'}}")));
    }
    let texts = |name: &str| match members.get(name) {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(items)) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        Some(_) => None,
    };
    let methods = texts("methods").ok_or_else(|| refuse("`methods` should be a list".to_owned()))?;
    let mut paths = texts("paths").ok_or_else(|| refuse("`paths` should be a list".to_owned()))?;
    if let Some(invalid) = paths.iter().find(|path| !PATHS.contains(&path.as_str())) {
        return Err(refuse(format!("Invalid paths: {{'{invalid}'}}")));
    }
    if paths.is_empty() {
        paths.push("messages".to_owned());
    }
    let expires = match members.get("expires") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    };
    Ok(PresignRequest { paths, methods, expires })
}

/// The members of a subscription. A missing document counts as an empty one.
pub(crate) fn subscription_params(
    document: Option<&JsonText>,
    warnings: &mut Warnings,
) -> Result<SubscriptionParams> {
    let value = match document {
        Some(document) => serde_json::from_slice(document.as_bytes()).map_err(|_| unparsable())?,
        None => Value::Object(Map::new()),
    };
    let params = SubscriptionParams::new(value)?;
    warnings.check_subscription(&params);
    Ok(params)
}

/// Whether a subscription is confirmed: `{"confirmed": true}`. A value of any type.
pub(crate) fn confirmed(document: &JsonText, warnings: &mut Warnings) -> Option<Value> {
    let mut members: Map<String, Value> = serde_json::from_slice(document.as_bytes()).ok()?;
    warnings.check_members(&members, &names::CONFIRMATION);
    members.swap_remove("confirmed")
}

fn unparsable() -> HttpError {
    HttpError::invalid_body("Request body could not be parsed.")
}

fn wrong_type() -> HttpError {
    HttpError::invalid_body("Document type not supported.")
}

fn text(document: &JsonText) -> &str {
    // Validated UTF-8.
    std::str::from_utf8(document.as_bytes()).unwrap_or_default()
}

fn first_byte(document: &JsonText) -> Option<u8> {
    document.as_bytes().iter().copied().find(|byte| !byte.is_ascii_whitespace())
}

fn is_object(document: &JsonText) -> bool {
    first_byte(document) == Some(b'{')
}

/// An integer: neither a fraction nor a boolean. `null` is an error.
fn integer(name: &str, value: Option<&RawValue>) -> Result<Option<i64>> {
    value
        .map(|value| {
            let wrong =
                || HttpError::invalid_body(format!("The value of the \"{name}\" field must be a int."));
            value.get().parse().map_err(|_| wrong())
        })
        .transpose()
}

/// The members with known names, in the order of the names. The last one of a repeated name wins. Rejects anything
/// but an object.
fn members<'a, const N: usize, V: Deserialize<'a>>(
    object: &'a str,
    known: &KnownNames<'static>,
    warnings: &mut Warnings,
) -> Result<[Option<V>; N]> {
    let mut deserializer = serde_json::Deserializer::from_str(object);
    let found = deserializer.deserialize_map(Members::new(known)).map_err(|_| wrong_type())?;
    Ok(found.into_values(known, warnings))
}

/// The members with known names, and the names of other members.
struct ParsedMembers<const N: usize, V> {
    values: [Option<V>; N],
    unknown: Vec<String>,
}

/// Maximum number of unknown names that are kept per object.
const MAX_UNKNOWN_NAMES: usize = 16;

impl<const N: usize, V> ParsedMembers<N, V> {
    /// Warns about misspelt names.
    fn into_values(self, known: &KnownNames<'_>, warnings: &mut Warnings) -> [Option<V>; N] {
        for name in &self.unknown {
            warnings.check(name, known);
        }
        self.values
    }
}

struct Members<const N: usize, V> {
    known: &'static [&'static str],
    values: PhantomData<V>,
}

impl<const N: usize, V> Members<N, V> {
    fn new(known: &KnownNames<'static>) -> Self {
        debug_assert_eq!(known.names.len(), N);
        Self { known: known.names, values: PhantomData }
    }
}

impl<'de, const N: usize, V: Deserialize<'de>> Visitor<'de> for Members<N, V> {
    type Value = ParsedMembers<N, V>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
        let mut found = ParsedMembers { values: [const { None }; N], unknown: Vec::new() };
        loop {
            let keep_unknown = found.unknown.len() < MAX_UNKNOWN_NAMES;
            let Some(name) = map.next_key_seed(MemberNameSeed { known: self.known, keep_unknown })? else {
                return Ok(found);
            };
            match name {
                MemberName::Known(index) => match found.values.get_mut(index) {
                    Some(value) => *value = Some(map.next_value()?),
                    None => drop(map.next_value::<IgnoredAny>()?),
                },
                MemberName::Unknown(name) => {
                    found.unknown.extend(name);
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
    }
}

/// The messages of a post, read in a single pass.
struct MessageList<'a>(Vec<Lenient<MessageItem<'a>>>);

impl<'de> Shape<'de> for MessageList<'de> {
    fn of_list<A: SeqAccess<'de>>(list: A) -> std::result::Result<Option<Self>, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(|items| Some(Self(items)))
    }
}

/// A message's ttl, body and delay.
struct MessageItem<'a>(ParsedMembers<3, &'a RawValue>);

impl<'de> Shape<'de> for MessageItem<'de> {
    fn of_object<A: MapAccess<'de>>(object: A) -> std::result::Result<Option<Self>, A::Error> {
        Members::new(&names::MESSAGE).visit_map(object).map(|members| Some(Self(members)))
    }
}

/// Reads the name of a member as its index among the known names, without copying it.
#[derive(Clone, Copy)]
struct MemberNameSeed {
    known: &'static [&'static str],
    /// Whether to keep an unknown name.
    keep_unknown: bool,
}

enum MemberName {
    Known(usize),
    Unknown(Option<String>),
}

impl<'de> DeserializeSeed<'de> for MemberNameSeed {
    type Value = MemberName;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for MemberNameSeed {
    type Value = MemberName;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> std::result::Result<Self::Value, E> {
        let index = self.known.iter().position(|known| *known == name);
        Ok(index.map_or_else(
            || MemberName::Unknown(self.keep_unknown.then(|| name.to_owned())),
            MemberName::Known,
        ))
    }
}

#[cfg(test)]
mod tests {
    use allocation_counter::measure;
    use bytes::Bytes;
    use proptest::prelude::{any, proptest};
    use zaqar_domain::names::Warnings;
    use zaqar_domain::{ClaimParams, PurgeScope};

    use super::{
        claim_params, confirmed, document, drafts, metadata, operations, purge_scope, subscription_params,
    };

    fn parsed(text: &'static str) -> zaqar_model::JsonText {
        document(Bytes::from_static(text.as_bytes())).unwrap()
    }

    #[test]
    fn drafts_keep_their_bodies_byte_for_byte() {
        let document = parsed(
            "{\"x\": 1, \"messages\": 5, \"messages\": [ {\"body\":  {\"a\" :1} , \"ttl\": 60, \"more\": []},\
             {\"delay\": -0, \"body\": null, \"b\\u006fdy\": 2}]}",
        );
        let drafts = drafts(&document, &mut Warnings::default()).unwrap();
        assert_eq!(drafts.len(), 2);
        assert_eq!((drafts[0].ttl, drafts[0].delay), (Some(60), None));
        assert_eq!(&drafts[0].body.as_bytes()[..], b"{\"a\" :1}");
        assert_eq!((drafts[1].ttl, drafts[1].delay), (None, Some(0)));
        assert_eq!(&drafts[1].body.as_bytes()[..], b"2");
    }

    #[test]
    fn documents_of_the_wrong_shape_are_refused() {
        for bad in ["", "  ", "5", "\"x\"", "null", "{", "[1,]", "{\"a\": NaN}"] {
            assert!(document(Bytes::from_static(bad.as_bytes())).is_err(), "{bad}");
        }
        for bad in [
            "[]",
            "[\"messages\"]",
            "{}",
            "{\"messages\": null}",
            "{\"messages\": {}}",
            "{\"messages\": [5]}",
            "{\"messages\": [[]]}",
            "{\"messages\": [\"ttlbody\"]}",
            "{\"messages\": [null, true, 1, -1, 1.5]}",
            "{\"messages\": [{}]}",
            "{\"messages\": [{\"body\": 1, \"ttl\": true}]}",
            "{\"messages\": [{\"body\": 1, \"ttl\": null}]}",
            "{\"messages\": [{\"body\": 1, \"ttl\": 60.0}]}",
            "{\"messages\": [{\"body\": 1, \"delay\": \"5\"}]}",
        ] {
            assert!(drafts(&parsed(bad), &mut Warnings::default()).is_err(), "{bad}");
        }
        assert!(metadata(&parsed("[]"), &mut Warnings::default()).is_err());
        assert!(operations(&parsed("{}")).is_err());
        assert!(claim_params(&parsed("[]"), &mut Warnings::default()).is_err());
    }

    #[test]
    fn of_several_lists_the_last_counts_and_what_else_has_its_name_is_passed_over() {
        let document = parsed(
            "{\"messages\": {\"a\": [{}]}, \"messages\": [[[]], 1.5], \"messages\": [{\"body\": 1}], \"x\": [1]}",
        );
        assert_eq!(drafts(&document, &mut Warnings::default()).unwrap().len(), 1);
        assert!(
            drafts(
                &parsed("{\"messages\": [{\"body\": 1}], \"messages\": {\"a\": 1}}"),
                &mut Warnings::default()
            )
            .is_err()
        );
    }

    #[test]
    fn a_claim_may_leave_its_terms_out() {
        assert_eq!(claim_params(&parsed("{}"), &mut Warnings::default()).unwrap(), ClaimParams::default());
        let params =
            claim_params(&parsed("{\"grace\": 7, \"ttl\": 5, \"ttl\": 6}"), &mut Warnings::default())
                .unwrap();
        assert_eq!(params, ClaimParams { ttl: Some(6), grace: Some(7) });
    }

    #[test]
    fn a_confirmation_is_of_any_type_and_a_list_has_none() {
        assert_eq!(
            confirmed(&parsed("{\"confirmed\": \"yes\"}"), &mut Warnings::default()),
            Some("yes".into())
        );
        for none in ["{}", "[]", "[\"confirmed\"]"] {
            assert_eq!(confirmed(&parsed(none), &mut Warnings::default()), None, "{none}");
        }
    }

    #[test]
    fn no_document_is_an_empty_subscription() {
        assert_eq!(
            subscription_params(None, &mut Warnings::default()).unwrap(),
            subscription_params(Some(&parsed("{}")), &mut Warnings::default()).unwrap()
        );
    }

    #[test]
    fn a_purge_names_what_it_removes() {
        let scope =
            purge_scope(&parsed("{\"resource_types\": [\"messages\"]}"), &mut Warnings::default()).unwrap();
        assert_eq!(scope, PurgeScope { messages: true, subscriptions: false });
        for bad in ["{}", "[]", "{\"resource_types\": 5}", "{\"resource_types\": \"messages\"}"] {
            assert!(purge_scope(&parsed(bad), &mut Warnings::default()).is_err(), "{bad}");
        }
    }

    /// Checking for misspelt names costs nothing if there are none.
    #[test]
    fn messages_whose_names_are_known_are_read_without_an_allocation_for_each() {
        let of = |count: usize| {
            let message = r#"{"body": {"a": 1}, "ttl": 60, "delay": 1}"#;
            let document = format!("{{\"messages\": [{}]}}", vec![message; count].join(", "));
            let document = document_of(document);
            let mut warnings = Warnings::default();
            let counted = measure(|| drop(drafts(&document, &mut warnings).unwrap()));
            assert!(warnings.is_empty());
            counted.count_total
        };
        // The lists grow.
        assert!(of(1000) <= of(10) + 20, "{} {}", of(1000), of(10));
    }

    fn document_of(text: String) -> zaqar_model::JsonText {
        document(text.into()).unwrap()
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<Vec<u8>>(), likely in "[{}\\[\\]\",:a0-9 ]{0,60}") {
            for text in [Bytes::from(text), Bytes::from(format!("{{\"messages\": {likely}}}"))] {
                if let Ok(document) = document(text) {
                    let _ = (drafts(&document, &mut Warnings::default()), metadata(&document, &mut Warnings::default()), operations(&document));
                    let _ = (claim_params(&document, &mut Warnings::default()), purge_scope(&document, &mut Warnings::default()));
                    let _ = (subscription_params(Some(&document), &mut Warnings::default()), confirmed(&document, &mut Warnings::default()));
                }
            }
        }
    }
}
