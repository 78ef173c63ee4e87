//! Converts validated JSON to MessagePack.

use std::borrow::Cow;

use rmp::Marker;
use rmp::encode;

/// A list or object that is being encoded.
struct OpenContainer {
    /// The position of its header.
    at: usize,
    /// The number of values so far. Keys count, too.
    items: u32,
}

/// Encodes in one pass, without recursion.
pub(super) fn from_json(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let mut open: Vec<OpenContainer> = Vec::new();
    let mut rest = json;
    while let Some((first, after)) = rest.split_first() {
        match first {
            b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' => {
                rest = after;
                continue;
            }
            b']' | b'}' => {
                rest = after;
                if let Some(OpenContainer { at, items }) = open.pop() {
                    let count = if *first == b'}' { items / 2 } else { items };
                    out[at + 1..at + 5].copy_from_slice(&count.to_be_bytes());
                }
                continue;
            }
            _ => {}
        }
        if let Some(parent) = open.last_mut() {
            parent.items += 1;
        }
        match first {
            b'[' | b'{' => {
                // The count is not known yet, so the header is that for the largest count.
                let marker = if *first == b'{' { Marker::Map32 } else { Marker::Array32 };
                open.push(OpenContainer { at: out.len(), items: 0 });
                out.extend([marker.to_u8(), 0, 0, 0, 0]);
                rest = after;
            }
            b'"' => {
                let (string, after) = rest.split_at(string_length(rest));
                let text: Cow<'_, str> = serde_json::from_slice(string).unwrap_or_default();
                // Writing to memory cannot fail.
                let _ = encode::write_str(&mut out, &text);
                rest = after;
            }
            _ => {
                let is_end = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r');
                let (literal, after) = rest.split_at(rest.iter().position(is_end).unwrap_or(rest.len()));
                write_literal(&mut out, literal);
                rest = after;
            }
        }
    }
    out
}

/// The length of a string, including its quotes.
fn string_length(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// Writes a number, `true`, `false` or `null`.
fn write_literal(out: &mut Vec<u8>, literal: &[u8]) {
    let literal = std::str::from_utf8(literal).unwrap_or_default();
    let _ = match (literal, literal.parse::<i64>()) {
        ("true", _) => encode::write_bool(out, true),
        ("false", _) => encode::write_bool(out, false),
        ("null", _) => encode::write_nil(out),
        (_, Ok(number)) => return drop(encode::write_sint(out, number)),
        (_, Err(_)) => return drop(encode::write_f64(out, literal.parse().unwrap_or_default())),
    };
}

#[cfg(test)]
mod tests {
    use super::from_json;

    #[test]
    fn counts_are_of_items_and_of_pairs() {
        let packed = from_json(b"{\"a\\\\\\\"]\": [1, {}, \"x\"]}");
        let head = b"\xdf\0\0\0\x01\xa4a\\\"]\xdd\0\0\0\x03\x01\xdf\0\0\0\0\xa1x";
        assert_eq!(packed, head);
    }

    #[test]
    fn numbers_and_words_are_as_short_as_they_can_be() {
        assert_eq!(from_json(b"[true,false,null,-1,300]"), b"\xdd\0\0\0\x05\xc3\xc2\xc0\xff\xcd\x01\x2c");
        assert_eq!(from_json(b"1.5"), b"\xcb\x3f\xf8\0\0\0\0\0\0");
    }
}
