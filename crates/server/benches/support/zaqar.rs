//! A service under test, and a client of it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::server::Server;

/// Requests that are sent at a time where their time does not matter.
const AT_ONCE: usize = 32;

#[derive(Clone)]
pub(crate) struct Zaqar {
    url: String,
    http: reqwest::Client,
    _server: Arc<Server>,
}

impl Zaqar {
    pub(crate) fn start(options: &[(&str, String)]) -> Self {
        let server = Arc::new(Server::zaqar(options));
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { url: format!("http://{}/v2/queues", server.address), http, _server: server }
    }

    async fn send(&self, path: &str, document: Value) {
        let request = self.http.post(format!("{}/{path}", self.url)).body(document.to_string());
        let request = request.header("client-id", "3381af92-2b9e-11e3-b191-71861300734c");
        let request = request.header("x-project-id", "bench").header("content-type", "application/json");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
    }

    pub(crate) async fn subscribe(&self, queue: &str, subscriber: &str) {
        let document = json!({"subscriber": subscriber, "ttl": 3600, "options": {}});
        self.send(&format!("{queue}/subscriptions"), document).await;
    }

    pub(crate) async fn subscribe_all(&self, queue: &'static str, subscribers: Vec<String>) {
        let mut subscribers = subscribers.into_iter();
        let mut tasks = tokio::task::JoinSet::new();
        loop {
            let next = subscribers.next();
            if tasks.len() == AT_ONCE || next.is_none() {
                let Some(subscribed) = tasks.join_next().await else { return };
                subscribed.unwrap();
            }
            if let Some(subscriber) = next {
                let zaqar = self.clone();
                tasks.spawn(async move { zaqar.subscribe(queue, &subscriber).await });
            }
        }
    }

    /// So many messages of 1 KiB.
    pub(crate) async fn post(&self, queue: &str, count: usize) {
        self.post_bodies(queue, 3600, &vec![json!("x".repeat(1022)); count]).await;
    }

    pub(crate) async fn post_bodies(&self, queue: &str, ttl: u64, bodies: &[Value]) {
        let messages: Vec<Value> = bodies.iter().map(|body| json!({"ttl": ttl, "body": body})).collect();
        self.send(&format!("{queue}/messages"), json!({"messages": messages})).await;
    }
}
