//! The requests of a message's life, by their names.

use std::io::Result;

use serde_json::{Value, json};

use super::http::{Client, Response};

/// A message as a consumer got it.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) href: String,
    pub(crate) body: Value,
}

impl Taken {
    /// `…/messages/<id>?claim_id=…` or without a claim.
    pub(crate) fn id(&self) -> &str {
        let path = self.href.split('?').next().unwrap();
        path.rsplit('/').next().unwrap()
    }
}

pub(crate) fn post(client: &mut Client, queue: &str, bodies: &[Value]) -> Result<Response> {
    let messages: Vec<_> = bodies.iter().map(|body| json!({"ttl": 3600, "body": body})).collect();
    client.request("POST", &format!("/v2/queues/{queue}/messages"), Some(&json!({"messages": messages})))
}

/// Answers the ids.
pub(crate) fn post_ok(client: &mut Client, queue: &str, bodies: &[Value]) -> Vec<String> {
    let response = post(client, queue, bodies).unwrap();
    assert_eq!(response.status, 201, "{}", response.text());
    let answer = response.json();
    let paths = answer["resources"].as_array().unwrap().iter();
    paths.map(|path| path.as_str().unwrap().rsplit('/').next().unwrap().to_owned()).collect()
}

pub(crate) fn claim(client: &mut Client, queue: &str, limit: usize) -> Result<Response> {
    let path = format!("/v2/queues/{queue}/claims?limit={limit}");
    client.request("POST", &path, Some(&json!({"ttl": 3600, "grace": 60})))
}

pub(crate) fn delete(client: &mut Client, href: &str) -> Result<Response> {
    client.request("DELETE", href, None)
}

/// The messages of an answer to a claim, a listing or a pop; none for 204.
pub(crate) fn messages(response: &Response) -> Vec<Taken> {
    if response.status == 204 {
        return Vec::new();
    }
    let answer = response.json();
    let messages = answer["messages"].as_array().unwrap_or_else(|| panic!("no messages: {answer}"));
    messages
        .iter()
        .map(|message| Taken {
            href: message["href"].as_str().unwrap().to_owned(),
            body: message["body"].clone(),
        })
        .collect()
}

/// Every message of a queue in its order, claimed ones too, over all pages.
pub(crate) fn list_all(client: &mut Client, queue: &str) -> Vec<Taken> {
    try_list_all(client, queue).unwrap()
}

/// The same, as long as the server answers.
pub(crate) fn try_list_all(client: &mut Client, queue: &str) -> Result<Vec<Taken>> {
    let mut path = format!("/v2/queues/{queue}/messages?limit=20&echo=true&include_claimed=true");
    let mut all = Vec::new();
    loop {
        let response = client.request("GET", &path, None)?;
        assert_eq!(response.status, 200, "{}", response.text());
        let page = messages(&response);
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
        let answer = response.json();
        let next = answer["links"].as_array().unwrap().iter().find(|link| link["rel"] == "next").unwrap();
        path = next["href"].as_str().unwrap().to_owned();
    }
}

/// Subscribes to a queue; answers the subscription's id.
pub(crate) fn subscribe(client: &mut Client, queue: &str, subscriber: &str, options: &Value) -> String {
    let document = json!({"subscriber": subscriber, "ttl": 3600, "options": options});
    let path = format!("/v2/queues/{queue}/subscriptions");
    let response = client.request("POST", &path, Some(&document)).unwrap();
    assert_eq!(response.status, 201, "{}", response.text());
    response.json()["subscription_id"].as_str().unwrap().to_owned()
}
