//! From a wall clock's time to the instant it showed.

use chrono::{DateTime, LocalResult, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// The instant at which the clock of a zone showed a time; `None` far outside the calendar.
///
/// An hour that the clock showed twice, when summer time ended, is taken as the first. A time that it never showed, since
/// it was put forward over it, is taken as if it had not been put forward yet.
#[must_use]
pub fn instant(local_time: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&local_time) {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => Some(time.to_utc()),
        LocalResult::None => {
            // No zone puts its clock forward twice within a day, or by more than a day.
            let day = TimeDelta::days(1);
            let before = zone.from_local_datetime(&local_time.checked_sub_signed(day)?).earliest()?;
            before.to_utc().checked_add_signed(day)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Europe::London;

    fn at(text: &str) -> String {
        let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
        instant(local, London).unwrap().format("%Y-%m-%d %H:%M").to_string()
    }

    #[test]
    fn summer_time_is_an_hour_ahead_of_utc() {
        assert_eq!(at("2010-12-01 08:26"), "2010-12-01 08:26");
        assert_eq!(at("2011-07-01 08:26"), "2011-07-01 07:26");
    }

    #[test]
    fn an_hour_shown_twice_is_the_first() {
        assert_eq!(at("2011-10-30 01:30"), "2011-10-30 00:30");
    }

    #[test]
    fn an_hour_never_shown_is_told_by_the_clock_before_it_was_put_forward() {
        assert_eq!(at("2011-03-27 01:30"), "2011-03-27 01:30");
        assert_eq!(at("2011-03-27 02:00"), "2011-03-27 01:00");
    }
}
