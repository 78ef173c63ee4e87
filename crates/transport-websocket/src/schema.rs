//! Validates a request against the schema of its action. An error names the member and the expected type.

use serde_json::value::RawValue;
use zaqar_domain::names::{KnownNames, Warnings};

use crate::actions::{Action, ActionKind, ActionTarget, Member};
use crate::members::{Members, Type};
use crate::reply::Reply;

/// Headers that must be texts if they are present.
const TEXTS: [&str; 6] = ["User-Agent", "Date", "Accept", "Client-ID", "X-Project-ID", "X-Auth-Token"];

/// The headers of a request, validated for `action`.
pub(crate) fn headers<'a>(action: &Action, given: Option<&'a RawValue>) -> Result<Members<'a>, Reply> {
    let headers = object("headers", given)?;
    let required: &[&str] = match action.kind {
        ActionKind::RestOnly => &[],
        ActionKind::Authenticate => &["X-Project-ID", "X-Auth-Token"],
        ActionKind::Operation(_) => &["Client-ID", "X-Project-ID"],
    };
    for name in TEXTS {
        if required.contains(&name) || headers.raw(name).is_some() {
            check("headers", &headers, name, Type::Text)?;
        }
    }
    Ok(headers)
}

/// The body of a request, validated for `action`.
pub(crate) fn body<'a>(
    action: &Action,
    given: Option<&'a RawValue>,
    warnings: &mut Warnings,
) -> Result<Members<'a>, Reply> {
    if given.is_none() && action.needs_no_body() {
        return Ok(Members::default());
    }
    let body = object("body", given)?;
    check_names(action, &body, warnings);
    match action.target {
        ActionTarget::Nothing | ActionTarget::Queues | ActionTarget::Topics => {}
        ActionTarget::Queue => check("body", &body, "queue_name", Type::Text)?,
        ActionTarget::Topic => check("body", &body, "topic_name", Type::Text)?,
        ActionTarget::QueueOrTopic => check_destination(&body)?,
    }
    for member in action.members {
        check_member(&body, member)?;
    }
    Ok(body)
}

/// Warns about misspelt members.
fn check_names(action: &Action, body: &Members<'_>, warnings: &mut Warnings) {
    let is_known = |name: &str| action.names().any(|known| known == name);
    if body.names().all(is_known) {
        return;
    }
    let names: Vec<_> = action.names().collect();
    body.check_names(&KnownNames::new("the body", &names), warnings);
}

fn object<'a>(name: &str, given: Option<&'a RawValue>) -> Result<Members<'a>, Reply> {
    let members = given.and_then(|given| Members::read(given.get()));
    members.ok_or_else(|| type_error(name, given, Type::Object))
}

fn check_destination(body: &Members<'_>) -> Result<(), Reply> {
    match ["queue_name", "topic_name"].map(|name| body.has_type(name, Type::Text)) {
        [true, true] => {
            let text = "\"body.queue_name\" and \"body.topic_name\" are both given: one of them is expected.";
            Err(schema_error(text))
        }
        [false, false] if body.raw("queue_name").is_none() && body.raw("topic_name").is_some() => {
            check("body", body, "topic_name", Type::Text)
        }
        [false, false] => check("body", body, "queue_name", Type::Text),
        _ => Ok(()),
    }
}

fn check_member(body: &Members<'_>, member: &Member) -> Result<(), Reply> {
    match body.raw(member.name) {
        None if !member.required => Ok(()),
        Some(value) if member.nullable && value.get() == "null" => Ok(()),
        _ => member.value_type.map_or(Ok(()), |is| check("body", body, member.name, is)),
    }
}

fn check(of: &str, members: &Members<'_>, name: &str, wanted: Type) -> Result<(), Reply> {
    if members.has_type(name, wanted) {
        return Ok(());
    }
    Err(type_error(&format!("{of}.{name}"), members.raw(name), wanted))
}

fn type_error(name: &str, given: Option<&RawValue>, wanted: Type) -> Reply {
    let is = given.map_or("missing", |given| match Type::of(given) {
        Some(given) => given.with_article(),
        None if given.get() == "null" => "null",
        None => "a number with a fraction",
    });
    schema_error(&format!("\"{name}\" is {is}: {} is expected.", wanted.with_article()))
}

/// Upstream's text, with the reason.
fn schema_error(reason: &str) -> Reply {
    Reply::error(400, format!("Schema validation failed. {reason}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_str};
    use zaqar_domain::names::Warnings;

    use super::body;
    use crate::actions::Action;

    fn validation_error(name: &str, given: &str) -> Option<String> {
        let given = from_str(given).unwrap();
        let reply = body(Action::find(name).unwrap(), Some(given), &mut Warnings::default()).err()?;
        let document: Value = from_str(reply.body.get()).unwrap();
        let text = document["error"].as_str().unwrap();
        Some(text.strip_prefix("Schema validation failed. ").unwrap().to_owned())
    }

    #[test]
    fn a_body_holds_what_is_required_and_nothing_of_the_wrong_type() {
        for (name, given) in [
            ("queue_list", r#"{"limit": 5, "detailed": false, "other": null}"#),
            ("queue_get", r#"{"queue_name": "q"}"#),
            ("message_get", r#"{"topic_name": "t", "message_id": ""}"#),
        ] {
            assert_eq!(validation_error(name, given), None, "{name} {given}");
        }
        for (name, given, text) in [
            ("queue_list", r#"{"limit": "5"}"#, r#""body.limit" is a string: an integer is expected."#),
            ("queue_list", r#"{"limit": true}"#, r#""body.limit" is a boolean: an integer is expected."#),
            (
                "queue_list",
                r#"{"limit": 1.0}"#,
                r#""body.limit" is a number with a fraction: an integer is expected."#,
            ),
            ("queue_list", r#"{"marker": null}"#, r#""body.marker" is null: a string is expected."#),
            ("queue_list", "[]", r#""body" is an array: an object is expected."#),
            ("queue_get", "{}", r#""body.queue_name" is missing: a string is expected."#),
            ("topic_get", r#"{"queue_name": "q"}"#, r#""body.topic_name" is missing: a string is expected."#),
            (
                "message_get",
                r#"{"queue_name": "q"}"#,
                r#""body.message_id" is missing: a string is expected."#,
            ),
            ("message_list", "{}", r#""body.queue_name" is missing: a string is expected."#),
            (
                "message_list",
                r#"{"topic_name": 5}"#,
                r#""body.topic_name" is an integer: a string is expected."#,
            ),
            (
                "message_list",
                r#"{"queue_name": "q", "topic_name": "t"}"#,
                r#""body.queue_name" and "body.topic_name" are both given: one of them is expected."#,
            ),
        ] {
            assert_eq!(validation_error(name, given).as_deref(), Some(text), "{name} {given}");
        }
    }

    #[test]
    fn null_is_as_good_as_absent_where_upstreams_schema_says_nothing() {
        for (name, given) in [
            ("queue_create", r#"{"queue_name": "q", "metadata": null}"#),
            ("message_list", r#"{"queue_name": "q", "include_delayed": null}"#),
            ("claim_update", r#"{"queue_name": "q", "claim_id": "c", "grace": null}"#),
            ("subscription_create", r#"{"queue_name": "q", "marker": null}"#),
            ("subscription_list", r#"{"queue_name": "q", "marker": null, "limit": null}"#),
        ] {
            assert_eq!(validation_error(name, given), None, "{name} {given}");
        }
    }
}
