//! Time on the wire: RFC 3339, UTC, milliseconds.

use jackfield_plugin_api::Timestamp;

use super::json::PAIRS;

/// The years that RFC 3339 can write; times beyond are written as the nearest of them.
const FIRST_MS: i64 = -62_167_219_200_000;
const LAST_MS: i64 = 253_402_300_799_999;
const DAY_MS: i64 = 86_400_000;

/// Appends `at` as `2026-11-20T09:14:07.310Z`.
pub(super) fn write_time(at: Timestamp, out: &mut Vec<u8>) {
    let millis = at.millis().clamp(FIRST_MS, LAST_MS);
    let (year, month, day) = civil(millis.div_euclid(DAY_MS));
    let in_day = millis.rem_euclid(DAY_MS) as u32;
    let (seconds, millis) = (in_day / 1000, in_day % 1000);
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let pairs = [
        (0, year / 100),
        (2, year % 100),
        (5, month),
        (8, day),
        (11, seconds / 3600),
        (14, seconds / 60 % 60),
        (17, seconds % 60),
        (20, millis / 10),
    ];
    for (at, pair) in pairs {
        text[at..at + 2].copy_from_slice(&PAIRS[pair as usize]);
    }
    text[22] = b'0' + (millis % 10) as u8;
    out.extend_from_slice(&text);
}

/// `at` as every time on the wire is written.
#[must_use]
pub fn timestamp_text(at: Timestamp) -> String {
    let mut text = Vec::with_capacity(24);
    write_time(at, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// Year, month and day of a day counted from 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date
/// algorithms", `civil_from_days`).
fn civil(day: i64) -> (u32, u32, u32) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097) as u32;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    // The caller's clamp keeps it between 0 and 9999.
    let year = i64::from(year_of_era) + era * 400 + i64::from(month <= 2);
    (year as u32, month, day_of_month)
}
