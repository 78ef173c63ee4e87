//! An answer without what is never the same twice: ids, times, ages and the places where a page ends.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Formatter, Result};
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;

use crate::requests::Request;
use crate::support::http::Response;

/// Headers that belong to the connection or to the web server in front, that follow from the body, or that upstream does
/// not have.
const NOT_COMPARED: &[&str] = &["connection", "content-length", "date", "server", "warning"];

static ID: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{24})\b").unwrap());
/// Where a page of messages ends: upstream's number, or ours with a letter.
static PLACE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bmarker=\d+d?(-[0-9a-f]+)?\b").unwrap());
static TIME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?").unwrap());

/// The ids that one service has given out, each named by the line of the request that showed it first.
#[derive(Debug)]
pub(crate) struct Ids {
    names: BTreeMap<String, String>,
    /// What the addresses of this side's pools begin with.
    pool: String,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: BTreeSet<(String, String)>,
    body: Body,
}

#[derive(Debug, PartialEq)]
enum Body {
    Json(Value),
    Text(String),
}

impl Ids {
    pub(crate) fn new(pool: &str) -> Self {
        Self { names: BTreeMap::new(), pool: pool.to_owned() }
    }

    pub(crate) fn blank(&mut self, response: &Response, request: &Request) -> Answer {
        let mut blanking = Blanking { ids: self, line: request.line, seen: 0 };
        let text = response.text();
        let body = match serde_json::from_str(&text) {
            Ok(mut document) => {
                for pointer in &request.blanks {
                    if let Some(part) = Value::pointer_mut(&mut document, pointer) {
                        *part = Value::from("<blank>");
                    }
                }
                blanking.document(&mut document);
                if let Some(Value::Array(items)) =
                    request.unordered.as_ref().and_then(|pointer| document.pointer_mut(pointer))
                {
                    items.sort_by_key(Value::to_string);
                }
                Body::Json(document)
            }
            Err(_) => Body::Text(blanking.text(&text)),
        };
        let compared = response.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
        let compared = compared.filter(|(name, _)| !NOT_COMPARED.contains(&name.as_str()));
        let headers = compared.map(|(name, value)| (name, blanking.text(value))).collect();
        Answer { status: response.status, headers, body }
    }
}

/// Of one answer.
struct Blanking<'i> {
    ids: &'i mut Ids,
    line: usize,
    seen: usize,
}

impl Blanking<'_> {
    fn document(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.document(value)),
            Value::Object(members) => {
                if members.contains_key("subscriber") {
                    // A member that upstream does not have.
                    members.remove("endpoint");
                }
                for (name, value) in members {
                    if name == "age" && value.is_number() {
                        *value = Value::from("<age>");
                    }
                    self.document(value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text(&mut self, text: &str) -> String {
        let text = text.replace(&self.ids.pool, "<pool>");
        let text = TIME.replace_all(&text, "<time>");
        let text = ID.replace_all(&text, |id: &Captures<'_>| self.name(&id[0]));
        PLACE.replace_all(&text, "marker=<place>").into_owned()
    }

    /// So that the same id in two answers has the same name, and another id another.
    fn name(&mut self, id: &str) -> String {
        if let Some(name) = self.ids.names.get(id) {
            return name.clone();
        }
        self.seen += 1;
        let name = format!("<id {}.{}>", self.line, self.seen);
        self.ids.names.insert(id.to_owned(), name.clone());
        name
    }
}

impl Display for Answer {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        write!(formatter, "{}", self.status)?;
        for (name, value) in &self.headers {
            write!(formatter, " [{name}: {value}]")?;
        }
        match &self.body {
            Body::Json(document) => write!(formatter, " {document}"),
            Body::Text(text) => write!(formatter, " {text:?}"),
        }
    }
}

#[test]
fn ids_are_told_apart_and_times_are_not() {
    let answer = |ids: &mut Ids, line, body: &str| {
        let headers = vec![("Date".to_owned(), "today".to_owned())];
        let response = Response { status: 200, headers, body: body.as_bytes().to_vec() };
        ids.blank(&response, &Request::read(line, "GET /", &[]).unwrap())
    };
    let (mut upstream, mut ours) = (Ids::new("mongodb://localhost"), Ids::new("embedded:///pools"));
    assert_eq!(
        answer(&mut upstream, 1, r#"["5ca1ab1e0000000000000001", "2026-01-01T00:00:00Z"]"#),
        answer(&mut ours, 1, r#"["5ca1ab1e-0000-4000-8000-000000000003", "2027-01-01T00:00:00Z"]"#),
    );
    // The second id is another in one answer and the same in the other.
    assert_ne!(
        answer(&mut upstream, 2, r#"["5ca1ab1e0000000000000002"]"#),
        answer(&mut ours, 2, r#"["5ca1ab1e-0000-4000-8000-000000000003"]"#),
    );
}
