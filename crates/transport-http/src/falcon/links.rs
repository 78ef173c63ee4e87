//! Links with query strings, as falcon's `to_query_str` writes them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything that RFC 3986 does not call unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A link under construction, with its parameters in the order in which they are added.
#[derive(Debug)]
pub(crate) struct Link {
    text: String,
    has_parameters: bool,
}

impl Link {
    pub(crate) const fn to(path: String) -> Self {
        Self { text: path, has_parameters: false }
    }

    pub(crate) fn with(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.text.push(if self.has_parameters { '&' } else { '?' });
        self.has_parameters = true;
        self.text.push_str(name);
        self.text.push('=');
        self.text.extend(utf8_percent_encode(value.as_ref(), RESERVED));
        self
    }

    pub(crate) fn with_some(self, name: &str, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(crate) fn with_integer(self, name: &str, value: Option<i64>) -> Self {
        self.with_some(name, value.map(|value| value.to_string()))
    }

    pub(crate) fn with_boolean(self, name: &str, value: Option<bool>) -> Self {
        self.with_some(name, value.map(|value| if value { "true" } else { "false" }))
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::Link;

    #[test]
    fn values_are_escaped_and_absent_ones_left_out() {
        let link = Link::to("/v2/queues".to_owned())
            .with_integer("limit", Some(3))
            .with_boolean("detailed", Some(false))
            .with_some("absent", None::<&str>)
            .with("name", "a b/[\u{e9}]-._~");
        assert_eq!(link.into_text(), "/v2/queues?limit=3&detailed=false&name=a%20b%2F%5B%C3%A9%5D-._~");
    }
}
