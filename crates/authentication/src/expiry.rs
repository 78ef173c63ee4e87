//! The moment at which a pre-signed URL or a token ends, as a text.

use time::format_description::well_known::Iso8601;
use time::macros::format_description;
use time::{Date, OffsetDateTime, PrimitiveDateTime, UtcOffset};
use zaqar_model::Timestamp;

/// A moment to the second, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Expiry(OffsetDateTime);

impl Expiry {
    /// Reads ISO 8601: a date, or a date and a time, which is in UTC unless it says otherwise.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let with_offset = || OffsetDateTime::parse(text, &Iso8601::DEFAULT).ok();
        let without =
            || PrimitiveDateTime::parse(text, &Iso8601::DEFAULT).ok().map(PrimitiveDateTime::assume_utc);
        let date = || Date::parse(text, &Iso8601::DEFAULT).ok().map(|date| date.midnight().assume_utc());
        let moment = with_offset().or_else(without).or_else(date)?;
        let moment = moment.checked_to_offset(UtcOffset::UTC)?;
        moment.replace_nanosecond(0).ok().map(Self)
    }

    /// So many seconds after `now`.
    pub(crate) fn after(now: Timestamp, seconds: u64) -> Option<Self> {
        let moment = i64::try_from(now.plus_secs(seconds).as_millis() / 1000).ok()?;
        OffsetDateTime::from_unix_timestamp(moment).ok().map(Self)
    }

    pub(crate) fn is_over(self, now: Timestamp) -> bool {
        self.moment() <= now
    }

    /// What lies before 1970 counts as 1970.
    pub(crate) fn moment(self) -> Timestamp {
        Timestamp::from_secs(u64::try_from(self.0.unix_timestamp()).unwrap_or_default())
    }

    /// As it is signed and shown: upstream's `%Y-%m-%dT%H:%M:%S`.
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
    fn it_is_over_from_its_moment_on() {
        let expiry = Expiry::parse("1970-01-01T00:01:00").unwrap();
        assert!(!expiry.is_over(Timestamp::from_millis(59_999)));
        assert!(expiry.is_over(Timestamp::from_secs(60)));
        assert!(Expiry::parse("1960-01-01T00:00:00").unwrap().is_over(Timestamp::from_secs(0)));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>(), likely in "[-+0-9T:.Z]{0,40}") {
            let _ = (Expiry::parse(&text), Expiry::parse(&likely).map(Expiry::text));
        }
    }
}
