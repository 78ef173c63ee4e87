//! `$name`, `${name}`, `$group.name` and `${group.name}` inside a value, and `$$` or `\$` for a dollar sign.
//!
//! A name begins with a letter or `_` and goes on with letters, digits, `_` and `.`, as far as they go. A dollar sign
//! before anything else is literal. The caller resolves the names.

/// Maximum length of an expanded value, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 18;

/// Why a value cannot be expanded.
#[derive(Debug, PartialEq)]
pub(crate) enum ExpansionError<E> {
    /// A name could not be resolved.
    Name(E),
    TooLong,
}

/// Replaces each name in `text` by the result of `look_up`.
pub(crate) fn expand<E>(
    text: &str,
    mut look_up: impl FnMut(&str) -> Result<String, E>,
) -> Result<String, ExpansionError<E>> {
    let text = text.replace("\\$", "$$");
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        rest = if let Some(rest) = after.strip_prefix('$') {
            expanded.push('$');
            rest
        } else if let Some((name, rest)) = plain_name(after).or_else(|| braced_name(after)) {
            expanded.push_str(&look_up(name).map_err(ExpansionError::Name)?);
            rest
        } else {
            expanded.push('$');
            after
        };
        if expanded.len() > MAX_BYTES {
            return Err(ExpansionError::TooLong);
        }
    }
    expanded.push_str(rest);
    Ok(expanded)
}

fn plain_name(text: &str) -> Option<(&str, &str)> {
    let in_name = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '.';
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        .then(|| text.split_at(text.find(|character| !in_name(character)).unwrap_or(text.len())))
}

fn braced_name(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = plain_name(text.strip_prefix('{')?)?;
    Some((name, rest.strip_prefix('}')?))
}

#[cfg(test)]
mod tests {
    use super::{ExpansionError, MAX_BYTES, expand};

    /// Each name in angle brackets.
    fn marked(text: &str) -> String {
        expand(text, |name| Ok::<_, ()>(format!("<{name}>"))).unwrap()
    }

    #[test]
    fn names_are_found_where_oslo_config_finds_them() {
        for (text, expanded) in [
            ("$a ${b}c $c.d-e ${c.d}e", "<a> <b>c <c.d>-e <c.d>e"),
            ("$_A1.", "<_A1.>"),
            ("$a$b", "<a><b>"),
            ("$$a $$$a \\$a \\$\\$", "$a $<a> $a $$"),
            ("$5 $ ${ x} ${a ${h-x} $é $", "$5 $ ${ x} ${a ${h-x} $é $"),
            ("\\$$", "$$"),
            ("", ""),
        ] {
            assert_eq!(marked(text), expanded, "{text}");
        }
    }

    #[test]
    fn a_name_that_leads_nowhere_ends_it() {
        assert_eq!(
            expand("a $b $c", |name| Err::<String, _>(name.to_owned())),
            Err(ExpansionError::Name("b".to_owned()))
        );
    }

    #[test]
    fn growth_has_a_limit() {
        let half = |_: &str| Ok::<_, ()>("x".repeat(MAX_BYTES / 2 + 1));
        assert_eq!(expand("$a $a", half), Err(ExpansionError::TooLong));
    }
}
