//! Pre-signed URLs: a bearer may perform certain requests until the URL expires, without a token.
//!
//! The signed text is byte for byte that of upstream: sorted paths and methods joined by commas, the project, and the
//! expiry, separated by a backslash and an `n`. The signature is its HMAC-SHA256 in hexadecimal. If the key has an
//! id, the signature is prefixed by the id and a dot. Clients send back the whole signature as they got it.

use zaqar_model::{ProjectId, Timestamp};

use crate::expiry::Expiry;
use crate::signing_key::{NamedKey, SigningKey};

/// The default lifetime of a URL: one day.
const DEFAULT_LIFETIME: u64 = 24 * 60 * 60;

/// Separates the id of a key from the signature. Neither contains it.
const SEPARATOR: char = '.';

/// The keys that sign URLs.
#[derive(Clone, Debug, Default)]
pub struct SigningKeys {
    /// The key without an id, as in upstream.
    default_key: Option<SigningKey>,
    named: Vec<NamedKey>,
    /// Maximum lifetime of a URL, in seconds. `None`: no limit.
    max_lifetime: Option<u64>,
}

/// A request for a pre-signed URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresignRequest {
    pub paths: Vec<String>,
    /// GET if empty.
    pub methods: Vec<String>,
    /// ISO 8601. One day from now if `None`.
    pub expires: Option<String>,
}

/// The permissions of a URL with their signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresignedUrl {
    pub paths: Vec<String>,
    pub methods: Vec<String>,
    pub expires: String,
    pub signature: String,
}

/// Why a URL cannot be signed. The texts are those of upstream, if it has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    #[error("The `key` can't be None")]
    NoKey,
    #[error("`expires` should be date format, for example 2016-01-01T00:00:00, not integer value: {0}")]
    ExpiresIsNumber(String),
    #[error("Unable to parse date string '{0}'")]
    ExpiresIsNoDate(String),
    #[error("`expires` is lower than the current time")]
    ExpiresIsPast,
    #[error("`expires` may not be more than {0} seconds from now")]
    ExpiresTooLate(u64),
    #[error("`paths` and `methods` may not contain commas")]
    Comma,
}

/// The signature headers of a request, verbatim.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignatureHeaders<'a> {
    pub project: Option<&'a str>,
    pub paths: &'a str,
    pub methods: &'a str,
    pub expires: Option<&'a str>,
    pub signature: &'a str,
}

impl SigningKeys {
    /// The first of the `named` keys signs, or the `default_key` if there are none. All keys verify, so that keys can
    /// be rotated while URLs that they have signed stay valid.
    pub fn new(default_key: Option<&str>, named: Vec<NamedKey>, max_lifetime: Option<u64>) -> Self {
        Self { default_key: default_key.map(SigningKey::new), named, max_lifetime }
    }

    /// Signs a URL.
    pub fn sign(
        &self,
        request: PresignRequest,
        project: &ProjectId,
        now: Timestamp,
    ) -> Result<PresignedUrl, SignError> {
        let (id, key) = self.signer().ok_or(SignError::NoKey)?;
        let PresignRequest { mut paths, mut methods, expires } = request;
        if paths.iter().chain(&methods).any(|text| text.contains(',')) {
            return Err(SignError::Comma);
        }
        let expires = self.expiry(expires, now)?;
        if methods.is_empty() {
            methods.push("GET".to_owned());
        }
        paths.sort_unstable();
        methods.sort_unstable();
        let text = signed_text(&paths, &methods, Some(project.as_str()), expires);
        let signature = key.sign(&text);
        let signature = id.map(|id| format!("{id}{SEPARATOR}{signature}")).unwrap_or(signature);
        Ok(PresignedUrl { paths, methods, expires: expires.text(), signature })
    }

    /// The signing key and its id.
    fn signer(&self) -> Option<(Option<&str>, &SigningKey)> {
        match self.named.first() {
            Some(named) => Some((Some(named.id()), &named.key)),
            None => self.default_key.as_ref().map(|key| (None, key)),
        }
    }

