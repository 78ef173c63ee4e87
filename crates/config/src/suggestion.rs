//! "Did you mean …": the known name that is closest to a mistyped one.

/// Longer names are not considered typing errors.
const MAX_NAME_BYTES: usize = 64;

/// The candidate that is closest to `name`, if it is close enough.
pub(crate) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > MAX_NAME_BYTES {
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
