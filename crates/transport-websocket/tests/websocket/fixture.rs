//! A listener on a free port, with a clock that only the test moves, and a client that speaks to it.

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};
use zaqar_authentication::{Authentication, SigningKeys};
use zaqar_domain::{Limits, Stores, Zaqar};
use zaqar_listener::{ConnectionLimits, Listener};
use zaqar_model::RandomIds;
use zaqar_storage_conformance::{ManualClock, ReferenceStore};
use zaqar_transport_websocket::{WebSocketOptions, WebSocketService, serve};

pub(crate) const CLIENT: &str = "3381af92-2b9e-11e3-b191-71861300734c";
pub(crate) const OTHER_CLIENT: &str = "ff3b5d2a-2b9e-11e3-b191-71861300734c";

pub(crate) struct Fixture {
    pub(crate) address: SocketAddr,
    pub(crate) zaqar: Arc<Zaqar>,
    pub(crate) clock: Arc<ManualClock>,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::with(WebSocketOptions::default()).await
    }

    pub(crate) async fn with(options: WebSocketOptions) -> Self {
        Self::with_both(options, Limits::default()).await
    }

    pub(crate) async fn with_limits(limits: Limits) -> Self {
        Self::with_both(WebSocketOptions::default(), limits).await
    }

    async fn with_both(options: WebSocketOptions, limits: Limits) -> Self {
        let stores = Stores {
            management: Arc::new(ReferenceStore::new()),
            messages: Arc::new(ReferenceStore::new()),
            placement: None,
        };
        let clock = Arc::new(ManualClock::new());
        let zaqar =
            Arc::new(Zaqar::new(stores, limits, Arc::<ManualClock>::clone(&clock), Arc::new(RandomIds)));
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let keys = SigningKeys::new(Some("test_key"), Vec::new(), Some(1_000_000));
        let service = WebSocketService::new(Arc::clone(&zaqar), Authentication::Open, keys);
        let listener = Listener { socket, tls: None, limits: ConnectionLimits::default() };
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(serve(listener, service, options, async {
            if stopped.await.is_err() {
                // The test has dropped the fixture and uses its connections only.
                std::future::pending::<()>().await;
            }
        }));
        Self { address, zaqar, clock, stop: Some(stop), serving }
    }

    pub(crate) async fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (socket, _) = client_async(format!("ws://{}/", self.address), stream).await.unwrap();
        Client { socket }
    }

    /// Asks the server to stop, without waiting.
    pub(crate) fn begin_stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    pub(crate) async fn stopped(self) {
        self.serving.await.unwrap();
    }
}

pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<TcpStream>,
}

impl Client {
    /// Status and body.
    pub(crate) async fn ask(&mut self, action: &str, body: Value) -> (u16, Value) {
        let reply = self.exchange(&request(action, body)).await;
        (u16::try_from(reply["headers"]["status"].as_u64().unwrap()).unwrap(), reply["body"].clone())
    }

    /// The body of an action that is expected to succeed with `status`.
    pub(crate) async fn expect(&mut self, status: u16, action: &str, body: Value) -> Value {
        let (given, body) = self.ask(action, body).await;
        assert_eq!(given, status, "{body}");
        body
    }

    pub(crate) async fn exchange(&mut self, request: &Value) -> Value {
        self.send(Message::text(request.to_string())).await;
        let Message::Text(text) = self.receive().await else { panic!("no text") };
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) async fn send(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    pub(crate) async fn receive(&mut self) -> Message {
        self.socket.next().await.unwrap().unwrap()
    }

    /// The code that the server closes the connection with.
    pub(crate) async fn close_code(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.receive().await {
                return frame.unwrap().code.into();
            }
        }
    }

    /// Posts messages with these bodies. Returns their ids.
    pub(crate) async fn post(&mut self, queue: &str, bodies: &[Value]) -> Vec<String> {
        let messages: Vec<_> = bodies.iter().map(|body| json!({ "body": body, "ttl": 300 })).collect();
        let body = json!({ "queue_name": queue, "messages": messages });
        let posted = self.expect(201, "message_post", body).await;
        serde_json::from_value(posted["message_ids"].clone()).unwrap()
    }
}

pub(crate) fn headers() -> Value {
    json!({ "Client-ID": CLIENT, "X-Project-ID": "p" })
}

#[allow(clippy::needless_pass_by_value, reason = "json! is written in place")]
pub(crate) fn request(action: &str, body: Value) -> Value {
    json!({ "action": action, "headers": headers(), "body": body })
}
