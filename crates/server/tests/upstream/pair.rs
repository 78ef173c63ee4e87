//! A service of ours and one of upstream's with the same configuration, both empty.

use std::fs;
use std::io::Result;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::fill::{Kept, fill};
use crate::requests::Request;
use crate::support::http::{CLIENT_ID, Client, Response};
use crate::support::server::{Server, Site};
use crate::support::tools;
use crate::websocket::Connection;

pub(crate) struct Pair {
    pub(crate) upstream: Side,
    pub(crate) ours: Side,
    /// What the services keep, while they run.
    _site: Site,
}

/// One of the two.
pub(crate) struct Side {
    client: Client,
    websocket: Connection,
    /// What requests may name from the beginning.
    pub(crate) given: Kept,
    _server: Server,
}

impl Pair {
    pub(crate) fn start(configuration: &Path) -> Self {
        let site = Site::new(&fs::read_to_string(configuration).unwrap());
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/upstream");
        let mut upstream = Command::new(tools::upstream_python());
        upstream.arg(here.join("serve.py")).arg(configuration).arg(here.join("upstream.conf"));
        // So that a set of words is always told in the same order.
        upstream.env_clear().env("PYTHONHASHSEED", "0").current_dir(site.path("")).stdin(Stdio::null());
        let pools = format!("embedded://{}", site.path("pools").display());
        Self {
            upstream: Side::of(
                Server::start(upstream),
                "50b68a50d6f5b8c8a7c62b01",
                "mongodb://localhost:27017",
            ),
            ours: Side::of(site.start(), "50b68a50-d6f5-48c8-a7c6-2b01d6f5b8c8", &pools),
            _site: site,
        }
    }
}

impl Side {
    /// `absent`: an id that nothing has, in the form of this side's ids. `pool`: what a pool's address begins with.
    fn of(server: Server, absent: &str, pool: &str) -> Self {
        let given =
            [("absent", absent), ("pool", pool)].map(|(name, text)| (name.to_owned(), text.to_owned()));
        let given = Kept::from(given);
        let websocket = Connection::new(server.websocket);
        Self { client: server.client(), websocket, given, _server: server }
    }

    pub(crate) fn send(&mut self, request: &Request, project: &str, kept: &Kept) -> Result<Response> {
        if request.method == "WS" {
            return self.websocket.exchange(request, project, kept);
        }
        let target = fill(&request.target, kept);
        let body = request.body.as_ref().map(|body| fill(body, kept));
        let mut headers = vec![
            ("Host", b"localhost".to_vec()),
            ("Client-ID", CLIENT_ID.into()),
            ("X-Project-Id", project.into()),
            ("Accept", b"application/json".to_vec()),
        ];
        if let Some(body) = &body {
            headers.push(("Content-Type", b"application/json".to_vec()));
            headers.push(("Content-Length", body.len().to_string().into_bytes()));
        } else if matches!(request.method.as_str(), "PATCH" | "POST" | "PUT") {
            headers.push(("Content-Length", b"0".to_vec()));
        }
        for (name, value) in &request.headers {
            headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
            headers.push((name, fill(value, kept)));
        }
        let mut bytes = [request.method.as_bytes(), b" ", &target, b" HTTP/1.1\r\n"].concat();
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            bytes.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&body.unwrap_or_default());
        self.client.exchange(&bytes)
    }
}
