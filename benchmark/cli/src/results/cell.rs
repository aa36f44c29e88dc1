//! One value of one row.

use std::fmt;

use jiff::Timestamp;

use crate::case::Value;

/// A value of a row. What was not measured is [`Cell::Empty`], whatever the column's type.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Not measured, or not applicable.
    Empty,
    /// Text.
    Text(String),
    /// A count.
    Integer(u64),
    /// A whole number that may be below 0.
    Signed(i64),
    /// A measured quantity; finite.
    Real(f64),
    /// An option that is on or off.
    Flag(bool),
}

impl Cell {
    /// An instant in microseconds since the epoch, as RFC 3339 in UTC with milliseconds.
    #[must_use]
    pub fn instant(microseconds: i64) -> Self {
        match Timestamp::from_microsecond(microseconds) {
            Ok(instant) => Self::Text(format!("{instant:.3}")),
            Err(_) => Self::Empty,
        }
    }
}

/// As it stands in CSV: numbers in full precision, nothing for [`Cell::Empty`].
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => Ok(()),
            Self::Text(text) => f.write_str(text),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Signed(number) => write!(f, "{number}"),
            Self::Real(number) => write!(f, "{number}"),
            Self::Flag(flag) => write!(f, "{flag}"),
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Integer(number)
    }
}

impl From<u32> for Cell {
    fn from(number: u32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Signed(number)
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        if number.is_finite() { Self::Real(number) } else { Self::Empty }
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<&Value> for Cell {
    fn from(value: &Value) -> Self {
        match value {
            Value::Count(number) | Value::Bytes(number) => Self::Integer(*number),
            Value::Number(number) => (*number).into(),
            Value::Time(time) => time.as_secs_f64().into(),
            Value::Flag(flag) => Self::Flag(*flag),
            _ => Self::Text(value.to_string()),
        }
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_has_milliseconds_and_is_utc() {
        // 1,763,700,000 s is 2025-11-21 04:40:00 UTC: 20,413 days after the epoch and 16,800 s.
        assert_eq!(Cell::instant(1_763_700_000_042_999).to_string(), "2025-11-21T04:40:00.042Z");
        assert_eq!(Cell::instant(i64::MAX), Cell::Empty);
    }

    #[test]
    fn what_cannot_be_said_is_empty() {
        assert_eq!(Cell::from(f64::NAN), Cell::Empty);
        assert_eq!(Cell::from(None::<u64>).to_string(), "");
        assert_eq!(Cell::from(0_u64).to_string(), "0");
    }
}
