//! `mailto:` URIs (RFC 6068), as far as a subscriber may use them: recipients, a subject, a sender.

use lettre::Address;
use percent_encoding::percent_decode_str;

/// A notification goes to no more recipients.
const MOST_RECIPIENTS: usize = 10;

/// What a `mailto:` URI says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mailto {
    pub(super) recipients: Vec<Address>,
    pub(super) subject: Option<String>,
    pub(super) from: Option<String>,
}

/// Why a URI names no recipients of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadUri {
    #[error("the subscriber is no mailto: URI")]
    NoMailto,
    #[error("the subscriber has an escape that is no UTF-8")]
    NoText,
    #[error("the subscriber names no recipient")]
    NoRecipient,
    #[error("the subscriber names something that is no mail address")]
    NoAddress,
    #[error("the subscriber names more than {MOST_RECIPIENTS} recipients")]
    TooManyRecipients,
}

impl Mailto {
    /// Of a parameter that is given twice, the first counts. Parameters of other names are passed over, as upstream does.
    pub(super) fn parse(uri: &str) -> Result<Self, BadUri> {
        let rest = without_scheme(uri).ok_or(BadUri::NoMailto)?;
        let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (mut subject, mut from) = (None, None);
        let mut lists = vec![path];
        for parameter in query.split('&') {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match decode(name)?.to_lowercase().as_str() {
                "to" => lists.push(value),
                "subject" if subject.is_none() => subject = Some(decode(value)?),
                "from" if from.is_none() => from = Some(decode(value)?),
                _ => {}
            }
        }
        Ok(Self { recipients: recipients(&lists)?, subject, from })
    }
}

/// As upstream finds it: white space before the scheme does not count, nor does the case of its letters.
fn without_scheme(uri: &str) -> Option<&str> {
    let (scheme, rest) = uri.trim_start_matches(|c| c <= ' ').split_once(':')?;
    scheme.eq_ignore_ascii_case("mailto").then_some(rest)
}

/// Commas part addresses only where they are not escaped.
fn recipients(lists: &[&str]) -> Result<Vec<Address>, BadUri> {
    let mut recipients = Vec::new();
    for text in lists.iter().flat_map(|list| list.split(',')).filter(|text| !text.is_empty()) {
        if recipients.len() == MOST_RECIPIENTS {
            return Err(BadUri::TooManyRecipients);
        }
        recipients.push(decode(text)?.trim_matches(' ').parse().map_err(|_| BadUri::NoAddress)?);
    }
    if recipients.is_empty() { Err(BadUri::NoRecipient) } else { Ok(recipients) }
}

/// A plus sign stays one: it is a space in forms only.
fn decode(text: &str) -> Result<String, BadUri> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| BadUri::NoText)?;
    Ok(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::{BadUri, Mailto};

    fn recipients(uri: &str) -> Result<Vec<String>, BadUri> {
        Ok(Mailto::parse(uri)?.recipients.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn addresses_are_told_apart_by_commas_and_unescaped() {
        for (uri, expected) in [
            ("mailto:a@example.org", &["a@example.org"][..]),
            (" MailTo:a@example.org,b@example.org#top", &["a@example.org", "b@example.org"]),
            ("mailto:a%40example.org,b+tag@example.org", &["a@example.org", "b+tag@example.org"]),
            ("mailto:?to=a@example.org&TO=b@example.org", &["a@example.org", "b@example.org"]),
            ("mailto:%22not%2Ctwo%22@example.org", &["\"not,two\"@example.org"]),
        ] {
            assert_eq!(recipients(uri).unwrap(), expected, "{uri}");
        }
    }

    #[test]
    fn parameters_are_known_by_their_names_in_any_case() {
        let uri =
            "mailto:a@example.org?SUBJECT=Two%20words%20%C3%A9+1&body=x&From=b@example.org&subject=later";
        let mailto = Mailto::parse(uri).unwrap();
        assert_eq!(mailto.subject.as_deref(), Some("Two words é+1"));
        assert_eq!(mailto.from.as_deref(), Some("b@example.org"));
    }

    #[test]
    fn what_names_no_recipients_is_refused() {
        let many = format!("mailto:{}", ["a@example.org"; 11].join(","));
        for (uri, refusal) in [
            ("http://example.org", BadUri::NoMailto),
            ("mailto", BadUri::NoMailto),
            ("mailto:", BadUri::NoRecipient),
            ("mailto:?subject=x", BadUri::NoRecipient),
            ("mailto:nobody", BadUri::NoAddress),
            ("mailto:a@example.org%0D%0ABcc:%20b@example.org", BadUri::NoAddress),
            ("mailto:a@example.org%0A", BadUri::NoAddress),
            ("mailto:a%FF@example.org", BadUri::NoText),
            ("mailto:a@example.org?subject=%FF", BadUri::NoText),
            (&many, BadUri::TooManyRecipients),
        ] {
            assert_eq!(recipients(uri), Err(refusal), "{uri}");
        }
    }
}
