//! Where a request goes, from the text of a URL.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// No name of a host is longer, and no part of one: there is no such name in the DNS.
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// A URL that a request can be made of.
#[derive(Clone, Debug)]
pub struct Target {
    pub(super) uri: Uri,
    /// The address, where one stands in the place of a name.
    pub(super) address: Option<IpAddr>,
    /// Scheme, host and port.
    pub(super) origin: String,
    /// Of the user that the URL names.
    pub(super) authorization: Option<HeaderValue>,
}

/// Why nothing can be sent to a URL. The texts are for the tenant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    #[error("{0}")]
    Unreadable(#[from] url::ParseError),
    #[error("it is no http: or https: URL")]
    NoHttp,
    #[error("it names no host")]
    NoHost,
    #[error("its host is no name in the DNS")]
    NoName,
    #[error("nothing can be reached at port 0")]
    NoPort,
    #[error("it is too long, or has a character that no request can have")]
    NoUri,
}

impl Target {
    pub fn parse(text: &str) -> Result<Self, BadUrl> {
        let mut url = Url::parse(text)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BadUrl::NoHttp);
        }
        let address = match url.host().ok_or(BadUrl::NoHost)? {
            Host::Domain(name) => check_name(name).map(|()| None)?,
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
        };
        if url.port() == Some(0) {
            return Err(BadUrl::NoPort);
        }
        let authorization = authorization(&url);
        // A URL with a host can be without them.
        let _ = (url.set_username(""), url.set_password(None));
        url.set_fragment(None);
        let uri = Uri::try_from(url.as_str()).map_err(|_| BadUrl::NoUri)?;
        Ok(Self { uri, address, origin: url.origin().ascii_serialization(), authorization })
    }
}

fn check_name(name: &str) -> Result<(), BadUrl> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_label = |label: &str| (1..=LONGEST_LABEL).contains(&label.len());
    if name.len() <= LONGEST_NAME && name.split('.').all(is_label) { Ok(()) } else { Err(BadUrl::NoName) }
}

/// Basic authentication (RFC 7617).
fn authorization(url: &Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut credentials: Vec<u8> = percent_decode_str(url.username()).collect();
    credentials.push(b':');
    credentials.extend(percent_decode_str(url.password().unwrap_or_default()));
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(credentials))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::{BadUrl, Target};

    #[test]
    fn the_user_of_a_url_is_told_in_a_header_and_not_in_the_request() {
        let target = Target::parse("https://us%20er:p%3Ass@Example.org:444/a?b=c#d").unwrap();
        assert_eq!(target.uri, "https://example.org:444/a?b=c");
        assert_eq!(target.origin, "https://example.org:444");
        assert_eq!(target.authorization.unwrap(), "Basic dXMgZXI6cDpzcw==");
        assert!(Target::parse("http://example.org").unwrap().authorization.is_none());
    }

    #[test]
    fn what_nothing_can_be_sent_to_is_told() {
        let (label, name) = ("a".repeat(64), "a.".repeat(127) + "a");
        for (url, why) in [
            ("ftp://example.org/", BadUrl::NoHttp),
            ("http://example.org:0/", BadUrl::NoPort),
            ("http://a..b/", BadUrl::NoName),
            (&format!("http://{label}.org/"), BadUrl::NoName),
            (&format!("http://{name}/"), BadUrl::NoName),
            (&format!("http://a/{}", "b".repeat(70_000)), BadUrl::NoUri),
        ] {
            assert_eq!(Target::parse(url).map(|target| target.uri), Err(why), "{url}");
        }
        for url in ["http://", "http:", "http://a:99999/", "http://a:b/", "http://[::1", "http://a b/"] {
            assert!(matches!(Target::parse(url), Err(BadUrl::Unreadable(_))), "{url}");
        }
    }
}
