//! How a failure is told: in one line.

/// The error with its causes. Many an error repeats its cause in its own text: such a cause is left out.
pub(crate) fn one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if line.is_empty() {
            line = cause;
        } else if !line.contains(&cause) {
            line = format!("{line}: {cause}");
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::one_line;

    #[test]
    fn a_cause_is_told_once() {
        assert_eq!(one_line(&anyhow!("disk full").context("cannot write")), "cannot write: disk full");
        assert_eq!(
            one_line(&anyhow!("disk full").context("cannot write: disk full")),
            "cannot write: disk full"
        );
    }
}
