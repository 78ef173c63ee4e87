//! The requests of one connection, one after the other: from a frame to its reply.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;
use zaqar_authentication::{Authentication, Token};
use zaqar_domain::names::Warnings;
use zaqar_model::{AuthToken, Caller, DestinationKind, DestinationName, InvalidName, QueueName};

use crate::actions::{About, Action, Does, Operation};
use crate::caller::{bearer, believed, owner, sentence};
use crate::dispatch::dispatch;
use crate::envelope::Envelope;
use crate::format::Format;
use crate::handlers::{Request, subscriptions};
use crate::members::Members;
use crate::reply::{Handled, Reply};
use crate::request_log::{self, Learned};
use crate::service::WebSocketService;
use crate::subscribed::Subscribed;
use crate::{authenticate, schema, signature};

/// A connection's side of the conversation.
pub(crate) struct Session {
    service: WebSocketService,
    /// The other end of the connection.
    peer: Option<SocketAddr>,
    /// What the client has authenticated with last.
    token: Option<(Arc<Token>, AuthToken)>,
    pub(crate) subscribed: Subscribed,
    max_subscriptions: usize,
    /// What the connection is called as a subscriber, once it is one.
    subscriber: Option<String>,
}

impl Session {
    pub(crate) fn new(service: WebSocketService, peer: Option<SocketAddr>, max_subscriptions: usize) -> Self {
        let subscribed = Subscribed::default();
        Self { service, peer, token: None, subscribed, max_subscriptions, subscriber: None }
    }

    /// For how long the client's token is still good. `None`: there is none.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        let expires = self.token.as_ref()?.0.expires.as_millis();
        Some(Duration::from_millis(expires.saturating_sub(self.service.zaqar.now().as_millis())))
    }

    /// The reply to a frame, as JSON. Whatever the frame holds, there is one.
    pub(crate) async fn answer(&mut self, format: Format, frame: Bytes) -> String {
        let (start, mut learned) = (Instant::now(), Learned::default());
        let text = match format.read(frame) {
            Ok(text) => text,
            Err(error) => return self.refuse(&Reply::error(400, error), &learned, start),
        };
        // Checked to be UTF-8.
        let text = std::str::from_utf8(text.as_bytes()).unwrap_or_default();
        let Some(envelope) = Envelope::read(text, &mut learned.warnings) else {
            let refusal = Reply::error(400, "Unexpected body type. Expected dict or dict like.");
            return self.refuse(&refusal, &learned, start);
        };
        let handled = self.handle(format, &envelope, &mut learned).await;
        let reply = handled.unwrap_or_else(|refusal| refusal);
        request_log::log(self.peer, &learned, &reply, start.elapsed());
        envelope.answer(&reply, &learned.warnings)
    }

    /// The reply to a frame that holds no request.
    fn refuse(&self, refusal: &Reply, learned: &Learned, start: Instant) -> String {
        request_log::log(self.peer, learned, refusal, start.elapsed());
        Envelope::default().answer(refusal, &learned.warnings)
    }

    async fn handle(&mut self, format: Format, envelope: &Envelope<'_>, learned: &mut Learned) -> Handled {
        let action = find(envelope)?;
        learned.route = Some(action.name);
        let headers = schema::headers(action, envelope.headers)?;
        let body = schema::body(action, envelope.body, &mut learned.warnings)?;
        let operation = match action.does {
            Does::Operation(operation) => operation,
            Does::OnlyByRest => {
                let text =
                    format!("{} is not available by WebSocket; the REST interface has it.", action.name);
                return Err(Reply::error(404, text));
            }
            Does::Authenticate => {
                let token = authenticate::token(&headers, &self.service).await?;
                // What is subscribed to is the business of the project that subscribed.
                if self.token.as_ref().is_none_or(|(before, _)| before.project != token.project) {
                    self.subscribed.end_all();
                }
                let text = headers.text("X-Auth-Token").unwrap_or_default();
                self.token = Some((token, AuthToken::new(text.trim())));
                return Ok(authenticate::welcome());
            }
        };
        let place = place(action, &body);
        let known = place.as_ref().ok().and_then(Option::as_ref);
        let caller = &*learned.caller.insert(self.caller(action, &headers, known)?);
        let warnings = &mut learned.warnings;
        let (zaqar, kind) = (&Arc::clone(&self.service.zaqar), action.kind());
        let request = Request { zaqar, caller, kind, place: place?, body };
        if operation == Operation::CreateSubscription && subscriptions::is_to_the_connection(&request.body) {
            return self.subscribe(format, &request, warnings).await;
        }
        let handled = dispatch(operation, &request, warnings).await;
        if operation == Operation::DeleteSubscription && handled.is_ok() {
            // The reply tells of the end.
            self.subscribed.forget(&request);
        }
        handled
    }

    async fn subscribe(&mut self, format: Format, request: &Request<'_>, warnings: &mut Warnings) -> Handled {
        let max = self.max_subscriptions;
        if self.subscribed.len() >= max && !self.subscribed.has_one_to(request) {
            let text = format!("This connection has {max} subscriptions, and may have no more.");
            return Err(Reply::bad_request(text));
        }
        let name = || format!("websocket://{:032x}", request.zaqar.ids().next_u128());
        let subscriber = self.subscriber.get_or_insert_with(name).clone();
        let (following, reply) = subscriptions::follow(request, subscriber, warnings).await?;
        self.subscribed.add(following, format);
        Ok(reply)
    }

    fn caller(
        &self,
        action: &Action,
        headers: &Members<'_>,
        place: Option<&DestinationName>,
    ) -> Result<Caller, Reply> {
        let zaqar = &self.service.zaqar;
        let refused = |text: &str| Reply::error(403, text);
        if let Some((token, text)) = self.token.as_ref().filter(|(token, _)| zaqar.now() < token.expires) {
            return owner(token, text, headers, zaqar.limits())?.ok_or_else(|| refused("Not authenticated."));
        }
        if signature::is_signed(headers) {
            let keys = &self.service.signing_keys;
            if !signature::allows(headers, keys, action, place, zaqar.now()) {
                return Err(refused("Not authentified."));
            }
            return bearer(headers, zaqar.limits());
        }
        match self.service.authentication {
            Authentication::Open => believed(headers, zaqar.limits()),
            Authentication::Keystone(_) => Err(refused("Not authentified.")),
        }
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
    let refused = |error: InvalidName| Reply::bad_request(sentence(&error.to_string()));
    let name = QueueName::new(&name).map_err(refused)?;
    Ok(Some(DestinationName { kind, name }))
}
