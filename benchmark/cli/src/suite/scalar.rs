//! One TOML value as the text that its flag takes, and the quantity behind it where it has one.

use std::time::Duration;

use benchmark_protocol::units::{format_duration, format_size, parse_duration, parse_size};
use toml::de::DeValue;

use crate::case::Kind;

/// A number and whether it is a share of the capacity: quantities of one kind make a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quantity {
    /// In bytes, nanoseconds, percent, or as it is.
    pub(super) number: f64,
    /// Whether it was written with a `%`.
    pub(super) percent: bool,
}

/// What the flag takes; `None` where the value has another type.
pub(super) fn text(kind: Kind, value: &DeValue<'_>) -> Option<String> {
    match (kind, value) {
        (Kind::Count { .. } | Kind::Number { .. } | Kind::Size { .. } | Kind::Rate, DeValue::Integer(integer)) => {
            Some(i128::from_str_radix(integer.as_str(), integer.radix()).ok()?.to_string())
        }
        (Kind::Number { .. } | Kind::Rate, DeValue::Float(float)) => {
            Some(float.as_str().parse::<f64>().ok()?.to_string())
        }
        (Kind::Flag | Kind::Switch, DeValue::Boolean(flag)) => Some(flag.to_string()),
        (
            Kind::Size { .. }
            | Kind::Duration { .. }
            | Kind::Rate
            | Kind::Percent
            | Kind::Word(_)
            | Kind::Text
            | Kind::Cpus
            | Kind::Address
            | Kind::Certificates
            | Kind::Specs
            | Kind::Headers,
            DeValue::String(text),
        ) => Some(text.to_string()),
        _ => None,
    }
}

/// The quantity of a text that the flag takes; `None` where it is none.
pub(super) fn quantity(kind: Kind, text: &str) -> Option<Quantity> {
    let number = match kind {
        Kind::Size { .. } => parse_size(text).ok()? as f64,
        Kind::Duration { .. } => parse_duration(text).ok()?.as_nanos() as f64,
        Kind::Rate if text.ends_with('%') => {
            return Some(Quantity { number: text.trim_end_matches('%').trim().parse().ok()?, percent: true });
        }
        Kind::Rate => text.trim_end_matches("/s").trim().parse().ok()?,
        Kind::Count { .. } | Kind::Number { .. } => text.parse().ok()?,
        _ => return None,
    };
    Some(Quantity { number, percent: false })
}

/// The text of a quantity.
pub(super) fn write(kind: Kind, quantity: Quantity) -> String {
    // A billionth more or less is a rounding error: 0.1 + 0.2 is 0.3.
    let number = (quantity.number * 1e9).round() / 1e9;
    match kind {
        Kind::Size { .. } => format_size(number as u64),
        Kind::Duration { .. } => format_duration(Duration::from_nanos(number as u64)),
        _ if quantity.percent => format!("{number}%"),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_back_as_they_are_written() {
        let number = Kind::Number { of: "CPUs" };
        for (kind, text) in [
            (Kind::Size { min: 0 }, "16KiB"),
            (Kind::Duration { zero: true }, "1500us"),
            (Kind::Rate, "12.5%"),
            (Kind::Rate, "1000"),
            (Kind::Count { min: 1, max: 9 }, "7"),
            (number, "0.3"),
        ] {
            assert_eq!(write(kind, quantity(kind, text).unwrap()), text);
        }
        assert_eq!(write(number, Quantity { number: 0.1 + 0.2, percent: false }), "0.3");
    }
}
