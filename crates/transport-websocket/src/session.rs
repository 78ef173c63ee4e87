//! The requests of one connection, one after the other: from a frame to its reply.

use bytes::Bytes;
use zaqar_model::{Caller, DestinationKind, DestinationName, QueueName};

use crate::actions::{About, Action, Does};
use crate::caller::{bearer, believed, sentence};
use crate::dispatch::dispatch;
use crate::envelope::Envelope;
use crate::format::Format;
use crate::handlers::Request;
use crate::members::Members;
use crate::reply::{Handled, Reply};
use crate::service::WebSocketService;
use crate::signature;

/// A connection's side of the conversation.
#[derive(Debug)]
pub(crate) struct Session {
    service: WebSocketService,
}

impl Session {
    pub(crate) const fn new(service: WebSocketService) -> Self {
        Self { service }
    }

    /// The reply to a frame, as JSON. Whatever the frame holds, there is one.
    pub(crate) async fn answer(&self, format: Format, frame: Bytes) -> String {
        let nothing = Envelope::default();
        let text = match format.read(frame) {
            Ok(text) => text,
            Err(error) => return nothing.answer(&Reply::error(400, error)),
        };
        // Checked to be UTF-8.
        let text = std::str::from_utf8(text.as_bytes()).unwrap_or_default();
        let Some(envelope) = Envelope::read(text) else {
            return nothing.answer(&Reply::error(400, "Unexpected body type. Expected dict or dict like."));
        };
        let reply = self.handle(&envelope).await.unwrap_or_else(|refusal| refusal);
        tracing::debug!(
            action = envelope.action.map(|action| action.get()),
            status = reply.status,
            "answered"
        );
        envelope.answer(&reply)
    }

    async fn handle(&self, envelope: &Envelope<'_>) -> Handled {
        let action = find(envelope)?;
        let headers = envelope.headers.and_then(|headers| Members::read(headers.get()));
        let body = match envelope.body {
            None => action.needs_no_body().then(Members::default),
            Some(body) => Members::read(body.get()),
        };
        let accepted = headers.zip(body);
        let accepted =
            accepted.filter(|(headers, body)| action.accepts_headers(headers) && action.accepts_body(body));
        let Some((headers, body)) = accepted else {
            return Err(Reply::error(400, "Schema validation failed."));
        };
        let operation = match action.does {
            Does::Operation(operation) => operation,
            Does::OnlyByRest => {
                let text =
                    format!("{} is not available by WebSocket; the REST interface has it.", action.name);
                return Err(Reply::error(404, text));
            }
            Does::Authenticate => {
                return Err(Reply::error(400, "Authentication is not enabled: every request is believed."));
            }
        };
        let place = place(action, &body)?;
        let caller = self.caller(action, &headers, place.as_ref())?;
        let kind = action.kind();
        dispatch(operation, &Request { zaqar: &self.service.zaqar, caller: &caller, kind, place, body }).await
    }

    fn caller(
        &self,
        action: &Action,
        headers: &Members<'_>,
        place: Option<&DestinationName>,
    ) -> Result<Caller, Reply> {
        let zaqar = &self.service.zaqar;
        if !signature::is_signed(headers) {
            return believed(headers, zaqar.limits());
        }
        if !signature::allows(headers, &self.service.signing_keys, action, place, zaqar.now()) {
            return Err(Reply::error(403, "Not authentified."));
        }
        bearer(headers, zaqar.limits())
    }
}

fn find(envelope: &Envelope<'_>) -> Result<&'static Action, Reply> {
    let given = envelope.action.map_or("null", |action| action.get());
    let name: Option<String> = serde_json::from_str(given).ok();
    name.as_deref().and_then(Action::find).ok_or_else(|| {
        // As Python shows it.
        let shown = name.as_deref().unwrap_or(if given == "null" { "None" } else { given });
        Reply::error(400, format!("{shown} is not a valid action"))
    })
}

/// The queue or topic that the body names.
fn place(action: &Action, body: &Members<'_>) -> Result<Option<DestinationName>, Reply> {
    if matches!(action.about, About::Nothing | About::Queues | About::Topics) {
        return Ok(None);
    }
    let (kind, name) = match body.text("queue_name") {
        Some(name) if action.about != About::Topic => (DestinationKind::Queue, name),
        _ => (DestinationKind::Topic, body.text("topic_name").unwrap_or_default()),
    };
    let refused = |error: zaqar_model::InvalidName| Reply::bad_request(sentence(&error.to_string()));
    let name = QueueName::new(&name).map_err(refused)?;
    Ok(Some(DestinationName { kind, name }))
}
