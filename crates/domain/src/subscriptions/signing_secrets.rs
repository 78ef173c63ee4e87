//! The secrets that notifications of a subscription are signed with, from its options.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use zaqar_model::Metadata;

use crate::names::option::SIGNING_SECRETS;

/// What stands before a secret's base64.
const PREFIX: &str = "whsec_";

/// The sizes of a secret that Standard Webhooks allows, in bytes.
const SIZES: std::ops::RangeInclusive<usize> = 24..=64;

/// Two at most: the new one and the one that it replaces.
const MOST_SECRETS: usize = 2;

/// Why secrets are refused. The texts never show one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSecrets {
    #[error("signing_secrets must be a list of one or two texts")]
    NoList,
    #[error("a signing secret must be `whsec_` and the base64 of 24 to 64 random bytes")]
    NoSecret,
}

/// The bytes of the secrets under `signing_secrets`, the newest first. None there: notifications are not signed.
pub fn signing_secrets(options: &Metadata) -> Result<Vec<Vec<u8>>, BadSecrets> {
    let given = match options.get(SIGNING_SECRETS) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(given)) if (1..=MOST_SECRETS).contains(&given.len()) => given,
        Some(_) => return Err(BadSecrets::NoList),
    };
    given.iter().map(|secret| decode(secret.as_str().ok_or(BadSecrets::NoList)?)).collect()
}

fn decode(secret: &str) -> Result<Vec<u8>, BadSecrets> {
    let bytes = secret.strip_prefix(PREFIX).and_then(|text| STANDARD.decode(text).ok());
    bytes.filter(|bytes| SIZES.contains(&bytes.len())).ok_or(BadSecrets::NoSecret)
}
