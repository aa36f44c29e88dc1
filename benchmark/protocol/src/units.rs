//! Durations and sizes as people write them: `10s`, `500ms`, `16KiB`, `8MiB`, `4096`.

use std::time::Duration;

use thiserror::Error;

/// A text that is no quantity of the wanted unit.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{text}` is not {wanted}")]
pub struct UnitError {
    /// The text as it was given.
    pub text: String,
    /// What it should have been, with examples.
    pub wanted: &'static str,
}

/// Units of time, largest first, in nanoseconds.
const TIME: [(&str, u64); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Units of size, largest first, in bytes. Powers of two have an `i`; `MB` and `GB` are powers of ten.
const SIZE: [(&str, u64); 8] = [
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("KB", 1_000),
    ("B", 1),
];

/// Reads a duration: a number (fractions allowed) and its unit, or a bare `0`.
///
/// # Errors
/// Whatever is not such a text, or is longer than a `u64` of nanoseconds.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let wanted = "a duration (examples: `10s`, `500ms`, `2.5m`)";
    quantity(text, &TIME, None).map(Duration::from_nanos).ok_or_else(|| UnitError { text: text.to_owned(), wanted })
}

/// Reads a size in bytes: a number (fractions allowed) with or without a unit.
///
/// # Errors
/// Whatever is not such a text, or does not fit a `u64`.
pub fn parse_size(text: &str) -> Result<u64, UnitError> {
    let wanted = "a size (examples: `16KiB`, `8MiB`, `4096`)";
    quantity(text, &SIZE, Some(1)).ok_or_else(|| UnitError { text: text.to_owned(), wanted })
}

/// Writes a duration in the largest unit that holds it whole: [`parse_duration`] reads it back.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    whole(nanoseconds, &TIME).unwrap_or_else(|| "0s".to_owned())
}

/// Writes a size in the largest binary unit that holds it whole, else in bytes: [`parse_size`] reads it back.
#[must_use]
pub fn format_size(bytes: u64) -> String {
    let binary = [SIZE[0], SIZE[2], SIZE[4]];
    whole(bytes, &binary).unwrap_or_else(|| bytes.to_string())
}

fn quantity(text: &str, units: &[(&str, u64)], bare: Option<u64>) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let scale = match unit.trim_start() {
        "" if number == "0" => 1,
        "" => bare?,
        unit => units.iter().find(|(name, _)| *name == unit)?.1,
    };
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(scale);
    }
    let product = number.parse::<f64>().ok()? * scale as f64;
    (product < u64::MAX as f64).then_some(product.round() as u64)
}

fn whole(value: u64, units: &[(&str, u64)]) -> Option<String> {
    let (name, scale) = units.iter().find(|(_, scale)| value >= *scale && value.is_multiple_of(*scale))?;
    Some(format!("{}{name}", value / scale))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn people_write_durations_in_many_ways() {
        for (text, nanoseconds) in [
            ("10s", 10_000_000_000),
            ("500ms", 500_000_000),
            ("0", 0),
            ("0s", 0),
            ("1.5 ms", 1_500_000),
            ("2m", 120_000_000_000),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_nanos(nanoseconds)), "{text}");
        }
        for text in ["", "10", "s", "-1s", "1x", "1.2.3s", "99999999999h"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn people_write_sizes_in_many_ways() {
        for (text, bytes) in
            [("16KiB", 16_384), ("8MiB", 8 << 20), ("4096", 4096), ("1.5KiB", 1536), ("1GB", 1_000_000_000)]
        {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        let error = parse_size("16 bananas").unwrap_err();
        assert_eq!(error.to_string(), "`16 bananas` is not a size (examples: `16KiB`, `8MiB`, `4096`)");
    }

    proptest! {
        #[test]
        fn what_is_typed_is_refused_by_its_name_or_written_as_what_reads_back(
            text in r" ?[0-9.]{0,22} ?[a-zA-Z]{0,3} ?|.{0,20}",
        ) {
            crate::fuzz::units(text.as_bytes());
        }

        #[test]
        fn what_is_written_reads_back(value in any::<u64>()) {
            prop_assert_eq!(parse_size(&format_size(value)), Ok(value));
            let duration = Duration::from_nanos(value);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }
    }
}
