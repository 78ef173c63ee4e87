//! Pre-signed URLs: whoever has one may do what it says until it ends, without a token.
//!
//! What is signed is, byte for byte, upstream's text: paths and methods sorted and joined by commas, the project, and
//! the moment of its end, separated by a backslash and an `n`; the signature is its HMAC-SHA256, in hexadecimal. If the key
//! has an id, that stands before the signature, with a dot between. Clients pass the whole on as they got it.

use zaqar_model::{ProjectId, Timestamp};

use crate::expiry::Expiry;
use crate::signing_key::{NamedKey, SigningKey};

/// How long a URL is good for if nothing else was asked for: a day.
const DEFAULT_LIFETIME: u64 = 24 * 60 * 60;

/// Between a key's id and the signature. It stands in neither.
const SEPARATOR: char = '.';

/// The keys that URLs are signed with.
#[derive(Clone, Debug, Default)]
pub struct SigningKeys {
    /// The one without an id, upstream's.
    nameless: Option<SigningKey>,
    named: Vec<NamedKey>,
    /// Maximum lifetime of a URL, in seconds. `None`: no bound.
    max_lifetime: Option<u64>,
}

/// What a URL is asked to allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    pub paths: Vec<String>,
    /// Empty: GET.
    pub methods: Vec<String>,
    /// ISO 8601. `None`: a day from now.
    pub expires: Option<String>,
}

/// A URL's rights with their signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub paths: Vec<String>,
    pub methods: Vec<String>,
    pub expires: String,
    pub signature: String,
}

/// Why a URL is not signed. The texts are upstream's where it has one.
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

/// What a request presents: the texts of its headers, as they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Presented<'a> {
    pub project: Option<&'a str>,
    pub paths: &'a str,
    pub methods: &'a str,
    pub expires: Option<&'a str>,
    pub signature: &'a str,
}

impl SigningKeys {
    /// The first of the `named` keys signs, or the `nameless` one if there are none. All verify, so that a key can be
    /// changed while URLs that it has signed stay good.
    pub fn new(nameless: Option<&str>, named: Vec<NamedKey>, max_lifetime: Option<u64>) -> Self {
        Self { nameless: nameless.map(SigningKey::new), named, max_lifetime }
    }

    /// Signs a wish.
    pub fn sign(&self, wish: Wish, project: &ProjectId, now: Timestamp) -> Result<Signed, SignError> {
        let (id, key) = self.signer().ok_or(SignError::NoKey)?;
        let Wish { mut paths, mut methods, expires } = wish;
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
        Ok(Signed { paths, methods, expires: expires.text(), signature })
    }

    /// The key that signs, and its id.
    fn signer(&self) -> Option<(Option<&str>, &SigningKey)> {
        match self.named.first() {
            Some(named) => Some((Some(named.id()), &named.key)),
            None => self.nameless.as_ref().map(|key| (None, key)),
        }
    }

    /// The key that a signature says it was made with, and what is left of the signature without its id.
    fn key_of<'a>(&self, signature: &'a str) -> Option<(&SigningKey, &'a str)> {
        match signature.split_once(SEPARATOR) {
            Some((id, bare)) => {
                self.named.iter().find(|named| named.id() == id).map(|named| (&named.key, bare))
            }
            None => self.nameless.as_ref().map(|key| (key, signature)),
        }
    }

    /// The end of a URL that is to be good until `end`, as a wish names it. It comes earlier if no URL is good for that long.
    pub fn latest_end(&self, end: Timestamp, now: Timestamp) -> String {
        let latest = self.max_lifetime.map_or(Timestamp::NEVER, |lifetime| now.plus_secs(lifetime));
        Expiry::at_most(end.min(latest)).text()
    }

    fn expiry(&self, wished: Option<String>, now: Timestamp) -> Result<Expiry, SignError> {
        let Some(wished) = wished else {
            let lifetime = self.max_lifetime.map_or(DEFAULT_LIFETIME, |max| max.min(DEFAULT_LIFETIME));
            return Ok(Expiry::at_most(now.plus_secs(lifetime)));
        };
        if wished.trim().parse::<i128>().is_ok_and(|number| number != 0) {
            return Err(SignError::ExpiresIsNumber(wished.trim().to_owned()));
        }
        let expiry = Expiry::parse(&wished).ok_or(SignError::ExpiresIsNoDate(wished))?;
        if expiry.is_over(now) {
            return Err(SignError::ExpiresIsPast);
        }
        match self.max_lifetime {
            Some(lifetime) if expiry.moment() > now.plus_secs(lifetime) => {
                Err(SignError::ExpiresTooLate(lifetime))
            }
            _ => Ok(expiry),
        }
    }

    /// Whether what is presented was signed here and allows `method` on `path`, or on something below it, now.
    pub fn allow(&self, presented: &Presented<'_>, method: &str, path: &str, now: Timestamp) -> bool {
        let methods = split(presented.methods);
        let paths = split(presented.paths);
        let Some(expires) = presented.expires.and_then(Expiry::parse).filter(|expires| !expires.is_over(now))
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
        let Some((key, signature)) = self.key_of(presented.signature) else { return false };
        key.verifies(&signed_text(&paths, &methods, presented.project, expires), signature)
    }
}