    /// The key that a signature names, and the signature without the id.
    fn key_of<'a>(&self, signature: &'a str) -> Option<(&SigningKey, &'a str)> {
        match signature.split_once(SEPARATOR) {
            Some((id, bare)) => {
                self.named.iter().find(|named| named.id() == id).map(|named| (&named.key, bare))
            }
            None => self.default_key.as_ref().map(|key| (key, signature)),
        }
    }

    /// The latest allowed expiry that is not after `end`, in the form of a request.
    pub fn latest_end(&self, end: Timestamp, now: Timestamp) -> String {
        let latest = self.max_lifetime.map_or(Timestamp::NEVER, |lifetime| now.plus_secs(lifetime));
        Expiry::at_most(end.min(latest)).text()
    }

    fn expiry(&self, requested: Option<String>, now: Timestamp) -> Result<Expiry, SignError> {
        let Some(requested) = requested else {
            let lifetime = self.max_lifetime.map_or(DEFAULT_LIFETIME, |max| max.min(DEFAULT_LIFETIME));
            return Ok(Expiry::at_most(now.plus_secs(lifetime)));
        };
        if requested.trim().parse::<i128>().is_ok_and(|number| number != 0) {
            return Err(SignError::ExpiresIsNumber(requested.trim().to_owned()));
        }
        let expiry = Expiry::parse(&requested).ok_or(SignError::ExpiresIsNoDate(requested))?;
        if expiry.has_passed(now) {
            return Err(SignError::ExpiresIsPast);
        }
        match self.max_lifetime {
            Some(lifetime) if expiry.timestamp() > now.plus_secs(lifetime) => {
                Err(SignError::ExpiresTooLate(lifetime))
            }
            _ => Ok(expiry),
        }
    }

    /// Whether the signature is valid now and allows `method` on `path`. A URL for a path also covers the paths below
    /// it.
    pub fn allow(&self, headers: &SignatureHeaders<'_>, method: &str, path: &str, now: Timestamp) -> bool {
        let methods = split(headers.methods);
        let paths = split(headers.paths);
        let Some(expires) =
            headers.expires.and_then(Expiry::parse).filter(|expires| !expires.has_passed(now))
        else {
            return false;
        };
        let covers = |allowed: &String| {
            let below = path.strip_prefix(allowed.as_str());
            !allowed.is_empty() && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if !methods.iter().any(|allowed| allowed == method) || !paths.iter().any(covers) {
            return false;
        }
        let Some((key, signature)) = self.key_of(headers.signature) else { return false };
        key.verifies(&signed_text(&paths, &methods, headers.project, expires), signature)
    }
}

/// Splits a list and sorts its items, as they were signed.
fn split(list: &str) -> Vec<String> {
    let mut parts: Vec<String> = list.split(',').map(str::to_owned).collect();
    parts.sort_unstable();
    parts
}

