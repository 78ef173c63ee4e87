//! "Did you mean …": the known name that a mistyped one was probably meant to be.

/// Longer names are no typing errors.
const LONGEST: usize = 64;

/// The candidate nearest to `name`, when it is near enough to be worth naming.
pub(crate) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    let plain = name.to_lowercase().replace('-', "_");
    let allowed = (plain.chars().count() / 3).clamp(1, 4);
    candidates
        .map(|candidate| (strsim::osa_distance(&plain, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_keyboard_is_recognised() {
        let known = ["external_port", "port", "bind"];
        assert_eq!(nearest("external-port", known.into_iter()), Some("external_port"));
        assert_eq!(nearest("Prot", known.into_iter()), Some("port"));
        assert_eq!(nearest("colour", known.into_iter()), None);
        assert_eq!(nearest("", known.into_iter()), None);
        assert_eq!(nearest(&"port".repeat(1000), known.into_iter()), None);
    }
}
