//! Clients that work until the server is gone.

use std::collections::BTreeMap;
use std::io::Result;
use std::net::SocketAddr;

use rand::RngExt;
use rand::rngs::StdRng;

use crate::crash::ledger::{Ledger, QUEUES};
use crate::support::http::Client;
use crate::support::queues::{self, Taken};

/// Posts batches until a request gets no answer.
pub(crate) fn produce(address: SocketAddr, producer: u64, mut rng: StdRng, ledger: &Ledger) {
    let mut client = Client::new(address);
    loop {
        let queue = QUEUES[rng.random_range(0..QUEUES.len())];
        let (batch, bodies) = ledger.new_batch(queue, producer, rng.random_range(1..6));
        let Ok(response) = queues::post(&mut client, queue, &bodies) else { return };
        assert_eq!(response.status, 201, "{}", response.text());
        ledger.posted(batch);
        ledger.answer();
    }
}

/// Claims, and deletes, releases or keeps what it got, until a request gets no answer.
pub(crate) fn consume(address: SocketAddr, mut rng: StdRng, ledger: &Ledger) {
    let mut client = Client::new(address);
    while claim_and_work(&mut client, &mut rng, ledger).is_ok() {}
}

/// Lists every queue over all pages: the messages of a producer come in their order, each once.
pub(crate) fn list(address: SocketAddr) {
    let mut client = Client::new(address);
    for queue in QUEUES.iter().cycle() {
        let Ok(listed) = queues::try_list_all(&mut client, queue) else { return };
        let mut last: BTreeMap<u64, u64> = BTreeMap::new();
        for message in listed {
            let [producer, number] = ["producer", "number"].map(|name| message.body[name].as_u64().unwrap());
            let before = last.insert(producer, number).unwrap_or_default();
            assert!(before < number, "{queue}: {number} of {producer} is listed behind {before}");
        }
    }
}

fn claim_and_work(client: &mut Client, rng: &mut StdRng, ledger: &Ledger) -> Result<()> {
    let queue = QUEUES[rng.random_range(0..QUEUES.len())];
    let response = queues::claim(client, queue, rng.random_range(1..6))?;
    assert!(matches!(response.status, 201 | 204), "{}", response.text());
    ledger.answer();
    let messages = queues::messages(&response);
    let Some(claim) = messages.first().and_then(claim_of) else { return Ok(()) };
    ledger.claimed(queue, &claim, &messages);

    for message in &messages {
        if rng.random_bool(0.7) {
            ledger.about_to_delete(queue, message);
            let response = queues::delete(client, &message.href)?;
            assert_eq!(response.status, 204, "{}", response.text());
            ledger.deleted(queue, message);
            ledger.answer();
        }
    }
    if rng.random_bool(0.5) {
        ledger.about_to_release(&claim);
        let response = client.request("DELETE", &format!("/v2/queues/{queue}/claims/{claim}"), None)?;
        assert_eq!(response.status, 204, "{}", response.text());
        ledger.answer();
    }
    Ok(())
}

fn claim_of(message: &Taken) -> Option<String> {
    message.href.split_once("claim_id=").map(|(_, claim)| claim.to_owned())
}