fn signed_text(paths: &[String], methods: &[String], project: Option<&str>, expires: Expiry) -> String {
    let (paths, methods, expires) = (paths.join(","), methods.join(","), expires.text());
    // Upstream formats a missing project as Python's `None`.
    let project = project.unwrap_or("None");
    format!(r"{paths}\n{methods}\n{project}\n{expires}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};
    use zaqar_model::{ProjectId, Timestamp};

    use super::{NamedKey, PresignRequest, PresignedUrl, SignError, SignatureHeaders, SigningKeys};

    const NOW: Timestamp = Timestamp::from_secs(1_500_000_000);
    const YEAR: u64 = 365 * 24 * 60 * 60;

    fn keys() -> SigningKeys {
        SigningKeys::new(Some("test_key"), Vec::new(), Some(YEAR))
    }

    fn request() -> PresignRequest {
        PresignRequest {
            paths: vec!["/v2/queues/q/subscriptions".to_owned(), "/v2/queues/q/messages".to_owned()],
            methods: vec!["POST".to_owned(), "GET".to_owned()],
            expires: Some("2017-07-15T00:00:00".to_owned()),
        }
    }

    fn signed(keys: &SigningKeys) -> PresignedUrl {
        keys.sign(request(), &ProjectId::new("project").unwrap(), NOW).unwrap()
    }

    fn allowed(
        keys: &SigningKeys,
        signed: &PresignedUrl,
        change: impl Fn(&mut SignatureHeaders<'_>),
    ) -> bool {
        let (paths, methods) = (signed.paths.join(","), signed.methods.join(","));
        let mut headers = SignatureHeaders {
            project: Some("project"),
            paths: &paths,
            methods: &methods,
            expires: Some(&signed.expires),
            signature: &signed.signature,
        };
        change(&mut headers);
        keys.allow(&headers, "GET", "/v2/queues/q/messages", NOW)
    }

    #[test]
    fn the_signature_is_upstreams() {
        // hmac.new(b'test_key', rb'…', hashlib.sha256).hexdigest() in Python.
        let signed = signed(&keys());
        assert_eq!(signed.paths, ["/v2/queues/q/messages", "/v2/queues/q/subscriptions"]);
        assert_eq!(signed.methods, ["GET", "POST"]);
        assert_eq!(signed.expires, "2017-07-15T00:00:00");
        assert_eq!(signed.signature, "e2f12f3f63ccc670fd455029115158f51c21034747b85ede582007daa04817dc");
    }

    #[test]
    fn what_was_signed_is_allowed_and_nothing_else() {
        let keys = keys();
        let signed = signed(&keys);
        assert!(allowed(&keys, &signed, |_| {}));
        assert!(!allowed(&keys, &signed, |headers| headers.project = Some("other")));
        assert!(!allowed(&keys, &signed, |headers| headers.project = None));
        assert!(!allowed(&keys, &signed, |headers| headers.methods = "GET"));
        assert!(!allowed(&keys, &signed, |headers| headers.methods = ""));
        assert!(!allowed(&keys, &signed, |headers| headers.paths = "/v2/queues/q/messages"));
        assert!(!allowed(&keys, &signed, |headers| headers.paths = ""));
        assert!(!allowed(&keys, &signed, |headers| headers.expires = Some("2017-07-16T00:00:00")));
        assert!(!allowed(&keys, &signed, |headers| headers.expires = Some("never")));
        assert!(!allowed(&keys, &signed, |headers| headers.expires = None));
        assert!(!allowed(&keys, &signed, |headers| headers.signature = ""));
    }

    #[test]
    fn only_the_paths_and_what_is_below_them_are_allowed() {
        let keys = keys();
        let signed = signed(&keys);
        let (paths, methods) = (signed.paths.join(","), signed.methods.join(","));
        let headers = SignatureHeaders {
            project: Some("project"),
            paths: &paths,
            methods: &methods,
            expires: Some(&signed.expires),
            signature: &signed.signature,
        };
        let allow = |method, path| keys.allow(&headers, method, path, NOW);
        assert!(allow("GET", "/v2/queues/q/messages/some-id"));
        assert!(allow("POST", "/v2/queues/q/subscriptions"));
        assert!(!allow("DELETE", "/v2/queues/q/messages"));
        assert!(!allow("GET", "/v2/queues/q/messagesx"));
        assert!(!allow("GET", "/v2/queues/q/claims"));
        assert!(!allow("GET", "/v2/queues/other/v2/queues/q/messages"));
    }

    #[test]
    fn a_url_ends() {
        let keys = keys();
        let signed = signed(&keys);
        let headers = SignatureHeaders {
            project: Some("project"),
            paths: &signed.paths.join(","),
            methods: &signed.methods.join(","),
            expires: Some(&signed.expires),
            signature: &signed.signature,
        };
        let at = |now| keys.allow(&headers, "GET", "/v2/queues/q/messages", now);
        let end = 1_500_076_800;
        assert!(at(Timestamp::from_secs(end - 1)));
        assert!(!at(Timestamp::from_secs(end)));
    }

    fn with_named(default_key: Option<&str>, named: &[&str]) -> SigningKeys {
        let named = named.iter().map(|text| NamedKey::read(text).unwrap()).collect();
        SigningKeys::new(default_key, named, Some(YEAR))
    }

    #[test]
    fn the_first_key_with_an_id_signs_and_all_verify() {
        let default_key = signed(&keys());
        let old = signed(&with_named(None, &["old:test_key"]));
        // The same key: only the id is added.
        assert_eq!(old.signature, format!("old.{}", default_key.signature));
        let rotated = with_named(Some("test_key"), &["new:newer", "old:test_key"]);
        let new = signed(&rotated);
        assert!(new.signature.starts_with("new."), "{}", new.signature);
        for signed in [&default_key, &old, &new] {
            assert!(allowed(&rotated, signed, |_| {}));
        }
    }

    #[test]
    fn a_signature_is_held_to_the_key_that_it_names() {
        let (default_key, old) = (signed(&keys()), signed(&with_named(None, &["old:test_key"])));
        let without_old = with_named(Some("newer"), &["new:test_key"]);
        assert!(!allowed(&without_old, &default_key, |_| {}));
        assert!(!allowed(&without_old, &old, |_| {}));
        assert!(!allowed(&with_named(None, &["old:newer"]), &old, |_| {}));
        assert!(!allowed(&keys(), &old, |_| {}));
        for id in ["", "old.old", "OLD"] {
            let signature = format!("{id}.{}", default_key.signature);
            assert!(!allowed(
                &with_named(Some("test_key"), &["old:test_key"]),
                &PresignedUrl { signature, ..default_key.clone() },
                |_| {}
            ));
        }
        assert!(!allowed(&SigningKeys::default(), &default_key, |_| {}));
    }

    #[test]
    fn what_cannot_be_signed_is_told() {
        let sign = |keys: &SigningKeys, expires: &str| {
            let request = PresignRequest { expires: Some(expires.to_owned()), ..request() };
            keys.sign(request, &ProjectId::new("p").unwrap(), NOW).map(|_| ())
        };
        assert_eq!(sign(&keys(), "12"), Err(SignError::ExpiresIsNumber("12".to_owned())));
        assert_eq!(sign(&keys(), "soon"), Err(SignError::ExpiresIsNoDate("soon".to_owned())));
        assert_eq!(sign(&keys(), "2015-01-01"), Err(SignError::ExpiresIsPast));
        assert_eq!(sign(&keys(), "2999-01-01"), Err(SignError::ExpiresTooLate(YEAR)));
        assert_eq!(sign(&SigningKeys::default(), "2017-07-15"), Err(SignError::NoKey));
        let comma = PresignRequest { methods: vec!["GET,DELETE".to_owned()], ..request() };
        assert_eq!(keys().sign(comma, &ProjectId::new("p").unwrap(), NOW), Err(SignError::Comma));
    }

    #[test]
    fn the_latest_end_can_be_requested() {
        let sign = |end| {
            let request = PresignRequest { expires: Some(keys().latest_end(end, NOW)), ..request() };
            keys().sign(request, &ProjectId::new("p").unwrap(), NOW).map(|signed| signed.expires)
        };
        assert_eq!(sign(NOW.plus_secs(60)), Ok("2017-07-14T02:41:00".to_owned()));
        for late in [NOW.plus_secs(YEAR), Timestamp::NEVER] {
            assert_eq!(sign(late), Ok("2018-07-14T02:40:00".to_owned()));
        }
        assert_eq!(sign(NOW), Err(SignError::ExpiresIsPast));
    }

    /// Heat asks for two years, gophercloud's users for an end in 2030.
    #[test]
    fn without_a_maximum_a_url_may_be_good_until_the_end_of_time() {
        let keys = SigningKeys::new(Some("test_key"), Vec::new(), None);
        let sign = |end: &str| {
            let request = PresignRequest { expires: Some(end.to_owned()), ..request() };
            keys.sign(request, &ProjectId::new("p").unwrap(), NOW).map(|signed| signed.expires)
        };
        for end in ["2019-07-14T02:40:00", "2030-01-01T00:00:00", "9999-12-31T23:59:59"] {
            assert_eq!(sign(end).as_deref(), Ok(end));
        }
        assert_eq!(sign(&keys.latest_end(Timestamp::NEVER, NOW)).as_deref(), Ok("9999-12-31T23:59:59"));
    }

    #[test]
    fn an_end_that_is_nearly_a_moment_is_refused() {
        for near in ["2017-12-30T23:59:60", "2017-12-30T12:00:00+25:00"] {
            let request = PresignRequest { expires: Some(near.to_owned()), ..request() };
            let signed = keys().sign(request, &ProjectId::new("p").unwrap(), NOW);
            assert_eq!(signed, Err(SignError::ExpiresIsNoDate(near.to_owned())));
        }
    }

    #[test]
    fn keys_are_not_shown() {
        let all = with_named(Some("hush"), &["id:hush"]);
        assert!(!format!("{all:?}").contains("hush"));
    }

    proptest! {
        #[test]
        fn no_header_panics_or_passes(signature in any::<String>(), paths in any::<String>(), expires in any::<String>()) {
            let headers = SignatureHeaders {
                project: Some("project"),
                paths: &paths,
                methods: "GET",
                expires: Some(&expires),
                signature: &signature,
            };
            prop_assert!(!keys().allow(&headers, "GET", "/v2/queues/q/messages", NOW));
        }
    }
}
