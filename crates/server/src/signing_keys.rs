//! The keys that pre-signed URLs are signed with, from the configuration.

use std::collections::HashSet;

use zaqar_authentication::{NamedKey, SigningKeys};
use zaqar_config::{Secret, SignedUrl};

/// # Errors
///
/// What cannot be a key, with its option and its place in the list. The key is not told.
pub(crate) fn read(options: &SignedUrl) -> Result<SigningKeys, String> {
    let nameless = options.secret_key.as_ref().map(Secret::expose);
    let mut ids = HashSet::new();
    let mut named = Vec::new();
    for (at, text) in options.secret_keys.iter().enumerate() {
        let refused = |why: String| format!("[signed_url] secret_keys: number {} of the list: {why}", at + 1);
        let key = NamedKey::read(text.expose()).map_err(|error| refused(error.to_string()))?;
        if !ids.insert(key.id().to_owned()) {
            return Err(refused(format!("another key has the id {}", key.id())));
        }
        named.push(key);
    }
    Ok(SigningKeys::new(nameless, named, options.max_lifetime))
}

#[cfg(test)]
mod tests {
    use zaqar_config::{Secret, SignedUrl};

    use super::read;

    #[test]
    fn what_is_no_key_with_an_id_is_told_without_the_key() {
        let refused = |keys: &[&str]| {
            let secret_keys = keys.iter().copied().map(Secret::new).collect();
            read(&SignedUrl { secret_keys, ..SignedUrl::default() }).err()
        };
        assert_eq!(refused(&[]), None);
        assert_eq!(refused(&["new:hush", "old:hush"]), None);
        for (keys, why) in [
            (["new:hush", "hush"], "number 2 of the list: write it as id:key"),
            (["new:hush", "new:other"], "number 2 of the list: another key has the id new"),
        ] {
            let text = refused(&keys).unwrap();
            assert_eq!(text, format!("[signed_url] secret_keys: {why}"));
        }
    }
}
