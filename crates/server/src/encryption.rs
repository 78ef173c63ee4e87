//! The keys that messages are encrypted with: those of the configuration, or else the server's own.

use std::path::Path;

use anyhow::Context;
use zaqar_config::Transport;
use zaqar_domain::{Key, Keyring};
use zaqar_model::IdSource;

use crate::key_file;

/// Upstream's default, which everybody knows.
const WELL_KNOWN: &str = "AES256";

/// How to come by a good key.
const HOW_TO_MAKE_ONE: &str = "`openssl rand -base64 32` prints a good one";

/// `own` is where the server keeps a key of its own; `None` where other servers share its messages, which could not read
/// them.
pub(crate) fn keyring(
    options: &Transport,
    own: Option<&Path>,
    ids: &dyn IdSource,
) -> anyhow::Result<Keyring> {
    let configured = options.message_encryption_key.iter().chain(&options.message_encryption_former_keys);
    let mut keys: Vec<Key> = configured.map(|secret| key(secret.expose())).collect();
    let Some(own) = own else {
        if keys.is_empty() {
            tracing::info!(
                "[transport] message_encryption_key is not set, and servers that share a store need the same key: queues \
                 cannot be encrypted"
            );
        }
        return Ok(Keyring::new(keys));
    };
    let path = key_file::path(own);
    match key_file::read(&path)? {
        // Behind those of the configuration: what was encrypted before there were any must stay readable.
        Some(own) => keys.extend(own),
        None if options.message_encryption_key.is_none() => {
            let key = std::fs::create_dir_all(own)
                .and_then(|()| key_file::create(&path, ids))
                .with_context(|| format!("cannot make a key for messages in {}", path.display()))?;
            tracing::info!(
                file = %path.display(), key = %key.id(),
                "made a key for the messages of encrypted queues: keep a copy of it, they cannot be read without"
            );
            keys.insert(0, key);
        }
        None => {}
    }
    Ok(Keyring::new(keys))
}

fn key(text: &str) -> Key {
    Key::spelled_out(text).unwrap_or_else(|| Key::from_passphrase(text))
}

/// What would leave messages open to everybody, or would not do what it says.
pub(crate) fn refusals(options: &Transport) -> Vec<String> {
    let mut refusals = Vec::new();
    let algorithm = &options.message_encryption_algorithms;
    if algorithm != "AES256" {
        refusals.push(format!(
            "[transport] message_encryption_algorithms = {algorithm} is not in this version; the choice is: AES256"
        ));
    }
    for (option, text) in secrets(options) {
        if text == WELL_KNOWN {
            refusals.push(format!(
                "[transport] {option} is upstream's default, which everybody knows: set another key, or none at all; \
                 {HOW_TO_MAKE_ONE}"
            ));
        }
    }
    refusals
}

pub(crate) fn former_keys_alone(options: &Transport) -> Option<String> {
    let are_alone =
        options.message_encryption_key.is_none() && !options.message_encryption_former_keys.is_empty();
    are_alone.then(|| {
        format!(
            "[transport] message_encryption_former_keys is set without message_encryption_key, which new messages are \
             to be encrypted with; {HOW_TO_MAKE_ONE}"
        )
    })
}

/// What is allowed and may be a mistake.
pub(crate) fn remarks(options: &Transport) -> Vec<String> {
    let passphrase = |text: &str| text != WELL_KNOWN && Key::spelled_out(text).is_none();
    secrets(options)
        .filter(|(option, text)| *option == "message_encryption_key" && passphrase(text))
        .map(|(option, _)| {
            format!(
                "[transport] {option} is not 32 bytes in base64 or hexadecimal digits, so a key is derived from it, \
                 which is only as good as the text is hard to guess; {HOW_TO_MAKE_ONE}"
            )
        })
        .collect()
}

fn secrets(options: &Transport) -> impl Iterator<Item = (&'static str, &str)> {
    let key = options.message_encryption_key.iter().map(|key| ("message_encryption_key", key.expose()));
    let former = &options.message_encryption_former_keys;
    key.chain(former.iter().map(|key| ("message_encryption_former_keys", key.expose())))
}

#[cfg(test)]
mod tests {
    use zaqar_config::{Secret, Transport};

    use super::{former_keys_alone, refusals, remarks};

    fn options(key: Option<&str>, former: &[&str]) -> Transport {
        Transport {
            message_encryption_key: key.map(Secret::new),
            message_encryption_former_keys: former.iter().copied().map(Secret::new).collect(),
            ..Transport::default()
        }
    }

    #[test]
    fn a_key_that_everybody_knows_is_refused_wherever_it_stands() {
        assert_eq!(refusals(&options(Some("AES256"), &[])).len(), 1);
        assert_eq!(refusals(&options(Some("mine"), &["AES256", "old"])).len(), 1);
        assert_eq!(refusals(&options(Some("mine"), &["old"])), Vec::<String>::new());
    }

    #[test]
    fn former_keys_need_a_present_one() {
        assert!(former_keys_alone(&options(None, &["old"])).is_some());
        assert_eq!(former_keys_alone(&options(Some("mine"), &["old"])), None);
        assert_eq!(former_keys_alone(&options(None, &[])), None);
    }

    #[test]
    fn a_passphrase_is_remarked_upon_and_never_shown() {
        let remarks = remarks(&options(Some("open sesame"), &["older sesame"]));
        assert!(remarks.len() == 1 && !remarks[0].contains("sesame"), "{remarks:?}");
        let random = "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k=";
        assert_eq!(super::remarks(&options(Some(random), &[])), Vec::<String>::new());
    }
}
