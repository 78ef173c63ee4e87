//! The `Accept` header: whether it allows JSON, and the format of errors. As in falcon, except that media types are
//! case-insensitive (RFC 9110, section 8.3.1).

/// The format of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ErrorFormat {
    Json,
    /// With this media type.
    Xml(&'static str),
    /// No supported format: an empty body.
    Nothing,
}

pub(crate) fn accepts_json(accept: &str) -> bool {
    accept.is_empty()
        || accept == "*/*"
        || accept == "application/json"
        || quality("application", "json", accept).is_some_and(|quality| quality > 0.0)
}

pub(crate) fn error_format(accept: &str) -> ErrorFormat {
    if accept.is_empty() || accept == "*/*" || accept == "application/json" {
        return ErrorFormat::Json;
    }
    // The formats that falcon supports.
    let candidates = [
        ("application", "json", ErrorFormat::Json),
        ("text", "xml", ErrorFormat::Xml("text/xml")),
        ("application", "xml", ErrorFormat::Xml("application/xml")),
    ];
    let mut best = (0.0, None);
    for (main, sub, format) in candidates {
        if let Some(quality) = quality(main, sub, accept)
            && quality > best.0
        {
            best = (quality, Some(format));
        }
    }
    if let Some(format) = best.1 {
        return format;
    }
    let accept = accept.to_ascii_lowercase();
    if accept.contains("+json") {
        ErrorFormat::Json
    } else if accept.contains("+xml") {
        ErrorFormat::Xml("application/xml")
    } else {
        ErrorFormat::Nothing
    }
}

/// The quality of the most specific range that matches (RFC 9110, section 12.5.1); 0 if none does, `None` if the header
/// is malformed anywhere.
fn quality(main: &str, sub: &str, accept: &str) -> Option<f64> {
    let mut best = (-1_i8, -1_i8, false, 0.0);
    for range in accept.split(',') {
        let mut parts = range.split(';');
        let media = parts.next().unwrap_or_default().trim();
        let (range_main, range_sub) = if media == "*" { ("*", "*") } else { media.split_once('/')? };
        let mut quality = 1.0;
        let mut bare = true;
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            if name.trim().eq_ignore_ascii_case("q") {
                quality = value.trim().trim_matches('"').parse::<f64>().ok()?;
            } else {
                bare = false;
            }
        }
        if !(0.0..=1.0).contains(&quality) {
            return None;
        }
        let (Some(main), Some(sub)) = (fits(range_main.trim(), main), fits(range_sub.trim(), sub)) else {
            continue;
        };
        let found = (main, sub, bare, quality);
        if found > best {
            best = found;
        }
    }
    Some(best.3)
}

/// How specifically a part of a media range matches.
fn fits(range: &str, part: &str) -> Option<i8> {
    match range {
        "*" => Some(0),
        range => range.eq_ignore_ascii_case(part).then_some(1),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{ErrorFormat, accepts_json, error_format};

    // The results of falcon 4.4.
    #[test]
    fn json_is_accepted_where_falcon_says_so() {
        for good in ["", "*/*", "*", "application/json", "application/*", "text/html, */*;q=0.1"] {
            assert!(accepts_json(good), "{good}");
        }
        assert!(accepts_json("application/json;charset=utf-8"));
        for bad in ["application/xml", "garbage", "application/json;q=0", "application/vnd.x+json"] {
            assert!(!accepts_json(bad), "{bad}");
        }
        assert!(!accepts_json("application/json;q=2"));
        assert!(!accepts_json("application/json, garbage"));
        assert!(!accepts_json("*/*, application/json;q=0"));
    }

    #[test]
    fn media_types_know_no_case() {
        for good in [
            "Application/JSON",
            "APPLICATION/*",
            "text/html, Application/Json;Q=0.5",
            "application/JSON; charset=UTF-8",
        ] {
            assert!(accepts_json(good), "{good}");
            assert_eq!(error_format(good), ErrorFormat::Json, "{good}");
        }
        assert!(!accepts_json("Application/JSON;q=0, text/*"));
        assert_eq!(error_format("Text/XML"), ErrorFormat::Xml("text/xml"));
    }

    #[test]
    fn errors_are_told_in_the_preferred_form() {
        for (accept, format) in [
            ("*/*", ErrorFormat::Json),
            ("application/xml", ErrorFormat::Xml("application/xml")),
            ("text/*", ErrorFormat::Xml("text/xml")),
            ("text/xml, application/json;q=0.5", ErrorFormat::Xml("text/xml")),
            ("application/vnd.x+json", ErrorFormat::Json),
            ("application/foo+xml", ErrorFormat::Xml("application/xml")),
            ("text/html", ErrorFormat::Nothing),
            ("garbage", ErrorFormat::Nothing),
            ("application/json;q=0", ErrorFormat::Nothing),
        ] {
            assert_eq!(error_format(accept), format, "{accept}");
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(accept in any::<String>(), likely in "[a*/;,=q.0-9 \"]{0,30}") {
            for accept in [accept, likely] {
                let _ = (accepts_json(&accept), error_format(&accept));
            }
        }
    }
}
