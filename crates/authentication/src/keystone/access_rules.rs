//! Access rules of application credentials: the allowed methods and paths of a service.

use serde::Deserialize;

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct AccessRule {
    service: String,
    method: String,
    path: String,
}

impl AccessRule {
    pub(super) fn allows(&self, service_type: &str, method: &str, path: &str) -> bool {
        self.service == service_type && self.method == method && matches(&self.path, path)
    }
}

/// Whether `path` matches `pattern`: `*` and `{name}` match one segment of a path, `**` matches any number of segments.
///
/// All possible positions in the path are tracked at once, so no pattern takes exponential time.
fn matches(pattern: &str, path: &str) -> bool {
    let path = path.as_bytes();
    let mut reached = vec![false; path.len() + 1];
    reached[0] = true;
    let mut rest = pattern;
    while !rest.is_empty() {
        let (piece, after) = Piece::first_of(rest);
        rest = after;
        let mut next = vec![false; reached.len()];
        next[0] = piece == Piece::Anything && reached[0];
        for (index, byte) in path.iter().enumerate() {
            next[index + 1] = match piece {
                Piece::Byte(wanted) => reached[index] && *byte == wanted,
                Piece::Segment => (reached[index] || next[index]) && *byte != b'/',
                Piece::Anything => reached[index + 1] || next[index],
            };
        }
        reached = next;
    }
    reached[path.len()]
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Byte(u8),
    /// One byte or more, none of them a slash.
    Segment,
    Anything,
}

impl Piece {
    /// The first piece of a pattern, and the rest.
    fn first_of(pattern: &str) -> (Self, &str) {
        if let Some(rest) = pattern.strip_prefix("**") {
            return (Self::Anything, rest);
        }
        if let Some(rest) = pattern.strip_prefix('*') {
            return (Self::Segment, rest);
        }
        if let Some((_, rest)) = pattern.strip_prefix('{').and_then(|name| name.split_once('}')) {
            return (Self::Segment, rest);
        }
        // The paths of this service are ASCII.
        let mut characters = pattern.chars();
        let byte = characters.next().and_then(|character| u8::try_from(character).ok()).unwrap_or_default();
        (Self::Byte(byte), characters.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{AccessRule, matches};

    #[test]
    fn stars_and_names_stand_for_parts_of_a_path() {
        for (pattern, path, expected) in [
            ("/v2/queues", "/v2/queues", true),
            ("/v2/queues", "/v2/queues/q", false),
            ("/v2/queues/*", "/v2/queues/q", true),
            ("/v2/queues/*", "/v2/queues/", false),
            ("/v2/queues/*", "/v2/queues/q/messages", false),
            ("/v2/queues/{name}/messages", "/v2/queues/q/messages", true),
            ("/v2/queues/{name}/messages", "/v2/queues/q/claims", false),
            ("/v2/queues/job-*", "/v2/queues/job-1", true),
            ("/v2/**", "/v2/queues/q/messages", true),
            ("/v2/**", "/v2/", true),
            ("/v2/**", "/v2", false),
            ("**/messages", "/v2/queues/q/messages", true),
            ("/v2/queues.q", "/v2/queues/q", false),
            ("/v2/{open", "/v2/{open", true),
            ("", "", true),
            ("", "/", false),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn a_pattern_made_to_take_long_does_not() {
        assert!(!matches(&"**a".repeat(1_000), &"a".repeat(900)));
    }

    #[test]
    fn service_and_method_must_be_those_of_the_rule() {
        let rule =
            AccessRule { service: "messaging".into(), method: "GET".into(), path: "/v2/queues".into() };
        assert!(rule.allows("messaging", "GET", "/v2/queues"));
        assert!(!rule.allows("compute", "GET", "/v2/queues"));
        assert!(!rule.allows("messaging", "POST", "/v2/queues"));
    }

    proptest! {
        #[test]
        fn no_pattern_panics(pattern in any::<String>(), likely in "[*{}/ab]{0,30}", path in any::<String>()) {
            let _ = (matches(&pattern, &path), matches(&likely, &path));
        }
    }
}
