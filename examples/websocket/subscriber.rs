//! Follows a queue by WebSocket: prints each message that comes to it, and misses none.
//!
//! Usage: `subscriber URL PROJECT QUEUE MARKER_FILE`. Where it was is kept in the file: when it is started again, it goes
//! on behind that. It ends when somebody deletes its subscription.

use std::path::Path;

use anyhow::{Context, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

const CLIENT_ID: &str = "3381af92-2b9e-11e3-b191-71861300734c";
/// Somebody wants the subscription to be gone. It is not for the program to bring it back.
const WANTED_ENDS: [&str; 2] = ["deleted", "purged"];

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, project, queue, marker_file] = &arguments[..] else {
        bail!("usage: subscriber URL PROJECT QUEUE MARKER_FILE")
    };
    follow(url, project, queue, Path::new(marker_file)).await
}

async fn follow(url: &str, project: &str, queue: &str, marker_file: &Path) -> anyhow::Result<()> {
    let address = url.strip_prefix("ws://").context("the URL begins with ws://")?;
    let stream = TcpStream::connect(address).await?;
    let (mut socket, _) = client_async(url, stream).await?;

    socket.send(subscription(project, queue, marker_file)).await?;
    while let Some(frame) = socket.next().await {
        let Message::Text(text) = frame? else { continue };
        let content: Value = serde_json::from_str(&text)?;
        if content["Message_Type"] == "Notification" {
            println!("{}", content["body"]);
            keep(marker_file, &content["marker"])?;
        } else if content["Message_Type"] == "SubscriptionEnded" {
            keep(marker_file, &content["marker"])?;
            if WANTED_ENDS.iter().any(|code| content["code"] == *code) {
                eprintln!("ended: {}", content["reason"]);
                return Ok(());
            }
            eprintln!("subscribing again: {}", content["reason"]);
            socket.send(subscription(project, queue, marker_file)).await?;
        } else if content["headers"]["status"] == 201 {
            println!("following {queue}");
        } else {
            bail!("refused: {}", content["body"]);
        }
    }
    bail!("the service has closed the connection")
}

/// Asks for what comes to the queue behind the marker, if there is one.
fn subscription(project: &str, queue: &str, marker_file: &Path) -> Message {
    let mut body = json!({ "queue_name": queue, "ttl": 24 * 3600 });
    if let Ok(marker) = std::fs::read_to_string(marker_file) {
        body["marker"] = marker.into();
    }
    let headers = json!({ "Client-ID": CLIENT_ID, "X-Project-ID": project });
    let request = json!({ "action": "subscription_create", "headers": headers, "body": body });
    Message::text(request.to_string())
}

/// In one step: whoever is stopped in the middle of it has the marker from before.
fn keep(marker_file: &Path, marker: &Value) -> std::io::Result<()> {
    let new = marker_file.with_extension("new");
    std::fs::write(&new, marker.as_str().unwrap_or_default())?;
    std::fs::rename(&new, marker_file)
}
