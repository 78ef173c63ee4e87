//! Signatures of notifications by the Standard Webhooks scheme, version 1: a receiver can tell that a notification is
//! genuine, unchanged and fresh. <https://www.standardwebhooks.com>
//!
//! What is signed is the notification's id, the second of this attempt and the body, joined by full stops; the signature
//! is its HMAC-SHA256 in base64. While a secret is being replaced, there is one for the new and one for the old.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zaqar_domain::{BadSecrets, signing_secrets};
use zaqar_model::{Metadata, Timestamp};

/// The secrets of a subscription, newest first.
#[derive(Clone, Default)]
pub struct Secrets(Vec<Vec<u8>>);

/// Secrets are nobody's business.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

impl Secrets {
    /// Those in a subscription's options, under `signing_secrets`. None there: notifications are not signed.
    pub fn of(options: &Metadata) -> Result<Self, BadSecrets> {
        signing_secrets(options).map(Self)
    }

    /// The headers of a signed notification, or none where there is no secret.
    pub fn sign(&self, id: &str, now: Timestamp, body: &[u8]) -> Option<SignedHeaders> {
        if self.0.is_empty() {
            return None;
        }
        let timestamp = (now.as_millis() / 1000).to_string();
        let signatures: Vec<_> =
            self.0.iter().map(|secret| signature(secret, id, &timestamp, body)).collect();
        Some(SignedHeaders { timestamp, signature: signatures.join(" ") })
    }
}

/// What goes into the headers `webhook-timestamp` and `webhook-signature`, beside the id in `webhook-id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHeaders {
    pub timestamp: String,
    pub signature: String,
}

fn signature(secret: &[u8], id: &str, timestamp: &str, body: &[u8]) -> String {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};
    use zaqar_model::{Metadata, Timestamp};

    use super::{BadSecrets, Secrets};

    fn secrets(value: Value) -> Result<Secrets, BadSecrets> {
        Secrets::of(&Metadata::new(Map::from_iter([("signing_secrets".to_owned(), value)])))
    }

    /// The example of the scheme's specification.
    #[test]
    fn the_schemes_own_example_is_signed_alike() {
        let secrets = secrets(json!(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])).unwrap();
        let signed = secrets
            .sign(
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                Timestamp::from_secs(1_614_265_330),
                br#"{"test": 2432232314}"#,
            )
            .unwrap();
        assert_eq!(signed.timestamp, "1614265330");
        assert_eq!(signed.signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn while_a_secret_is_replaced_there_are_two_signatures() {
        let both = secrets(json!([
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
        ]));
        let signed = both.unwrap().sign("id", Timestamp::from_secs(1), b"body").unwrap();
        let signatures: Vec<_> = signed.signature.split(' ').collect();
        assert_eq!(signatures.len(), 2);
        assert!(signatures.iter().all(|signature| signature.starts_with("v1,")));
        assert_ne!(signatures[0], signatures[1]);
    }

    #[test]
    fn without_a_secret_nothing_is_signed() {
        for none in [Secrets::of(&Metadata::default()), secrets(json!(null))] {
            assert_eq!(none.unwrap().sign("id", Timestamp::from_secs(1), b"body"), None);
        }
    }

    #[test]
    fn bad_secrets_are_refused_and_not_shown() {
        for (value, refusal) in [
            (json!("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), BadSecrets::NoList),
            (json!([]), BadSecrets::NoList),
            (json!([1]), BadSecrets::NoList),
            (json!(["a", "b", "c"]), BadSecrets::NoList),
            (json!(["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]), BadSecrets::NoSecret),
            (json!(["whsec_"]), BadSecrets::NoSecret),
            (json!(["whsec_short"]), BadSecrets::NoSecret),
            (json!(["whsec_????????????????????????????????"]), BadSecrets::NoSecret),
        ] {
            assert_eq!(secrets(value).unwrap_err(), refusal);
        }
        assert_eq!(
            format!("{:?}", secrets(json!(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])).unwrap()),
            "Secrets(1)"
        );
    }
}
