//! The guide's example of a receiver in Rust: it is what the page shows, and it tells genuine notifications from others.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[allow(unreachable_pub, reason = "whoever copies it decides")]
#[path = "../../../docs/examples/verify_signature.rs"]
mod verify_signature;

use serde_json::{Map, json};
use verify_signature::is_genuine;
use zaqar_model::{Metadata, Timestamp};
use zaqar_notifier::Secrets;

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazzzzzzz";

#[test]
fn the_page_shows_the_example() {
    let page = include_str!("../../../docs/signatures.md");
    assert!(page.contains(include_str!("../../../docs/examples/verify_signature.rs")));
}

#[test]
fn the_example_tells_genuine_notifications_from_others() {
    let options = Metadata::new(Map::from_iter([("signing_secrets".to_owned(), json!([NEW, OLD]))]));
    let now = 1_800_000_000;
    let signed = Secrets::of(&options).unwrap().sign("an-id", Timestamp::from_secs(now), b"{}").unwrap();
    let (timestamp, signature) = (signed.timestamp.as_str(), signed.signature.as_str());
    for secrets in [&[NEW][..], &[OLD], &[OLD, NEW]] {
        assert!(is_genuine("an-id", timestamp, signature, b"{}", secrets, now + 300));
    }
    assert!(!is_genuine("an-id", timestamp, signature, b"{ }", &[NEW], now));
    assert!(!is_genuine("another", timestamp, signature, b"{}", &[NEW], now));
    assert!(!is_genuine("an-id", timestamp, signature, b"{}", &[NEW], now + 301));
    assert!(!is_genuine("an-id", timestamp, signature, b"{}", &[], now));
    assert!(!is_genuine("an-id", timestamp, "v1,AAAA", b"{}", &[NEW], now));
}
