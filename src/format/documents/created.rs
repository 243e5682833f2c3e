// SPDX-License-Identifier: GPL-3.0-or-later

//! Creation times.

use time::OffsetDateTime;
use time::format_description::FormatItem;
use time::macros::format_description;

use crate::error::{Argument, Error, Result};

const FORMAT: &[FormatItem] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// `seconds` since the epoch as a date and time of UTC.
pub fn rfc3339(seconds: i64) -> Result<String> {
    let out_of_range = || {
        Error::argument(
            Argument("creation_time"),
            format_args!("{seconds} is out of range"),
        )
    };
    OffsetDateTime::from_unix_timestamp(seconds)
        .map_err(|_| out_of_range())?
        .format(FORMAT)
        .map_err(|_| out_of_range())
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn dates_are_rfc_3339() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (-62_167_219_200, "0000-01-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(seconds).unwrap(), expected);
        }
    }
}
