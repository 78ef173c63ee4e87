//! An address to listen on or to connect to: an IP address, or a name by the rules of RFC 1123.

use std::net::IpAddr;

/// The address without a trailing dot. `None` if it is not valid.
pub(crate) fn parse(text: &str) -> Option<&str> {
    if text.parse::<IpAddr>().is_ok() { Some(text) } else { host_name(text) }
}

fn host_name(text: &str) -> Option<&str> {
    if text.len() > 253 {
        return None;
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    let last = name.rsplit('.').next()?;
    // Otherwise a mistyped IP address would be accepted as a name.
    let has_non_digit = last.contains(|character: char| character.is_ascii_alphabetic() || character == '-');
    (has_non_digit && name.split('.').all(is_label)).then_some(name)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn addresses_and_names_are_told_from_typing_errors() {
        for host in ["1.2.3.4", "::", "::ffff:1.2.3.4", "localhost", "a.b1", "1a", "a-b.example"] {
            assert_eq!(parse(host), Some(host));
        }
        assert_eq!(parse("host.example."), Some("host.example"));
        let long = format!("{}.a", "x".repeat(64));
        for host in [
            "",
            ".",
            "*",
            "1.2.3",
            "01.2.3.4",
            "999.1.1.1",
            "a..b",
            "-a",
            "a-",
            "a_b",
            "[::1]",
            "é",
            "fe80::1%eth0",
            &long,
        ] {
            assert_eq!(parse(host), None, "{host}");
        }
    }
}
