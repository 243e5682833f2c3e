// SPDX-License-Identifier: GPL-3.0-or-later

//! Sizes, numbers and shares in words.

/// A size as people say it: "12.3 MB", "845 kB", "0 bytes".  Units are those
/// of the SI, with one decimal below 100 unless that is 0.
pub fn size_in_words(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    match bytes {
        1 => return "1 byte".into(),
        0..1000 => return format!("{bytes} bytes"),
        _ => {}
    }
    let mut unit: u64 = 1000;
    for (index, name) in UNITS.iter().enumerate() {
        // Rounded, 999.95 of a unit are one of the next.
        let tenths = (u128::from(bytes) * 10 + u128::from(unit) / 2) / u128::from(unit);
        let whole = (u128::from(bytes) + u128::from(unit) / 2) / u128::from(unit);
        if whole < 1000 || index + 1 == UNITS.len() {
            return if tenths < 1000 && tenths % 10 != 0 {
                format!("{}.{} {name}", tenths / 10, tenths % 10)
            } else {
                format!("{whole} {name}")
            };
        }
        unit *= 1000;
    }
    unreachable!("the last unit takes all")
}

/// A number with commas: "2,000".
pub fn number(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// "1 layer", "2,000 layers".
pub fn count(how_many: usize, what: &str) -> String {
    let ending = if how_many == 1 { "" } else { "s" };
    format!("{} {what}{ending}", number(how_many))
}

/// What share of `whole` `part` is: "12.3 %", "< 0.1 %".
pub fn share(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return "0 %".into();
    }
    let thousandths = (u128::from(part) * 1000 + u128::from(whole) / 2) / u128::from(whole);
    match thousandths {
        0 => "< 0.1 %".into(),
        _ if thousandths % 10 == 0 => format!("{} %", thousandths / 10),
        _ => format!("{}.{} %", thousandths / 10, thousandths % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (bytes, words) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1000, "1 kB"),
            (1049, "1 kB"),
            (1050, "1.1 kB"),
            (12_345_678, "12.3 MB"),
            (99_949, "99.9 kB"),
            (99_950, "100 kB"),
            (845_000, "845 kB"),
            (999_499, "999 kB"),
            (999_500, "1 MB"),
            (999_999_999_999, "1 TB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(size_in_words(bytes), words, "{bytes}");
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1000), "1,000");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(count(1, "item"), "1 item");
        assert_eq!(count(2000, "item"), "2,000 items");
    }

    #[test]
    fn shares() {
        assert_eq!(share(0, 0), "0 %");
        assert_eq!(share(1, 8), "12.5 %");
        assert_eq!(share(1, 2), "50 %");
        assert_eq!(share(1, 1_000_000), "< 0.1 %");
        assert_eq!(share(u64::MAX, u64::MAX), "100 %");
    }
}
