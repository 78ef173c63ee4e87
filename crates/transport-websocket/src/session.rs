//! A session: the requests of one connection, one after the other.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;
use zaqar_authentication::{Authentication, Token};
use zaqar_domain::names::Warnings;
use zaqar_model::{AuthToken, Caller, DestinationKind, DestinationName, InvalidName, QueueName};

use crate::actions::{Action, ActionKind, ActionTarget, Operation};
use crate::caller::{sentence, token_owner, trusted, url_bearer};
use crate::dispatch::dispatch;
use crate::envelope::Envelope;
use crate::format::Format;
use crate::handlers::{Request, subscriptions};
use crate::live_subscriptions::LiveSubscriptions;
use crate::members::Members;
use crate::options::WebSocketOptions;
use crate::rate_limit::RateLimit;
use crate::reply::{HandlerResult, Reply};
use crate::request_log::{self, RequestInfo};
use crate::service::WebSocketService;
use crate::{authenticate, schema, signature};

/// The state of a connection.
pub(crate) struct Session {
    service: WebSocketService,
    /// The address of the client.
    peer: Option<SocketAddr>,
    /// The current token of the client.
    token: Option<(Arc<Token>, AuthToken)>,
    pub(crate) subscriptions: LiveSubscriptions,
    max_subscriptions: usize,
    rate_limit: RateLimit,
    /// The address of the connection as a subscriber, once it is one.
    subscriber: Option<String>,
}

impl Session {
    pub(crate) fn new(
        service: WebSocketService,
        peer: Option<SocketAddr>,
        options: &WebSocketOptions,
    ) -> Self {
        Self {
            service,
            peer,
            token: None,
            subscriptions: LiveSubscriptions::default(),
            max_subscriptions: options.max_subscriptions,
            rate_limit: RateLimit::new(options.max_requests_per_second),
            subscriber: None,
        }
    }

