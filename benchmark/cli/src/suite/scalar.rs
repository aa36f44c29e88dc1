//! One TOML value as the text that its flag takes, and the quantity behind it where it has one.

use std::time::Duration;

use benchmark_protocol::units::{format_duration, format_size, parse_duration, parse_size};
use toml::de::DeValue;

use super::key::Shape;

/// A number and whether it is a share of the capacity: quantities of one kind make a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quantity {
    /// In bytes, nanoseconds, percent, or as it is.
    pub(super) number: f64,
    /// Whether it was written with a `%`.
    pub(super) percent: bool,
}

/// What the flag takes; `None` where the value has another type.
pub(super) fn text(shape: Shape, value: &DeValue<'_>) -> Option<String> {
    match (shape, value) {
        (Shape::Count { .. } | Shape::Number | Shape::Size | Shape::Rate, DeValue::Integer(integer)) => {
            Some(i128::from_str_radix(integer.as_str(), integer.radix()).ok()?.to_string())
        }
        (Shape::Number | Shape::Rate, DeValue::Float(float)) => Some(float.as_str().parse::<f64>().ok()?.to_string()),
        (Shape::Flag, DeValue::Boolean(flag)) => Some(flag.to_string()),
        (
            Shape::Size | Shape::Duration | Shape::Rate | Shape::Percent | Shape::Text | Shape::Specs,
            DeValue::String(text),
        ) => Some(text.to_string()),
        _ => None,
    }
}

/// The quantity of a text that the flag takes; `None` where it is none.
pub(super) fn quantity(shape: Shape, text: &str) -> Option<Quantity> {
    let number = match shape {
        Shape::Size => parse_size(text).ok()? as f64,
        Shape::Duration => parse_duration(text).ok()?.as_nanos() as f64,
        Shape::Rate if text.ends_with('%') => {
            return Some(Quantity { number: text.trim_end_matches('%').trim().parse().ok()?, percent: true });
        }
        Shape::Rate => text.trim_end_matches("/s").trim().parse().ok()?,
        Shape::Count { .. } | Shape::Number => text.parse().ok()?,
        Shape::Percent | Shape::Flag | Shape::Text | Shape::Specs => return None,
    };
    Some(Quantity { number, percent: false })
}

/// The text of a quantity.
pub(super) fn write(shape: Shape, quantity: Quantity) -> String {
    // A billionth more or less is a rounding error: 0.1 + 0.2 is 0.3.
    let number = (quantity.number * 1e9).round() / 1e9;
    match shape {
        Shape::Size => format_size(number as u64),
        Shape::Duration => format_duration(Duration::from_nanos(number as u64)),
        _ if quantity.percent => format!("{number}%"),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_back_as_they_are_written() {
        for (shape, text) in [
            (Shape::Size, "16KiB"),
            (Shape::Duration, "1500us"),
            (Shape::Rate, "12.5%"),
            (Shape::Rate, "1000"),
            (Shape::Count { min: 1, max: 9 }, "7"),
            (Shape::Number, "0.3"),
        ] {
            assert_eq!(write(shape, quantity(shape, text).unwrap()), text);
        }
        assert_eq!(write(Shape::Number, Quantity { number: 0.1 + 0.2, percent: false }), "0.3");
    }
}
