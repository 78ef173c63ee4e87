//! What a person sees when the server is ready.

use std::io::{Write, stdout};
use std::net::SocketAddr;

use crate::transports::Addresses;

/// Prints where the server is, where its data is, and a request to try. Whoever started the server may have closed the
/// standard output: that is no reason to stop.
pub(crate) fn print(addresses: &Addresses, places: &[String]) {
    let _ = stdout().write_all(text(addresses, places).as_bytes());
}

fn text(addresses: &Addresses, places: &[String]) -> String {
    let (http, ws) = if addresses.secured { ("https", "wss") } else { ("http", "ws") };
    let rest = addresses.rest.map(|address| format!("{http}://{address}"));
    let websocket = addresses.websocket.map(|address| format!("{ws}://{address}"));
    let all: Vec<_> = rest.into_iter().chain(websocket).collect();
    let doing = match all.is_empty() {
        true => "working in the background".to_owned(),
        false => format!("listening on {}", all.join(" and ")),
    };
    let (version, data) = (env!("CARGO_PKG_VERSION"), places.join(" and "));
    let mut text = format!("zaqar {version} is {doing}\ndata: {data}\n");
    if let Some(reachable) = addresses.rest.map(reachable) {
        text += &format!(
            "API:  {http}://{reachable}/v2/\n\
             try:  curl -i {http}://{reachable}/v2/queues/first-steps/messages \
             -H 'X-Project-Id: demo' -H 'Client-ID: 3381af92-2b9e-11e3-b191-71861300734c' \
             -H 'Content-Type: application/json' \
             -d '{{\"messages\": [{{\"body\": \"hello\", \"ttl\": 300}}]}}'\n"
        );
    }
    text
}

/// The address by which a client on this machine reaches a server that listens on all of its addresses.
fn reachable(address: SocketAddr) -> SocketAddr {
    let mut reachable = address;
    if address.ip().is_unspecified() {
        reachable.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    reachable
}

#[cfg(test)]
mod tests {
    use super::{Addresses, text};

    #[test]
    fn a_server_on_all_addresses_is_tried_at_one_that_works() {
        let (rest, websocket) = ("0.0.0.0:7000".parse().unwrap(), "127.0.0.1:7001".parse().unwrap());
        let addresses = Addresses { secured: false, rest: Some(rest), websocket: Some(websocket) };
        let text = text(&addresses, &["data".to_owned()]);
        assert!(text.contains("listening on http://0.0.0.0:7000 and ws://127.0.0.1:7001\n"), "{text}");
        assert!(text.contains("curl -i http://127.0.0.1:7000/v2/"), "{text}");
    }
}
