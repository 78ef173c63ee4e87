//! One operation of the document, under construction.

use serde_json::{Map, Value, json};
use zaqar_model::DestinationKind;

use crate::routes::Access;

#[derive(Debug)]
pub(super) struct Described {
    id: String,
    tag: &'static str,
    summary: String,
    about: Option<String>,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: Vec<(u16, Value)>,
}

impl Described {
    pub(super) fn new(tag: &'static str, id: impl Into<String>, summary: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            tag,
            summary: summary.into(),
            about: None,
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
        }
    }

    /// More than the summary tells.
    pub(super) fn about(mut self, text: impl Into<String>) -> Self {
        self.about = Some(text.into());
        self
    }

    pub(super) fn query(mut self, name: &str, schema: Value, about: &str) -> Self {
        let mut parameter = json!({ "name": name, "in": "query", "description": about });
        parameter["schema"] = schema;
        self.parameters.push(parameter);
        self
    }

    /// A body that may be left out.
    pub(super) fn optional_body(self, schema: &str, example: Value) -> Self {
        self.body_of_type("application/json", false, schema, example)
    }

    pub(super) fn body(self, schema: &str, example: Value) -> Self {
        self.body_of_type("application/json", true, schema, example)
    }

    pub(super) fn body_of_type(
        mut self,
        media_type: &str,
        required: bool,
        schema: &str,
        example: Value,
    ) -> Self {
        let mut document = json!({ "schema": reference("schemas", schema) });
        document["example"] = example;
        let content = json!({ media_type: document });
        self.body = Some(json!({ "required": required, "content": content }));
        self.refuses(408, "The body did not arrive in time.")
    }

    /// An answer with a document.
    pub(super) fn answers(self, status: u16, about: &str, schema: &str) -> Self {
        self.answers_with_type(status, about, "application/json", schema)
    }

    pub(super) fn answers_with_type(
        mut self,
        status: u16,
        about: &str,
        media_type: &str,
        schema: &str,
    ) -> Self {
        let mut answer = empty_answer(about);
        answer["content"] = json!({ media_type: { "schema": reference("schemas", schema) } });
        self.answers.push((status, answer));
        self
    }

    /// An answer without a document.
    pub(super) fn answers_nothing(mut self, status: u16, about: &str) -> Self {
        self.answers.push((status, empty_answer(about)));
        self
    }

    /// The answer of this status has a `Location`.
    pub(super) fn located(self, status: u16, about: &str) -> Self {
        self.with_location(status, about, true)
    }

    /// The answer of this status has a `Location` unless it would be too long.
    pub(super) fn maybe_located(self, status: u16, about: &str) -> Self {
        self.with_location(status, about, false)
    }

    fn with_location(mut self, status: u16, about: &str, required: bool) -> Self {
        let header = json!({ "description": about, "required": required, "schema": { "type": "string" } });
        if let Some(answer) = self.answer(status) {
            answer["headers"]["Location"] = header;
        }
        self
    }

    /// What of the answer of this status the parameters of another operation can be taken from.
    pub(super) fn link(mut self, status: u16, operation: &str, parameters: &[(&str, &str)]) -> Self {
        let parameters: Map<String, Value> =
            parameters.iter().map(|(name, from)| ((*name).to_owned(), (*from).into())).collect();
        let link = json!({ "operationId": operation, "parameters": parameters });
        if let Some(answer) = self.answer(status) {
            answer["links"][operation] = link;
        }
        self
    }

    /// An error, and what it means here.
    pub(super) fn refuses(mut self, status: u16, about: &str) -> Self {
        let mut answer = refusal(status);
        answer["description"] = about.into();
        self.answers.push((status, answer));
        self
    }

    fn answer(&mut self, status: u16) -> Option<&mut Value> {
        self.answers.iter_mut().find(|(own, _)| *own == status).map(|(_, answer)| answer)
    }

    pub(super) fn into_value(mut self, access: Access) -> Value {
        let mut parameters = Vec::new();
        let is_for_callers = !matches!(access, Access::Probes | Access::Everybody);
        let common: &[u16] = match access {
            Access::Probes => &[500],
            Access::Everybody => &[400, 404, 406, 500],
            Access::Callers | Access::AdminMode | Access::Pools => &[400, 401, 403, 404, 406, 500, 503],
        };
        if is_for_callers {
            parameters.push(reference("parameters", "ClientId"));
        }
        parameters.append(&mut self.parameters);
        for status in common {
            if self.answer(*status).is_none() {
                self.answers.push((*status, refusal(*status)));
            }
        }
        self.answers.sort_by_key(|(status, _)| *status);
        let answers: Map<_, _> =
            self.answers.into_iter().map(|(status, answer)| (status.to_string(), answer)).collect();
        let mut operation = json!({ "operationId": self.id, "tags": [self.tag], "summary": self.summary });
        if let Some(about) = self.about {
            operation["description"] = about.into();
        }
        if !is_for_callers {
            operation["security"] = json!([]);
        }
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
        if let Some(body) = self.body {
            operation["requestBody"] = body;
        }
        operation["responses"] = answers.into();
        operation
    }
}

fn empty_answer(about: &str) -> Value {
    let (id, warning) = (reference("headers", "RequestId"), reference("headers", "Warning"));
    json!({ "description": about, "headers": { "x-openstack-request-id": id, "Warning": warning } })
}

fn refusal(status: u16) -> Value {
    reference("responses", &status.to_string())
}

pub(super) fn reference(section: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{section}/{name}") })
}

/// What an operation on a queue is called where it is one on a topic: `create_topic`, `post_topic_messages`.
pub(super) fn id(kind: DestinationKind, on_queue: &str) -> String {
    match on_queue {
        _ if !kind.is_topic() => on_queue.to_owned(),
        _ if on_queue.contains("queue") => on_queue.replace("queue", "topic"),
        _ => on_queue.replacen('_', "_topic_", 1),
    }
}

pub(super) const fn noun(kind: DestinationKind) -> &'static str {
    if kind.is_topic() { "topic" } else { "queue" }
}

/// The parameter of a path that names a queue or topic, and where a link takes it from.
pub(super) const fn same_name(kind: DestinationKind) -> (&'static str, &'static str) {
    if kind.is_topic() {
        ("topic_name", "$request.path.topic_name")
    } else {
        ("queue_name", "$request.path.queue_name")
    }
}
