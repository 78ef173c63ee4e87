//! Actions by WebSocket: one connection for all of them, as long as the service lets it be.

use std::io::{Error, Result};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

use crate::fill::{Kept, fill};
use crate::requests::Request;
use crate::support::http::{CLIENT_ID, Response};

pub(crate) struct Connection {
    address: SocketAddr,
    socket: Option<WebSocket<TcpStream>>,
}

/// The status of an answer that never came, since the service has broken the connection off.
const BROKEN_OFF: u16 = 0;

impl Connection {
    pub(crate) const fn new(address: SocketAddr) -> Self {
        Self { address, socket: None }
    }

    pub(crate) fn exchange(&mut self, request: &Request, project: &str, kept: &Kept) -> Result<Response> {
        let frame = frame(request, project, kept);
        let socket = match &mut self.socket {
            Some(socket) => socket,
            none => none.insert(connect(self.address)?),
        };
        socket.send(Message::text(frame)).map_err(Error::other)?;
        let mut response = Response { status: BROKEN_OFF, headers: Vec::new(), body: Vec::new() };
        if let Ok(Message::Text(text)) = socket.read() {
            let mut document: Value = serde_json::from_str(&text)?;
            let status = document["headers"]["status"].as_u64().and_then(|status| u16::try_from(status).ok());
            response.status = status.ok_or_else(|| Error::other(format!("no status: {text}")))?;
            // Upstream has none.
            document["headers"].as_object_mut().map(|headers| headers.remove("warnings"));
            response.body = document.to_string().into_bytes();
        } else {
            self.socket = None;
        }
        Ok(response)
    }
}

fn connect(address: SocketAddr) -> Result<WebSocket<TcpStream>> {
    let stream = TcpStream::connect(address)?;
    // Only a test that fails ever waits so long.
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let (socket, _) = client(format!("ws://{address}/"), stream).map_err(Error::other)?;
    Ok(socket)
}

/// The request as text. Its headers are those that every request needs, and its own; an empty one is left out.
fn frame(request: &Request, project: &str, kept: &Kept) -> String {
    let text = |text: &str| String::from_utf8(fill(text, kept)).unwrap();
    let body = request.body.as_deref().map(text);
    if request.target == "*" {
        return body.unwrap_or_default();
    }
    let own = request.headers.iter().map(|(name, value)| (name.as_str(), text(value)));
    let mut headers = Map::new();
    for (name, value) in
        [("Client-ID", CLIENT_ID.to_owned()), ("X-Project-ID", project.to_owned())].into_iter().chain(own)
    {
        headers.insert(name.to_owned(), value.into());
    }
    headers.retain(|_, value| value != "");
    let (action, headers) = (Value::from(request.target.as_str()), Value::from(headers));
    let body = body.map(|body| format!(", \"body\": {body}")).unwrap_or_default();
    format!("{{\"action\": {action}, \"headers\": {headers}{body}}}")
}
