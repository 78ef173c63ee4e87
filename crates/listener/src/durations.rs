//! How both interfaces log durations.

use std::time::Duration;

/// A duration in milliseconds, with microsecond precision.
pub fn milliseconds(time: Duration) -> f64 {
    f64::from(u32::try_from(time.as_micros()).unwrap_or(u32::MAX)) / 1000.0
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::milliseconds;

    #[test]
    fn no_more_digits_are_shown_than_were_measured() {
        let shown = |nanos| milliseconds(Duration::from_nanos(nanos)).to_string();
        assert_eq!([shown(589_739), shown(1_296_992_000), shown(2_000_000)], ["0.589", "1296.992", "2"]);
        assert_eq!(milliseconds(Duration::MAX).to_string(), "4294967.295");
    }
}
