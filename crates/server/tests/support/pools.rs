//! Pools and flavors, as an operator registers them.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::http::{Client, Response};
use super::server::Site;

/// A request of an administrator.
pub(crate) fn request(
    client: &mut Client,
    method: &str,
    path: &str,
    body: &Value,
) -> std::io::Result<Response> {
    let body = body.to_string();
    let media_type = match method {
        "PATCH" if path.starts_with("/v2/queues") => "application/openstack-messaging-v2.0-json-patch",
        _ => "application/json",
    };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nClient-ID: {client_id}\r\nX-Project-Id: tests\r\n\
         X-Roles: admin\r\nAccept: application/json\r\nContent-Type: {media_type}\r\n\
         Content-Length: {length}\r\n\r\n",
        client_id = super::http::CLIENT_ID,
        length = body.len(),
    );
    client.exchange(format!("{head}{body}").as_bytes())
}

/// A pool in a directory of the site for each of these flavors.
pub(crate) fn register(client: &mut Client, site: &Site, flavors: &[&str]) {
    for flavor in flavors {
        register_at(client, flavor, &format!("embedded://{}", site.path(flavor).display()));
    }
}

/// A pool at this URI for a flavor of its own.
pub(crate) fn register_at(client: &mut Client, flavor: &str, uri: &str) {
    let response = put(client, flavor, uri);
    assert_eq!(response.status, 201, "{}", response.text());
    let pools = json!({ "pool_list": [flavor] });
    let response = request(client, "PUT", &format!("/v2/flavors/{flavor}"), &pools).unwrap();
    assert_eq!(response.status, 201, "{}", response.text());
}

/// Asks for a pool of this name at this URI.
pub(crate) fn put(client: &mut Client, name: &str, uri: &str) -> Response {
    let pool = json!({ "uri": uri, "weight": 100 });
    request(client, "PUT", &format!("/v2/pools/{name}"), &pool).unwrap()
}

pub(crate) fn create_queue(client: &mut Client, queue: &str, flavor: &str) {
    let metadata = json!({ "_flavor": flavor });
    let response = client.request("PUT", &format!("/v2/queues/{queue}"), Some(&metadata)).unwrap();
    assert_eq!(response.status, 201, "{}", response.text());
}

/// Asks for another flavor.
pub(crate) fn send(client: &mut Client, queue: &str, flavor: &str) -> std::io::Result<Response> {
    let patch = json!([{ "op": "add", "path": "/metadata/_flavor", "value": flavor }]);
    request(client, "PATCH", &format!("/v2/queues/{queue}"), &patch)
}

/// Asks for one flavor after the other, until a request gets no answer.
pub(crate) fn send_to_and_fro(address: SocketAddr, queues: &[&str], flavors: &[&str]) {
    let mut client = Client::new(address);
    for flavor in flavors.iter().cycle() {
        for queue in queues {
            let Ok(response) = send(&mut client, queue, flavor) else { return };
            assert_eq!(response.status, 200, "{}", response.text());
        }
    }
}
