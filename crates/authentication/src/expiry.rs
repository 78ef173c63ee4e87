//! The expiry of a pre-signed URL or a token, as text.

use time::macros::{format_description, time};
use time::{Date, OffsetDateTime};
use zaqar_model::Timestamp;

/// A point in time in UTC, with a precision of one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Expiry(OffsetDateTime);

impl Expiry {
    /// Parses a time as [`Timestamp::from_iso8601`] does.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::after(Timestamp::from_iso8601(text)?, 0)
    }

    /// `seconds` after `now`.
    pub(crate) fn after(now: Timestamp, seconds: u64) -> Option<Self> {
        let moment = i64::try_from(now.plus_secs(seconds).as_millis() / 1000).ok()?;
        OffsetDateTime::from_unix_timestamp(moment).ok().map(Self)
    }

    /// `time`, or the latest time that can be formatted.
    pub(crate) fn at_most(time: Timestamp) -> Self {
        Self::after(time, 0).unwrap_or(Self(OffsetDateTime::new_utc(Date::MAX, time!(23:59:59))))
    }

    pub(crate) fn has_passed(self, now: Timestamp) -> bool {
        self.timestamp() <= now
    }

    pub(crate) fn timestamp(self) -> Timestamp {
        Timestamp::from_secs(u64::try_from(self.0.unix_timestamp()).unwrap_or_default())
    }

    /// The signed form, as in upstream: `%Y-%m-%dT%H:%M:%S`.
    pub(crate) fn text(self) -> String {
        let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
        self.0.format(form).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};
    use zaqar_model::Timestamp;

    use super::Expiry;

    #[test]
    fn a_moment_is_read_in_its_usual_forms_and_shown_in_utc() {
        for (text, shown) in [
            ("2016-01-01T00:00:00", "2016-01-01T00:00:00"),
            ("2016-01-01T02:30:00.5+02:00", "2016-01-01T00:30:00"),
            ("2016-01-01T00:00:00Z", "2016-01-01T00:00:00"),
            ("2016-01-01", "2016-01-01T00:00:00"),
        ] {
            assert_eq!(Expiry::parse(text).map(Expiry::text).as_deref(), Some(shown), "{text}");
        }
        for text in ["", "tomorrow", "2016-13-01T00:00:00", "2016-01-01T25:00:00", "12"] {
            assert_eq!(Expiry::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_nearly_a_moment_is_none() {
        for text in ["2027-06-30T23:59:60", "2027-06-30T12:00:00+25:00", "2027-06-30T24:00:00"] {
            assert_eq!(Expiry::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_last_moment_is_that_of_the_last_year() {
        assert_eq!(Expiry::at_most(Timestamp::NEVER).text(), "9999-12-31T23:59:59");
        assert_eq!(Expiry::parse("9999-12-31T23:59:59"), Some(Expiry::at_most(Timestamp::NEVER)));
        assert_eq!(Expiry::at_most(Timestamp::from_secs(60)).text(), "1970-01-01T00:01:00");
    }

    #[test]
    fn it_is_over_from_its_moment_on() {
        let expiry = Expiry::parse("1970-01-01T00:01:00").unwrap();
        assert!(!expiry.has_passed(Timestamp::from_millis(59_999)));
        assert!(expiry.has_passed(Timestamp::from_secs(60)));
        assert!(Expiry::parse("1960-01-01T00:00:00").unwrap().has_passed(Timestamp::from_secs(0)));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>(), likely in "[-+0-9T:.Z]{0,40}") {
            let _ = (Expiry::parse(&text), Expiry::parse(&likely).map(Expiry::text));
        }
    }
}
