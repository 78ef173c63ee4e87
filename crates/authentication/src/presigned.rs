//! Pre-signed URLs: whoever has one may do what it says until it ends, without a token.
//!
//! What is signed is, byte for byte, upstream's text: paths and methods sorted and joined by commas, the project, and
//! the moment of its end, separated by a backslash and an `n`; the signature is its HMAC-SHA256, in hexadecimal.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zaqar_model::{ProjectId, Timestamp};

use crate::expiry::Expiry;

/// How long a URL is good for if nothing else was asked for: a day.
const DEFAULT_LIFETIME: u64 = 24 * 60 * 60;

/// The keys that URLs are signed with: the present one, and those before it, whose URLs are still good.
#[derive(Clone, Default)]
pub struct SigningKeys {
    present: Option<Vec<u8>>,
    former: Vec<Vec<u8>>,
    /// No URL is good for longer, in seconds.
    longest_lifetime: u64,
}

/// Keys are nobody's business.
impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKeys")
            .field("longest_lifetime", &self.longest_lifetime)
            .finish_non_exhaustive()
    }
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
    /// `former` keys no longer sign, and still verify.
    pub fn new(present: Option<&str>, former: &[&str], longest_lifetime: u64) -> Self {
        Self {
            present: present.map(|key| key.as_bytes().to_vec()),
            former: former.iter().map(|key| key.as_bytes().to_vec()).collect(),
            longest_lifetime,
        }
    }

    /// Signs a wish.
    pub fn sign(&self, wish: Wish, project: &ProjectId, now: Timestamp) -> Result<Signed, SignError> {
        let key = self.present.as_ref().ok_or(SignError::NoKey)?;
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
        let signature = mac(key, &text).finalize().into_bytes();
        let signature = signature.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Signed { paths, methods, expires: expires.text(), signature })
    }

    /// The end of a URL that is to be good until `end`, as a wish names it. It comes earlier if no URL is good for that long.
    pub fn latest_end(&self, end: Timestamp, now: Timestamp) -> String {
        let end = Expiry::after(end.min(now.plus_secs(self.longest_lifetime)), 0);
        end.map(Expiry::text).unwrap_or_default()
    }

    fn expiry(&self, wished: Option<String>, now: Timestamp) -> Result<Expiry, SignError> {
        let latest = Expiry::after(now, self.longest_lifetime);
        let Some(wished) = wished else {
            let lifetime = DEFAULT_LIFETIME.min(self.longest_lifetime);
            return Expiry::after(now, lifetime).ok_or(SignError::ExpiresTooLate(lifetime));
        };
        if wished.trim().parse::<i128>().is_ok_and(|number| number != 0) {
            return Err(SignError::ExpiresIsNumber(wished.trim().to_owned()));
        }
        let expiry = Expiry::parse(&wished).ok_or(SignError::ExpiresIsNoDate(wished))?;
        if expiry.is_over(now) {
            return Err(SignError::ExpiresIsPast);
        }
        if latest.is_some_and(|latest| expiry > latest) {
            return Err(SignError::ExpiresTooLate(self.longest_lifetime));
        }
        Ok(expiry)
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
        let Some(signature) = decode(presented.signature) else { return false };
        let text = signed_text(&paths, &methods, presented.project, expires);
        // In constant time, whatever the signature; and every key is tried, whichever it was.
        let verifies = |key: &Vec<u8>| mac(key, &text).verify_slice(&signature).is_ok();
        self.present.iter().chain(&self.former).filter(|key| verifies(key)).count() > 0
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

#[allow(clippy::expect_used, reason = "HMAC takes keys of any length (RFC 2104)")]
fn mac(key: &[u8], text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(text.as_bytes());
    mac
}

/// Lower-case hexadecimal, as it was shown.
fn decode(signature: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = signature.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};
    use zaqar_model::{ProjectId, Timestamp};

    use super::{Presented, SignError, Signed, SigningKeys, Wish};

    const NOW: Timestamp = Timestamp::from_secs(1_500_000_000);
    const YEAR: u64 = 365 * 24 * 60 * 60;

    fn keys() -> SigningKeys {
        SigningKeys::new(Some("test_key"), &[], YEAR)
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

    #[test]
    fn a_former_key_verifies_and_signs_no_more() {
        let signed = signed(&keys());
        let rotated = SigningKeys::new(Some("new"), &["older", "test_key"], YEAR);
        assert!(allowed(&rotated, &signed, |_| {}));
        assert_ne!(self::signed(&rotated).signature, signed.signature);
        assert!(!allowed(&SigningKeys::new(Some("new"), &["older"], YEAR), &signed, |_| {}));
        assert!(!allowed(&SigningKeys::new(None, &[], YEAR), &signed, |_| {}));
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

    #[test]
    fn keys_are_not_shown() {
        assert!(!format!("{:?}", keys()).contains("test_key"));
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
