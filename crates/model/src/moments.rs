//! Moments as texts. There is one reader for all of them; `Timestamp::from_iso8601` is the way to it.
//!
//! Upstream reads moments with Python's iso8601 package. What that package takes is taken here, and means the same;
//! everything else is refused. It takes more than ISO 8601 has, so the spellings are listed:
//!
//! - a date: `2026`, `2026-11`, `2026-11-23`, `20261123`; a month or a day behind a dash may have one digit;
//! - behind a whole date `T` or a space, and a time: `07`, `07:48`, `0748`, `07:48:05`, `074805`, with a fraction of
//!   the second behind `.` or `,`; a second may have one digit, and minutes may be missing before it;
//! - behind a time `Z`, `+02`, `+02:00` or `+0200`. Without it the moment is in UTC;
//! - a line break at the end.

use std::ops::RangeInclusive;

use time::{Date, Month, PrimitiveDateTime, Time};

/// The first and the last second that Python can hold: those of the years 1 to 9999.
const SECONDS: RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// Milliseconds since 1970, negative before. `None`: the text is no moment.
pub(crate) fn millis(text: &str) -> Option<i64> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date_in(date, true)?, time_in(time)?),
        None => (date_in(text, false)?, InDay { time: Time::MIDNIGHT, offset_minutes: 0 }),
    };
    let local = PrimitiveDateTime::new(date, time.time).assume_utc();
    let seconds = local.unix_timestamp() - time.offset_minutes * 60;
    SECONDS.contains(&seconds).then(|| seconds * 1000 + i64::from(local.millisecond()))
}

/// `whole`: up to the day.
fn date_in(text: &str, whole: bool) -> Option<Date> {
    let (year, rest) = text.split_at_checked(4)?;
    let (month, day) = match rest.strip_prefix('-') {
        Some(rest) => match rest.split_once('-') {
            Some((month, day)) => (Some(month), Some(day)),
            // Two digits behind the month's are the day's, also without a dash.
            None if rest.len() > 2 => {
                let (month, day) = rest.split_at_checked(rest.len() - 2)?;
                (Some(month), Some(day))
            }
            None => (Some(rest), None),
        },
        None if rest.is_empty() => (None, None),
        None => {
            let (month, day) = rest.split_at_checked(2)?;
            let day = match day.strip_prefix('-') {
                Some(day) => day,
                None if day.len() == 2 => day,
                None => return None,
            };
            (Some(month), Some(day))
        }
    };
    if whole && day.is_none() {
        return None;
    }
    let part = |digits: Option<&str>| digits.map_or(Some(1), |digits| number(digits, 1..=2));
    let month = Month::try_from(u8::try_from(part(month)?).ok()?).ok()?;
    let year = number(year, 4..=4)?;
    Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(part(day)?).ok()?).ok()
}

/// A time of the day, and how far its zone is ahead of UTC.
struct InDay {
    time: Time,
    offset_minutes: i64,
}

fn time_in(text: &str) -> Option<InDay> {
    let (hour, rest) = text.split_at_checked(2)?;
    let zone = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at_checked(zone)?;
    let (minute, second, milli) = clock_in(clock)?;
    let small = |number: u32| u8::try_from(number).ok();
    let hour = small(number(hour, 2..=2)?)?;
    // No leap seconds, as in Python.
    let time = Time::from_hms_milli(hour, small(minute)?, small(second)?, milli).ok()?;
    Some(InDay { time, offset_minutes: offset_in(zone)? })
}

/// What stands behind the hour: minute, second and millisecond.
fn clock_in(text: &str) -> Option<(u32, u32, u16)> {
    let (whole, fraction) = match text.split_once(['.', ',']) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let first = whole.strip_prefix(':').unwrap_or(whole);
    let (minute, second) = match (first.split_once(':'), first.len(), fraction) {
        (Some((minute, second)), ..) => (Some(minute), Some(second)),
        (None, 0, None) if whole.is_empty() => (None, None),
        (None, 2, None) => (Some(first), None),
        // Too few digits for both, and a fraction is one of a second.
        (None, 1, _) | (None, 2, Some(_)) => (None, Some(first)),
        (None, 3..=4, _) => first.split_at_checked(2).map(|(minute, second)| (Some(minute), Some(second)))?,
        _ => return None,
    };
    let minute = minute.map_or(Some(0), |digits| number(digits, 2..=2))?;
    let second = second.map_or(Some(0), |digits| number(digits, 1..=2))?;
    Some((minute, second, fraction.map_or(Some(0), milli_in)?))
}

/// What is beyond milliseconds is cut off.
fn milli_in(fraction: &str) -> Option<u16> {
    number(fraction, 1..=fraction.len())?;
    let digits: String = fraction.chars().chain("00".chars()).take(3).collect();
    digits.parse().ok()
}

fn offset_in(text: &str) -> Option<i64> {
    let (sign, digits) = match text.split_at_checked(1) {
        None => return Some(0),
        Some(("Z", rest)) => return rest.is_empty().then_some(0),
        Some(("+", digits)) => (1, digits),
        Some((_, digits)) => (-1, digits),
    };
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes = minutes.strip_prefix(':').unwrap_or(minutes);
    let minutes = if minutes.is_empty() { 0 } else { number(minutes, 2..=2)? };
    let ahead = number(hours, 2..=2)? * 60 + minutes;
    // Less than a day, as in Python; but minutes may be more than 59.
    (ahead < 24 * 60).then(|| sign * i64::from(ahead))
}

/// A number of so many digits. Of a long one only the last digits count.
fn number(digits: &str, length: RangeInclusive<usize>) -> Option<u32> {
    if !length.contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.get(digits.len().saturating_sub(4)..)?.parse().ok()
}

#[cfg(test)]
#[path = "moments_tests.rs"]
mod tests;
