//! A fake Keystone with the tokens that a test adds. It counts its requests.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use zaqar_model::{Clock, Timestamp};

#[derive(Debug)]
pub(super) struct FakeKeystone {
    pub(super) url: String,
    state: Arc<FakeState>,
    listening: JoinHandle<()>,
}

#[derive(Debug)]
struct FakeState {
    url: String,
    tokens: Mutex<HashMap<String, Value>>,
    /// The heads of all requests, in lower case.
    requests: Mutex<Vec<String>>,
    validations: watch::Sender<usize>,
    /// While false, validations wait.
    running: watch::Sender<bool>,
    logins: AtomicU64,
    own_token: Mutex<String>,
}

impl FakeKeystone {
    pub(super) async fn start() -> Self {
        Self::start_with(None).await
    }

    /// With TLS if `tls` is given.
    pub(super) async fn start_with(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}/v3", listener.local_addr().unwrap());
        let state = Arc::new(FakeState {
            url: url.clone(),
            tokens: Mutex::default(),
            requests: Mutex::default(),
            validations: watch::Sender::new(0),
            running: watch::Sender::new(true),
            logins: AtomicU64::default(),
            own_token: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        let listening = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (state, tls) = (Arc::clone(&shared), tls.clone());
                connections.spawn(async move {
                    match tls {
                        None => serve(stream, state).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, state).await;
                            }
                        }
                    }
                });
            }
        });
        Self { url, state, listening }
    }

    /// Adds a token. The document of the token `service` is also that of the service's own token.
    pub(super) fn add_token(&self, token: &str, document: Value) {
        self.state.tokens.lock().insert(token.to_owned(), document);
    }

    pub(super) fn revoke(&self, token: &str) {
        self.state.tokens.lock().remove(token);
    }

    /// Revokes the service's own token.
    pub(super) fn revoke_own_token(&self) {
        self.state.own_token.lock().clear();
    }

    pub(super) fn pause(&self) {
        self.state.running.send_replace(false);
    }

    pub(super) fn resume(&self) {
        self.state.running.send_replace(true);
    }

    /// Waits until this many validations have arrived.
    pub(super) async fn wait_for_validations(&self, times: usize) {
        self.state.validations.subscribe().wait_for(|validations| *validations >= times).await.unwrap();
    }

    pub(super) fn validations(&self) -> usize {
        *self.state.validations.borrow()
    }

    pub(super) fn logins(&self) -> u64 {
        self.state.logins.load(Ordering::Relaxed)
    }

    pub(super) fn requests(&self) -> Vec<String> {
        self.state.requests.lock().clone()
    }

    /// Stops it and closes every connection.
    pub(super) async fn stop(self) {
        self.listening.abort();
        let _ = self.listening.await;
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, state: Arc<FakeState>) {
    let mut stream = BufReader::new(stream);
    while let Some(head) = read_request(&mut stream).await {
        state.requests.lock().push(head.clone());
        let (status, token, body) = state.answer(&head).await;
        let body = body.to_string();
        let answer = format!(
            "HTTP/1.1 {status} -\r\nX-Subject-Token: {token}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read_request(stream: &mut BufReader<impl AsyncRead + Unpin>) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let head = head.to_lowercase();
    let length = header(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    stream.read_exact(&mut vec![0; length]).await.ok()?;
    Some(head)
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

impl FakeState {
    async fn answer(&self, head: &str) -> (u16, String, Value) {
        if head.starts_with("post /v3/auth/tokens ") {
            let own = format!("own-{}", self.logins.fetch_add(1, Ordering::Relaxed) + 1);
            self.own_token.lock().clone_from(&own);
            let service = self.tokens.lock().get("service").cloned();
            return (201, own, service.unwrap_or_else(|| document(&self.url)));
        }
        self.validations.send_modify(|validations| *validations += 1);
        let _ = self.running.subscribe().wait_for(|running| *running).await;
        let own = self.own_token.lock().clone();
        if header(head, "x-auth-token") != Some(&own) {
            return (401, String::new(), Value::Null);
        }
        let token = header(head, "x-subject-token").unwrap_or_default().to_owned();
        match self.tokens.lock().get(&token) {
            Some(document) => (200, token, document.clone()),
            None => (404, token, Value::Null),
        }
    }
}

/// A token of `user` in `project`, with the role `member`, that expires at second 1000.
pub(super) fn document(url: &str) -> Value {
    json!({ "token": {
        "expires_at": "1970-01-01T00:16:40.000000Z",
        "user": { "id": "user", "name": "User", "domain": { "id": "default" } },
        "project": { "id": "project", "name": "Project", "domain": { "id": "default" } },
        "roles": [{ "id": "1", "name": "member" }],
        "catalog": [
            { "type": "messaging", "endpoints": [] },
            { "type": "identity", "endpoints": [
                { "interface": "public", "url": "http://127.0.0.1:1/v3" },
                { "interface": "internal", "url": url },
            ] },
        ],
    } })
}

/// A clock that only the test moves. It starts at second 100.
#[derive(Debug)]
pub(super) struct ManualClock(AtomicU64);

impl ManualClock {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(100)))
    }

    pub(super) fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.0.load(Ordering::Relaxed))
    }
}
