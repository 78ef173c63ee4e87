//! Every action with every member missing, null and of a wrong type. The actions and members come from the AsyncAPI
//! document, so that none is left out.

use serde_json::{Map, Value, from_str, json};

use crate::fixture::{Client, Fixture, headers};

/// A member of a body or of the headers in the document.
#[derive(Debug)]
struct Member {
    name: String,
    /// The allowed types.
    types: Vec<String>,
    required: bool,
}

fn members(schema: &Value) -> Vec<Member> {
    let texts = |value: &Value| match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().map(|item| item.as_str().unwrap().to_owned()).collect(),
        _ => Vec::new(),
    };
    let mut required = texts(&schema["required"]);
    // Of a queue and a topic, the queue is walked.
    required.extend(schema.get("oneOf").map(|_| "queue_name".to_owned()));
    let properties = schema["properties"].as_object().unwrap().iter();
    let both = schema.get("oneOf").is_some();
    properties
        .filter(|(name, _)| !both || *name != "topic_name")
        .map(|(name, schema)| Member {
            name: name.clone(),
            types: texts(&schema["type"]),
            required: required.contains(name),
        })
        .collect()
}

/// Every action with its headers and its body.
fn actions() -> Vec<(String, Vec<Member>, Vec<Member>)> {
    let document: Value = from_str(&zaqar_transport_websocket::asyncapi()).unwrap();
    let requests = document["channels"]["connection"]["messages"].as_object().unwrap().iter();
    let requests = requests.filter(|(_, message)| message["payload"].get("properties").is_some());
    let walked = requests.map(|(name, message)| {
        let properties = &message["payload"]["properties"];
        let headers = properties["headers"]["$ref"].as_str().unwrap();
        let headers = document.pointer(headers.strip_prefix('#').unwrap()).unwrap();
        (name.clone(), members(headers), members(&properties["body"]))
    });
    walked.collect()
}

fn example(types: &[String]) -> Value {
    match types.first().map(String::as_str) {
        Some("string") | None => json!("x"),
        Some("integer") => json!(60),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        Some("object") => json!({}),
        Some(other) => panic!("{other}"),
    }
}

/// A value of each JSON type that `types` does not contain.
fn wrong(types: &[String]) -> Vec<Value> {
    let all = [
        ("string", json!("x")),
        ("integer", json!(5)),
        ("number", json!(1.5)),
        ("boolean", json!(true)),
        ("array", json!([])),
        ("object", json!({})),
        ("null", json!(null)),
    ];
    let is_wrong = |name: &str| !types.is_empty() && types.iter().all(|given| given != name);
    all.into_iter().filter(|(name, _)| is_wrong(name)).map(|(_, value)| value).collect()
}

/// The reply must name the member and the expected type, and the connection must stay open.
async fn is_refused(
    client: &mut Client,
    action: &str,
    headers: &Value,
    body: &Value,
    of: &str,
    member: &Member,
) {
    let request = json!({ "action": action, "headers": headers, "body": body });
    let reply = client.exchange(&request).await;
    assert_eq!(reply["headers"]["status"], 400, "{reply}");
    let text = reply["body"]["error"].as_str().unwrap_or_default();
    let is_named = text.contains(&format!("\"{of}.{}\"", member.name));
    let expected = match member.types[0].as_str() {
        name @ ("integer" | "array" | "object") => format!("an {name} is expected."),
        name => format!("a {name} is expected."),
    };
    assert!(is_named && text.ends_with(&expected), "{reply}");
}

#[tokio::test]
async fn every_action_names_the_member_that_is_missing_null_or_of_a_wrong_type_and_the_connection_stays() {
    let mut client = Fixture::new().await.connect().await;
    let (mut actions_walked, mut refusals) = (0, 0);
    for (action, in_headers, in_body) in actions() {
        let required = in_body.iter().filter(|member| member.required);
        let body: Map<String, Value> =
            required.map(|member| (member.name.clone(), example(&member.types))).collect();
        let mut headers = headers();
        headers["X-Auth-Token"] = json!("t");
        // The schema does not validate the parts of a pre-signed URL.
        let in_headers = in_headers.into_iter().filter(|member| !member.name.starts_with("URL-"));
        let of_headers = in_headers.map(|member| ("headers", member));
        let of_body = in_body.into_iter().map(|member| ("body", member));
        for (of, member) in of_headers.chain(of_body) {
            let with = |value: Option<Value>| {
                let (mut headers, mut body) = (headers.clone(), Value::Object(body.clone()));
                let object = if of == "body" { &mut body } else { &mut headers };
                let object = object.as_object_mut().unwrap();
                object.remove(&member.name);
                object.extend(value.map(|value| (member.name.clone(), value)));
                (headers, body)
            };
            let missing = member.required.then_some(None);
            for value in missing.into_iter().chain(wrong(&member.types).into_iter().map(Some)) {
                let (headers, body) = with(value);
                is_refused(&mut client, &action, &headers, &body, of, &member).await;
                refusals += 1;
            }
            if member.types.iter().any(|name| name == "null") {
                let mut statuses = Vec::new();
                // The first request may create something.
                for value in [None, None, Some(json!(null))] {
                    let (headers, body) = with(value);
                    let request = json!({ "action": action, "headers": headers, "body": body });
                    statuses.push(client.exchange(&request).await["headers"]["status"].take());
                }
                assert_eq!(statuses[1], statuses[2], "{action} with {} null", member.name);
            }
        }
        actions_walked += 1;
    }
    assert!(actions_walked >= 28, "{actions_walked}");
    assert!(refusals > 500, "{refusals}");
    client.expect(200, "queue_list", json!({})).await;
}
