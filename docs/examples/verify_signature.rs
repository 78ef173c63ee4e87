use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Whether a notification is genuine and not older than five minutes. `now` is in seconds since 1970.
pub fn is_genuine(
    id: &str,
    timestamp: &str,
    signatures: &str,
    body: &[u8],
    secrets: &[&str],
    now: u64,
) -> bool {
    let Ok(signed_at) = timestamp.parse::<u64>() else { return false };
    if now.abs_diff(signed_at) > 300 {
        return false;
    }
    let keys = secrets.iter().filter_map(|secret| STANDARD.decode(secret.strip_prefix("whsec_")?).ok());
    let macs = keys.filter_map(|key| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        Some(mac)
    });
    let given: Vec<Vec<u8>> = signatures
        .split(' ')
        .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok())
        .collect();
    // `verify_slice` compares in constant time.
    macs.into_iter().any(|mac| given.iter().any(|signature| mac.clone().verify_slice(signature).is_ok()))
}
