//! JSON in the format of Python's `json.dumps`, which upstream uses for its responses.

use std::io;

use serde::Serialize;
use serde_json::ser::Formatter;

/// Writes JSON with a space after each comma and colon.
pub(crate) struct PythonSpacing;

impl PythonSpacing {
    pub(crate) fn to_vec(value: &impl Serialize) -> Vec<u8> {
        let mut text = Vec::with_capacity(128);
        let mut serializer = serde_json::Serializer::with_formatter(&mut text, Self);
        // Writing strings, numbers, lists and maps with string keys to memory cannot fail.
        let _ = value.serialize(&mut serializer);
        text
    }

    pub(crate) fn to_string(value: &impl Serialize) -> String {
        String::from_utf8(Self::to_vec(value)).unwrap_or_default()
    }
}

impl Formatter for PythonSpacing {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::PythonSpacing;

    #[test]
    fn spaces_are_pythons() {
        let value = json!({"a": [1, 2.5, {}, []], "b": {"c": null}});
        assert_eq!(PythonSpacing::to_string(&value), "{\"a\": [1, 2.5, {}, []], \"b\": {\"c\": null}}");
    }
}
