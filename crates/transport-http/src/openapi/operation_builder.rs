//! Builds the description of one operation.

use serde_json::{Map, Value, json};
use zaqar_model::DestinationKind;

use crate::routes::Access;

#[derive(Debug)]
pub(super) struct OperationBuilder {
    id: String,
    tag: &'static str,
    summary: String,
    description: Option<String>,
    parameters: Vec<Value>,
    body: Option<Value>,
    responses: Vec<(u16, Value)>,
}

impl OperationBuilder {
    pub(super) fn new(tag: &'static str, id: impl Into<String>, summary: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            tag,
            summary: summary.into(),
            description: None,
            parameters: Vec::new(),
            body: None,
            responses: Vec::new(),
        }
    }

    /// Adds details to the summary.
    pub(super) fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    pub(super) fn query(mut self, name: &str, schema: Value, description: &str) -> Self {
        let mut parameter = json!({ "name": name, "in": "query", "description": description });
        parameter["schema"] = schema;
        self.parameters.push(parameter);
        self
    }

    /// An optional body.
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
        self.error(408, "The body did not arrive in time.")
    }

    /// A response with a document.
    pub(super) fn response(self, status: u16, description: &str, schema: &str) -> Self {
        self.response_of_type(status, description, "application/json", schema)
    }

    pub(super) fn response_of_type(
        mut self,
        status: u16,
        description: &str,
        media_type: &str,
        schema: &str,
    ) -> Self {
        let mut response = response_without_content(description);
        response["content"] = json!({ media_type: { "schema": reference("schemas", schema) } });
        self.responses.push((status, response));
        self
    }

    /// A response without a body.
    pub(super) fn empty_response(mut self, status: u16, description: &str) -> Self {
        self.responses.push((status, response_without_content(description)));
        self
    }

    /// Adds a `Location` to the response with this status.
    pub(super) fn location(self, status: u16, description: &str) -> Self {
        self.with_location(status, description, true)
    }

    /// Adds an optional `Location` to the response with this status.
    pub(super) fn optional_location(self, status: u16, description: &str) -> Self {
        self.with_location(status, description, false)
    }

    fn with_location(mut self, status: u16, description: &str, required: bool) -> Self {
        let header =
            json!({ "description": description, "required": required, "schema": { "type": "string" } });
        if let Some(response) = self.response_mut(status) {
            response["headers"]["Location"] = header;
        }
        self
    }

    /// Adds a link: the parameters of another operation that this response contains.
    pub(super) fn link(mut self, status: u16, operation: &str, parameters: &[(&str, &str)]) -> Self {
        let parameters: Map<String, Value> =
            parameters.iter().map(|(name, from)| ((*name).to_owned(), (*from).into())).collect();
        let link = json!({ "operationId": operation, "parameters": parameters });
        if let Some(response) = self.response_mut(status) {
            response["links"][operation] = link;
        }
        self
    }

    /// An error, and its meaning for this operation.
    pub(super) fn error(mut self, status: u16, description: &str) -> Self {
        let mut response = refusal(status);
        response["description"] = description.into();
        self.responses.push((status, response));
        self
    }

    fn response_mut(&mut self, status: u16) -> Option<&mut Value> {
        self.responses.iter_mut().find(|(own, _)| *own == status).map(|(_, response)| response)
    }

    pub(super) fn into_value(mut self, access: Access) -> Value {
        let mut parameters = Vec::new();
        let is_for_callers = !matches!(access, Access::Probes | Access::Public);
        let common: &[u16] = match access {
            Access::Probes => &[500],
            Access::Public => &[400, 404, 406, 500],
            Access::Callers | Access::AdminMode | Access::Pools => &[400, 401, 403, 404, 406, 500, 503],
        };
        if is_for_callers {
            parameters.push(reference("parameters", "ClientId"));
        }
        parameters.append(&mut self.parameters);
        for status in common {
            if self.response_mut(*status).is_none() {
                self.responses.push((*status, refusal(*status)));
            }
        }
        self.responses.sort_by_key(|(status, _)| *status);
        let responses: Map<_, _> =
            self.responses.into_iter().map(|(status, response)| (status.to_string(), response)).collect();
        let mut operation = json!({ "operationId": self.id, "tags": [self.tag], "summary": self.summary });
        if let Some(description) = self.description {
            operation["description"] = description.into();
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
        operation["responses"] = responses.into();
        operation
    }
}

fn response_without_content(description: &str) -> Value {
    let (id, warning) = (reference("headers", "RequestId"), reference("headers", "Warning"));
    json!({ "description": description, "headers": { "x-openstack-request-id": id, "Warning": warning } })
}

fn refusal(status: u16) -> Value {
    reference("responses", &status.to_string())
}

pub(super) fn reference(section: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{section}/{name}") })
}

/// The id of an operation on a queue or on a topic, as in `create_topic` and `post_topic_messages`.
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

/// The path parameter that names the queue or topic, and the expression that a link takes it from.
pub(super) const fn same_name(kind: DestinationKind) -> (&'static str, &'static str) {
    if kind.is_topic() {
        ("topic_name", "$request.path.topic_name")
    } else {
        ("queue_name", "$request.path.queue_name")
    }
}
