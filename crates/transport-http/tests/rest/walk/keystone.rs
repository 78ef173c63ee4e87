//! A fake Keystone with one token besides that of the service.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use zaqar_authentication::{Connection, DomainReference, Keystone, KeystoneOptions, Login, Reference, Scope};
use zaqar_model::Clock;

use super::site::OWNER;

/// The token of an administrator of the owner's project.
pub(crate) const KNOWN: &str = "known";

/// The service's connection to it. It listens while `running` exists.
pub(crate) async fn start(running: &mut JoinSet<()>, clock: Arc<dyn Clock>) -> Arc<Keystone> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v3", listener.local_addr().unwrap());
    let keystone = Keystone::new(options(url.clone()), clock).unwrap();
    running.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(serve(stream, url.clone()));
        }
    });
    Arc::new(keystone)
}

fn options(url: String) -> KeystoneOptions {
    let domain = DomainReference::Name("Default".to_owned());
    let user = Reference::Name { name: "zaqar".to_owned(), domain };
    KeystoneOptions {
        auth_url: url,
        www_authenticate_uri: Some("http://keystone.example".to_owned()),
        login: Some(Login::Password { user, password: "hush".to_owned(), scope: Scope::Unscoped }),
        interface: "internal".to_owned(),
        region: None,
        connection: Connection::new("keystone_authtoken", Duration::from_secs(60)),
        token_cache_time: 300,
        service_token_roles: Vec::new(),
        service_token_roles_required: false,
        service_type: Some("messaging".to_owned()),
        delay_auth_decision: false,
        include_service_catalog: true,
    }
}

async fn serve(stream: TcpStream, url: String) {
    let mut stream = BufReader::new(stream);
    while let Some(head) = read_request(&mut stream).await {
        let known = head.contains(&format!("x-subject-token: {KNOWN}\r\n"));
        let (status, body) = match (head.starts_with("post "), known) {
            (true, _) => (201, document(&url)),
            (false, true) => (200, document(&url)),
            (false, false) => (404, Value::Null),
        };
        let body = body.to_string();
        let length = body.len();
        let answer =
            format!("HTTP/1.1 {status} -\r\nX-Subject-Token: own\r\nContent-Length: {length}\r\n\r\n{body}");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The head of the request, in lower case.
async fn read_request(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    stream.read_exact(&mut vec![0; length]).await.ok()?;
    Some(head)
}

fn document(url: &str) -> Value {
    let domain = json!({ "id": "default" });
    json!({ "token": {
        "expires_at": "2999-01-01T00:00:00.000000Z",
        "user": { "id": "user", "name": "User", "domain": domain },
        "project": { "id": OWNER, "name": "Project", "domain": domain },
        "roles": [{ "id": "1", "name": "admin" }],
        "catalog": [{ "type": "identity", "endpoints": [{ "interface": "internal", "url": url }] }],
    } })
}
