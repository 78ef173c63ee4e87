//! Numbers as Python's `int()` and `float()` read them: blanks around them, a plus sign, and `_` between digits.

use crate::ini;

pub(crate) fn integer(text: &str) -> Option<i128> {
    let text = without_separators(ini::trim(text))?;
    text.parse().ok()
}

/// A finite number. Python also accepts `nan` and infinities, which make no sense in a configuration.
pub(crate) fn float(text: &str) -> Option<f64> {
    let text = without_separators(ini::trim(text))?;
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Removes each `_`, which must be between two digits.
fn without_separators(text: &str) -> Option<String> {
    let is_digit = |position: Option<usize>| {
        position.and_then(|position| text.as_bytes().get(position)).is_some_and(u8::is_ascii_digit)
    };
    let between_digits =
        |(position, _): (usize, &str)| is_digit(position.checked_sub(1)) && is_digit(Some(position + 1));
    text.match_indices('_').all(between_digits).then(|| text.replace('_', ""))
}

#[cfg(test)]
mod tests {
    use super::{float, integer};

    #[test]
    fn integers_are_read_as_python_reads_them() {
        for (text, number) in [("7", 7), (" +7\t", 7), ("-0", 0), ("007", 7), ("1_000", 1000)] {
            assert_eq!(integer(text), Some(number), "{text}");
        }
        for text in ["", "_1", "1_", "1__0", "1.0", "0x1", "1e3", "- 1", "७", "9".repeat(60).as_str()] {
            assert_eq!(integer(text), None, "{text}");
        }
    }

    #[test]
    fn floats_are_finite() {
        for (text, number) in [("1", 1.0), (".5", 0.5), ("1_0.5", 10.5), ("1e3", 1000.0), ("-2.", -2.0)] {
            assert_eq!(float(text), Some(number), "{text}");
        }
        for text in ["", "nan", "inf", "-Infinity", "1e999", "1_.5", "1e_3"] {
            assert_eq!(float(text), None, "{text}");
        }
    }
}
