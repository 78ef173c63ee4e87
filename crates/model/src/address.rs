//! Where something was sent, as it may be shown and logged: without secrets.

use std::borrow::Cow;
use std::fmt;

use url::Url;

/// The address of a subscriber without its user and password, the values of its query, and its fragment. The names in the
/// query stay. At most [`Address::MAX_BYTES`]: what is longer is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Box<str>);

/// What stands in the place of a secret.
const BLANK: &str = "***";

/// What stands before the URL of a subscriber that wants a token.
const TRUST: &str = "trust+";

impl Address {
    pub const MAX_BYTES: usize = 512;

    /// The address of a subscriber.
    pub fn of(subscriber: &str) -> Self {
        let subscriber = subscriber.trim_start_matches(|c| c <= ' ');
        let is_trust = subscriber.get(..TRUST.len()).is_some_and(|head| head.eq_ignore_ascii_case(TRUST));
        let (prefix, rest) = if is_trust { subscriber.split_at(TRUST.len()) } else { ("", subscriber) };
        let shown = match Url::parse(rest) {
            Ok(url) => without_secrets(url),
            // Where its secrets are cannot be told.
            Err(_) => {
                rest.split_once(':').map_or_else(String::new, |(scheme, _)| format!("{scheme}:{BLANK}"))
            }
        };
        Self::shown(&format!("{}{shown}", prefix.to_ascii_lowercase()))
    }

    /// An address that was made before, from where it was kept.
    pub fn shown(text: &str) -> Self {
        Self(text[..text.floor_char_boundary(Self::MAX_BYTES)].into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn without_secrets(mut url: Url) -> String {
    // A URL without a host has neither.
    let _ = url.set_password(None);
    let _ = url.set_username("");
    url.set_fragment(None);
    let query = url.query().map(|query| query.split('&').map(blanked).collect::<Vec<_>>().join("&"));
    url.set_query(query.as_deref());
    url.into()
}

/// A part without a name may be a secret as a whole.
fn blanked(part: &str) -> Cow<'_, str> {
    match part.split_once('=') {
        Some((name, _)) => format!("{name}={BLANK}").into(),
        None if part.is_empty() => part.into(),
        None => BLANK.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn an_address_is_shown_without_its_secrets() {
        for (subscriber, shown) in [
            ("https://example.org:8443/hooks/1", "https://example.org:8443/hooks/1"),
            (
                "https://user:pass@Example.org/a?token=s&b=&c=1=2#d",
                "https://example.org/a?token=***&b=***&c=***",
            ),
            ("http://t0ken@example.org/", "http://example.org/"),
            ("http://example.org/?s3cret&a=1&", "http://example.org/?***&a=***&"),
            (" TRUST+http://u:p@mistral:8989/v2?x=y", "trust+http://mistral:8989/v2?x=***"),
            ("mailto:a@example.org?subject=secret", "mailto:a@example.org?subject=***"),
            ("http://user:pass@:99999/", "http:***"),
            ("no colon", ""),
        ] {
            assert_eq!(Address::of(subscriber).as_str(), shown, "{subscriber}");
        }
    }

    #[test]
    fn a_long_address_is_cut() {
        let long = format!("http://example.org/{}", "é".repeat(1000));
        assert!(Address::of(&long).as_str().len() <= Address::MAX_BYTES);
        assert_eq!(Address::shown(&"é".repeat(400)).as_str().len(), Address::MAX_BYTES);
    }
}
