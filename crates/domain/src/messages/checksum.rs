//! A message's checksum: the MD5 of its body as upstream's Python writes it. A fingerprint, not a protection.

use md5::{Digest, Md5};
use zaqar_model::JsonText;

use super::python_json;

/// `MD5:` and the hex digest; a body of `null` has none.
pub(crate) fn of(body: &JsonText) -> Option<String> {
    let text = python_json::dumps(body);
    if text == "null" {
        return None;
    }
    let mut checksum = String::from("MD5:");
    for byte in Md5::digest(text) {
        for nibble in [byte >> 4, byte & 0xf] {
            checksum.extend(char::from_digit(nibble.into(), 16));
        }
    }
    Some(checksum)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use zaqar_model::JsonText;

    use super::of;

    #[test]
    fn checksums_are_those_of_upstream() {
        // Expected values: hashlib.md5(json.dumps(json.loads(text)).encode()).hexdigest() in python3.
        for (text, digest) in [
            (r#"{"event": "BackupProgress"}"#, "3951e49ba2bce9db4eb72a0f70f8fcd4"),
            ("239", "555d6702c950ecb729a966504af0a635"),
            (
                r#"{"current_bytes":"0","event":"BackupProgress","total_bytes":"99614720"}"#,
                "abf7213555626e29c3cb3e5dc58b3515",
            ),
            (r#""é😀""#, "b21b6c42aa5238fb41f16257dea59354"),
            (r#"[1.0,1e16,-0.0,{"b":1,"a":2,"b":3}]"#, "cf0f6f9695268956504834bc3cc31ba0"),
            (r#""""#, "9d4568c009d203ab10e33ea9953a0264"),
            ("false", "68934a3e9455fa72420237eb05902327"),
        ] {
            assert_eq!(of(&JsonText::parse(Bytes::from(text)).unwrap()), Some(format!("MD5:{digest}")));
        }
    }

    #[test]
    fn null_has_no_checksum() {
        assert_eq!(of(&JsonText::parse(Bytes::from(" null ")).unwrap()), None);
    }
}