/// The parts of a list, sorted as they were signed.
fn split(list: &str) -> Vec<String> {
    let mut parts: Vec<String> = list.split(',').map(str::to_owned).collect();
    parts.sort_unstable();
    parts
}

fn signed_text(paths: &[String], methods: &[String], project: Option<&str>, expires: Expiry) -> String {
    let (paths, methods, expires) = (paths.join(","), methods.join(","), expires.text());
    // Upstream formats the absence of a project as Python does.
    let project = project.unwrap_or("None");
    format!(r"{paths}\n{methods}\n{project}\n{expires}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};
    use zaqar_model::{ProjectId, Timestamp};

    use super::{NamedKey, Presented, SignError, Signed, SigningKeys, Wish};

    const NOW: Timestamp = Timestamp::from_secs(1_500_000_000);
    const YEAR: u64 = 365 * 24 * 60 * 60;

    fn keys() -> SigningKeys {
        SigningKeys::new(Some("test_key"), Vec::new(), Some(YEAR))
    }

    fn wish() -> Wish {
        Wish {
            paths: vec!["/v2/queues/q/subscriptions".to_owned(), "/v2/queues/q/messages".to_owned()],
            methods: vec!["POST".to_owned(), "GET".to_owned()],
            expires: Some("2017-07-15T00:00:00".to_owned()),
        }
    }

    fn signed(keys: &SigningKeys) -> Signed {
        keys.sign(wish(), &ProjectId::new("project").unwrap(), NOW).unwrap()
    }

    fn allowed(keys: &SigningKeys, signed: &Signed, change: impl Fn(&mut Presented<'_>)) -> bool {
        let (paths, methods) = (signed.paths.join(","), signed.methods.join(","));
        let mut presented = Presented {
            project: Some("project"),
            paths: &paths,
            methods: &methods,
            expires: Some(&signed.expires),
            signature: &signed.signature,
        };
        change(&mut presented);
        keys.allow(&presented, "GET", "/v2/queues/q/messages", NOW)
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
        assert!(!allowed(&keys, &signed, |presented| presented.project = Some("other")));
        assert!(!allowed(&keys, &signed, |presented| presented.project = None));
        assert!(!allowed(&keys, &signed, |presented| presented.methods = "GET"));
        assert!(!allowed(&keys, &signed, |presented| presented.methods = ""));
        assert!(!allowed(&keys, &signed, |presented| presented.paths = "/v2/queues/q/messages"));
        assert!(!allowed(&keys, &signed, |presented| presented.paths = ""));
        assert!(!allowed(&keys, &signed, |presented| presented.expires = Some("2017-07-16T00:00:00")));
        assert!(!allowed(&keys, &signed, |presented| presented.expires = Some("never")));
        assert!(!allowed(&keys, &signed, |presented| presented.expires = None));
        assert!(!allowed(&keys, &signed, |presented| presented.signature = ""));
    }

    #[test]
    fn only_the_paths_and_what_is_below_them_are_allowed() {
        let keys = keys();
        let signed = signed(&keys);
        let (paths, methods) = (signed.paths.join(","), signed.methods.join(","));
        let presented = Presented {
            project: Some("project"),
            paths: &paths,
            methods: &methods,
            expires: Some(&signed.expires),
            signature: &signed.signature,
        };
        let allow = |method, path| keys.allow(&presented, method, path, NOW);
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
        let presented = Presented {
            project: Some("project"),
            paths: &signed.paths.join(","),
            methods: &signed.methods.join(","),
            expires: Some(&signed.expires),
            signature: &signed.signature,
        };
        let at = |now| keys.allow(&presented, "GET", "/v2/queues/q/messages", now);
        let end = 1_500_076_800;
        assert!(at(Timestamp::from_secs(end - 1)));
        assert!(!at(Timestamp::from_secs(end)));
    }

    fn with_named(nameless: Option<&str>, named: &[&str]) -> SigningKeys {
        let named = named.iter().map(|text| NamedKey::read(text).unwrap()).collect();
        SigningKeys::new(nameless, named, Some(YEAR))
    }

    #[test]
    fn the_first_key_with_an_id_signs_and_all_verify() {
        let nameless = signed(&keys());
        let old = signed(&with_named(None, &["old:test_key"]));
        // The same key: only the id is added.
        assert_eq!(old.signature, format!("old.{}", nameless.signature));
        let rotated = with_named(Some("test_key"), &["new:newer", "old:test_key"]);
        let new = signed(&rotated);
        assert!(new.signature.starts_with("new."), "{}", new.signature);
        for signed in [&nameless, &old, &new] {
            assert!(allowed(&rotated, signed, |_| {}));
        }
    }

    #[test]
    fn a_signature_is_held_to_the_key_that_it_names() {
        let (nameless, old) = (signed(&keys()), signed(&with_named(None, &["old:test_key"])));
        let without_old = with_named(Some("newer"), &["new:test_key"]);
        assert!(!allowed(&without_old, &nameless, |_| {}));
        assert!(!allowed(&without_old, &old, |_| {}));
        assert!(!allowed(&with_named(None, &["old:newer"]), &old, |_| {}));
        assert!(!allowed(&keys(), &old, |_| {}));
        for id in ["", "old.old", "OLD"] {
            let signature = format!("{id}.{}", nameless.signature);
            assert!(!allowed(
                &with_named(Some("test_key"), &["old:test_key"]),
                &Signed { signature, ..nameless.clone() },
                |_| {}
            ));
        }
        assert!(!allowed(&SigningKeys::default(), &nameless, |_| {}));
    }

    #[test]
    fn what_cannot_be_signed_is_told() {
        let sign = |keys: &SigningKeys, expires: &str| {
            let wish = Wish { expires: Some(expires.to_owned()), ..wish() };
            keys.sign(wish, &ProjectId::new("p").unwrap(), NOW).map(|_| ())
        };
        assert_eq!(sign(&keys(), "12"), Err(SignError::ExpiresIsNumber("12".to_owned())));
        assert_eq!(sign(&keys(), "soon"), Err(SignError::ExpiresIsNoDate("soon".to_owned())));
        assert_eq!(sign(&keys(), "2015-01-01"), Err(SignError::ExpiresIsPast));
        assert_eq!(sign(&keys(), "2999-01-01"), Err(SignError::ExpiresTooLate(YEAR)));
        assert_eq!(sign(&SigningKeys::default(), "2017-07-15"), Err(SignError::NoKey));
        let comma = Wish { methods: vec!["GET,DELETE".to_owned()], ..wish() };
        assert_eq!(keys().sign(comma, &ProjectId::new("p").unwrap(), NOW), Err(SignError::Comma));
    }

    #[test]
    fn the_latest_end_can_be_wished_for() {
        let sign = |end| {
            let wish = Wish { expires: Some(keys().latest_end(end, NOW)), ..wish() };
            keys().sign(wish, &ProjectId::new("p").unwrap(), NOW).map(|signed| signed.expires)
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
            let wish = Wish { expires: Some(end.to_owned()), ..wish() };
            keys.sign(wish, &ProjectId::new("p").unwrap(), NOW).map(|signed| signed.expires)
        };
        for end in ["2019-07-14T02:40:00", "2030-01-01T00:00:00", "9999-12-31T23:59:59"] {
            assert_eq!(sign(end).as_deref(), Ok(end));
        }
        assert_eq!(sign(&keys.latest_end(Timestamp::NEVER, NOW)).as_deref(), Ok("9999-12-31T23:59:59"));
    }

    #[test]
    fn an_end_that_is_nearly_a_moment_is_refused() {
        for near in ["2017-12-30T23:59:60", "2017-12-30T12:00:00+25:00"] {
            let wish = Wish { expires: Some(near.to_owned()), ..wish() };
            let signed = keys().sign(wish, &ProjectId::new("p").unwrap(), NOW);
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
            let presented = Presented {
                project: Some("project"),
                paths: &paths,
                methods: "GET",
                expires: Some(&expires),
                signature: &signature,
            };
            prop_assert!(!keys().allow(&presented, "GET", "/v2/queues/q/messages", NOW));
        }
    }
}
