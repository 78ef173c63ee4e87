//! JSON that was checked or made here, written as MessagePack.

use std::borrow::Cow;

use rmp::Marker;
use rmp::encode;

/// A list or object that is being written.
struct Open {
    /// Where its head stands.
    at: usize,
    /// How many values it has so far. Names count, too.
    items: u32,
}

/// One pass without recursion, however deep the values nest.
pub(super) fn of_json(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let mut open: Vec<Open> = Vec::new();
    let mut rest = json;
    while let Some((first, behind)) = rest.split_first() {
        match first {
            b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' => {
                rest = behind;
                continue;
            }
            b']' | b'}' => {
                rest = behind;
                if let Some(Open { at, items }) = open.pop() {
                    let count = if *first == b'}' { items / 2 } else { items };
                    out[at + 1..at + 5].copy_from_slice(&count.to_be_bytes());
                }
                continue;
            }
            _ => {}
        }
        if let Some(around) = open.last_mut() {
            around.items += 1;
        }
        match first {
            b'[' | b'{' => {
                // The count is known at the end only, so there must be room for the largest.
                let marker = if *first == b'{' { Marker::Map32 } else { Marker::Array32 };
                open.push(Open { at: out.len(), items: 0 });
                out.extend([marker.to_u8(), 0, 0, 0, 0]);
                rest = behind;
            }
            b'"' => {
                let (string, behind) = rest.split_at(string_length(rest));
                let text: Cow<'_, str> = serde_json::from_slice(string).unwrap_or_default();
                // Into memory: nothing there can fail.
                let _ = encode::write_str(&mut out, &text);
                rest = behind;
            }
            _ => {
                let is_end = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r');
                let (word, behind) = rest.split_at(rest.iter().position(is_end).unwrap_or(rest.len()));
                write_word(&mut out, word);
                rest = behind;
            }
        }
    }
    out
}

/// With its quotes.
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

/// A number or one of the three words.
fn write_word(out: &mut Vec<u8>, word: &[u8]) {
    let word = std::str::from_utf8(word).unwrap_or_default();
    let _ = match (word, word.parse::<i64>()) {
        ("true", _) => encode::write_bool(out, true),
        ("false", _) => encode::write_bool(out, false),
        ("null", _) => encode::write_nil(out),
        (_, Ok(number)) => return drop(encode::write_sint(out, number)),
        (_, Err(_)) => return drop(encode::write_f64(out, word.parse().unwrap_or_default())),
    };
}

#[cfg(test)]
mod tests {
    use super::of_json;

    #[test]
    fn counts_are_of_items_and_of_pairs() {
        let packed = of_json(b"{\"a\\\\\\\"]\": [1, {}, \"x\"]}");
        let head = b"\xdf\0\0\0\x01\xa4a\\\"]\xdd\0\0\0\x03\x01\xdf\0\0\0\0\xa1x";
        assert_eq!(packed, head);
    }

    #[test]
    fn numbers_and_words_are_as_short_as_they_can_be() {
        assert_eq!(of_json(b"[true,false,null,-1,300]"), b"\xdd\0\0\0\x05\xc3\xc2\xc0\xff\xcd\x01\x2c");
        assert_eq!(of_json(b"1.5"), b"\xcb\x3f\xf8\0\0\0\0\0\0");
    }
}
