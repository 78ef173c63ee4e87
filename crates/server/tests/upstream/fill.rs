//! What stands in double braces in a request: `{{name}}` for what was kept, `{{absent}}` for an id that nothing has,
//! `{{pool}}` for the beginning of a pool's address, `{{a*65}}` for a text many times over, `{{\xff}}` for a byte.

use std::collections::BTreeMap;

pub(crate) type Kept = BTreeMap<String, String>;

/// `text` with its braces filled. What was never kept stays as it stands: the answer that lacked it differs already.
pub(crate) fn fill(text: &str, kept: &Kept) -> Vec<u8> {
    let mut filled = Vec::new();
    let mut rest = text;
    while let Some((before, inside, after)) = next(rest) {
        filled.extend_from_slice(before.as_bytes());
        match byte(inside) {
            Some(byte) => filled.push(byte),
            None => filled.extend_from_slice(value(inside, kept).as_bytes()),
        }
        rest = after;
    }
    filled.extend_from_slice(rest.as_bytes());
    filled
}

/// What stands before the first braces, in them and after them.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("{{")?;
    let (inside, after) = rest.split_once("}}")?;
    Some((before, inside, after))
}

fn byte(inside: &str) -> Option<u8> {
    u8::from_str_radix(inside.strip_prefix("\\x")?, 16).ok()
}

fn value(inside: &str, kept: &Kept) -> String {
    if let Some(value) = kept.get(inside) {
        return value.clone();
    }
    let repeated =
        inside.rsplit_once('*').and_then(|(text, times)| Some(text.repeat(times.parse::<usize>().ok()?)));
    repeated.unwrap_or_else(|| format!("{{{{{inside}}}}}"))
}

#[test]
fn braces_are_filled() {
    let kept = Kept::from([("claim".to_owned(), "/v2/claims/1".to_owned())]);
    assert_eq!(
        fill("{{claim}}?a={{ab*3}}{{\\xff}}{\"b\": {}}", &kept),
        b"/v2/claims/1?a=ababab\xff{\"b\": {}}"
    );
    assert_eq!(fill("{{nobody}}", &kept), b"{{nobody}}");
}