    /// The remaining lifetime of the token. `None`: there is no token.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        let expires = self.token.as_ref()?.0.expires.as_millis();
        Some(Duration::from_millis(expires.saturating_sub(self.service.zaqar.now().as_millis())))
    }

    /// The reply to a frame, as JSON. Every frame gets one.
    pub(crate) async fn reply(&mut self, format: Format, frame: Bytes) -> String {
        self.rate_limit.wait().await;
        let (start, mut info) = (Instant::now(), RequestInfo::default());
        let text = match format.read(frame) {
            Ok(text) => text,
            Err(error) => return self.refuse(&Reply::error(400, error), &info, start),
        };
        // Validated UTF-8.
        let text = std::str::from_utf8(text.as_bytes()).unwrap_or_default();
        let Some(envelope) = Envelope::read(text, &mut info.warnings) else {
            let refusal = Reply::error(400, "Unexpected body type. Expected dict or dict like.");
            return self.refuse(&refusal, &info, start);
        };
        let handled = self.handle(format, &envelope, &mut info).await;
        let reply = handled.unwrap_or_else(|refusal| refusal);
        request_log::log(self.peer, &info, &reply, start.elapsed());
        envelope.reply_text(&reply, &info.warnings)
    }

    /// The reply to a frame without a request.
    fn refuse(&self, refusal: &Reply, info: &RequestInfo, start: Instant) -> String {
        request_log::log(self.peer, info, refusal, start.elapsed());
        Envelope::default().reply_text(refusal, &info.warnings)
    }

    async fn handle(
        &mut self,
        format: Format,
        envelope: &Envelope<'_>,
        info: &mut RequestInfo,
    ) -> HandlerResult {
        let action = find(envelope)?;
        info.route = Some(action.name);
        let headers = schema::headers(action, envelope.headers)?;
        let body = schema::body(action, envelope.body, &mut info.warnings)?;
        let operation = match action.kind {
            ActionKind::Operation(operation) => operation,
            ActionKind::RestOnly => {
                let text =
                    format!("{} is not available by WebSocket; the REST interface has it.", action.name);
                return Err(Reply::error(404, text));
            }
            ActionKind::Authenticate => {
                let token = authenticate::token(&headers, &self.service).await?;
                // Subscriptions belong to the project that created them.
                if self.token.as_ref().is_none_or(|(before, _)| before.project != token.project) {
                    self.subscriptions.end_all();
                }
                let text = headers.text("X-Auth-Token").unwrap_or_default();
                self.token = Some((token, AuthToken::new(text.trim())));
                return Ok(authenticate::success());
            }
        };
        let destination = destination(action, &body);
        let known = destination.as_ref().ok().and_then(Option::as_ref);
        let caller = &*info.caller.insert(self.caller(action, &headers, known)?);
        let warnings = &mut info.warnings;
        let (zaqar, kind) = (&Arc::clone(&self.service.zaqar), action.destination_kind());
        let request = Request { zaqar, caller, kind, destination: destination?, body };
        if operation == Operation::CreateSubscription && subscriptions::is_to_the_connection(&request.body) {
            return self.subscribe(format, &request, warnings).await;
        }
        let handled = dispatch(operation, &request, warnings).await;
        if operation == Operation::DeleteSubscription && handled.is_ok() {
            // The reply reports the end.
            self.subscriptions.forget(&request);
        }
        handled
    }

    async fn subscribe(
        &mut self,
        format: Format,
        request: &Request<'_>,
        warnings: &mut Warnings,
    ) -> HandlerResult {
        let max = self.max_subscriptions;
        if self.subscriptions.len() >= max && !self.subscriptions.has_matching(request) {
            let text = format!("This connection has reached its maximum of {max} subscriptions.");
            return Err(Reply::bad_request(text));
        }
        let name = || format!("websocket://{:032x}", request.zaqar.ids().next_u128());
        let subscriber = self.subscriber.get_or_insert_with(name).clone();
        let (following, reply) = subscriptions::follow(request, subscriber, warnings).await?;
        self.subscriptions.add(following, format);
        Ok(reply)
    }

    fn caller(
        &self,
        action: &Action,
        headers: &Members<'_>,
        destination: Option<&DestinationName>,
    ) -> Result<Caller, Reply> {
        let zaqar = &self.service.zaqar;
        let refused = |text: &str| Reply::error(403, text);
        if let Some((token, text)) = self.token.as_ref().filter(|(token, _)| zaqar.now() < token.expires) {
            return token_owner(token, text, headers, zaqar.limits())?
                .ok_or_else(|| refused("Not authenticated."));
        }
        if signature::is_signed(headers) {
            let keys = &self.service.signing_keys;
            if !signature::allows(headers, keys, action, destination, zaqar.now()) {
                return Err(refused("Not authentified."));
            }
            return url_bearer(headers, zaqar.limits());
        }
        match self.service.authentication {
            Authentication::Open => trusted(headers, zaqar.limits()),
            Authentication::Keystone(_) => Err(refused("Not authentified.")),
        }
    }
}

fn find(envelope: &Envelope<'_>) -> Result<&'static Action, Reply> {
    let given = envelope.action.map_or("null", |action| action.get());
    let name: Option<String> = serde_json::from_str(given).ok();
    name.as_deref().and_then(Action::find).ok_or_else(|| {
        // In the format of Python.
        let shown = name.as_deref().unwrap_or(if given == "null" { "None" } else { given });
        Reply::error(400, format!("{shown} is not a valid action"))
    })
}

/// The queue or topic in the body.
fn destination(action: &Action, body: &Members<'_>) -> Result<Option<DestinationName>, Reply> {
    if matches!(action.target, ActionTarget::Nothing | ActionTarget::Queues | ActionTarget::Topics) {
        return Ok(None);
    }
    let (kind, name) = match body.text("queue_name") {
        Some(name) if action.target != ActionTarget::Topic => (DestinationKind::Queue, name),
        _ => (DestinationKind::Topic, body.text("topic_name").unwrap_or_default()),
    };
    let refused = |error: InvalidName| Reply::bad_request(sentence(&error.to_string()));
    let name = QueueName::new(&name).map_err(refused)?;
    Ok(Some(DestinationName { kind, name }))
}
