//! Time as a parameter: timestamps, spans with their unit in the type, and the clock.

use crate::moments;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Later than every moment that can be reached.
    pub const NEVER: Self = Self(u64::MAX);

    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Reads a moment as upstream does, in any spelling that its clients may use: `2026-11-23T07:48:00Z`. It is in
    /// UTC unless it says otherwise. What lies before 1970 counts as 1970. `None`: the text is no moment.
    pub fn from_iso8601(text: &str) -> Option<Self> {
        moments::millis(text).map(|millis| Self(u64::try_from(millis).unwrap_or_default()))
    }

    /// The moment `seconds` later; saturates at [`Timestamp::NEVER`].
    pub const fn plus_secs(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// The moment `milliseconds` later; saturates at [`Timestamp::NEVER`].
    pub const fn plus_millis(self, milliseconds: u64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }

    /// Whole seconds from `earlier` to here, rounded down; 0 if `earlier` is not earlier.
    pub const fn secs_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0) / 1000
    }

    /// As upstream writes moments: `2026-11-23T07:48:00Z`.
    pub fn to_iso8601(self) -> String {
        let seconds = self.as_millis() / 1000;
        let (days, second) = (seconds / 86_400, seconds % 86_400);
        // Years that begin in March have their leap day at the end, and repeat every 400 years of 146,097 days.
        let days = days + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

macro_rules! seconds {
    ($(#[$doc:meta])* $name:ident($number:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($number);

        impl $name {
            pub const fn new(seconds: $number) -> Self {
                Self(seconds)
            }

            /// The number of seconds.
            pub const fn get(self) -> $number {
                self.0
            }

            /// The moment at which a span of this length ends that begins at `start`.
            pub const fn after(self, start: Timestamp) -> Timestamp {
                start.plus_secs(self.0 as u64)
            }
        }
    };
}

seconds! {
    /// Seconds until a message or claim expires.
    TtlSeconds(u32)
}
seconds! {
    /// Seconds until a subscription expires. Heat asks for thousands of years.
    SubscriptionTtl(u64)
}
seconds! {
    /// Seconds for which a new message cannot be listed or claimed.
    DelaySeconds(u32)
}
seconds! {
    /// Seconds that a claimed message outlives its claim by, if it would otherwise expire before it.
    GraceSeconds(u32)
}

/// Where the present moment comes from. Injected once, by the server; a test owns its own and moves it.
pub trait Clock: Send + Sync + std::fmt::Debug {
    fn now(&self) -> Timestamp;
}

/// The machine's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        // A clock that stands before 1970 counts as 1970: everything is then young, nothing is lost.
        let millis = since_epoch.map_or(0, |elapsed| u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX));
        Timestamp::from_millis(millis)
    }
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, TtlSeconds};

    #[test]
    fn a_moment_before_1970_counts_as_1970() {
        assert_eq!(Timestamp::from_iso8601("1960-01-01"), Some(Timestamp::from_millis(0)));
        assert_eq!(Timestamp::from_iso8601("1970-01-01T00:00:00.5"), Some(Timestamp::from_millis(500)));
        assert_eq!(Timestamp::from_iso8601("tomorrow"), None);
    }

    #[test]
    fn age_is_rounded_down_and_never_negative() {
        let posted = Timestamp::from_millis(1_500);
        assert_eq!(Timestamp::from_millis(3_499).secs_since(posted), 1);
        assert_eq!(Timestamp::from_millis(100).secs_since(posted), 0);
    }

    #[test]
    fn a_span_beyond_the_end_of_time_saturates() {
        assert_eq!(TtlSeconds::new(u32::MAX).after(Timestamp::NEVER), Timestamp::NEVER);
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        // Expected values: `date -u -d @N +%FT%TZ`.
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(Timestamp::from_secs(seconds).to_iso8601(), text);
        }
    }
}
