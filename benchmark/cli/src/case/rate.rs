//! What an open loop asks for: how many requests a second become due, and how their due instants are spread.

use std::fmt;
use std::str::FromStr;

/// The most requests a second that may be asked for.
const MOST_PER_SECOND: f64 = 10_000_000.0;

/// The most that may be asked for as a share of the capacity: far beyond it every run is invalid.
const MOST_OF_CAPACITY: f64 = 10.0;

/// `--rate`: of the whole run, split over its replicas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// So many requests a second.
    PerSecond(f64),
    /// This share of the case's own closed-loop rate, which is measured just before.
    OfCapacity(f64),
}

/// `--arrivals`: how due instants follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arrivals {
    /// At equal distances.
    #[default]
    Constant,
    /// At exponentially distributed distances: as from many clients that know nothing of each other.
    Poisson,
}

impl Arrivals {
    /// The name, in flags, suites and results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Poisson => "poisson",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Constant, Self::Poisson].into_iter().find(|arrivals| arrivals.name() == name)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PerSecond(rate) => write!(f, "{rate}"),
            // 0.07 x 100 is 7.000000000000001: rounded to a millionth of a percent.
            Self::OfCapacity(share) => write!(f, "{}%", (share * 1e8).round() / 1e6),
        }
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let malformed = || {
            format!(
                "`{text}` is no rate: write requests a second up to {MOST_PER_SECOND} (`1000`), or a share of the capacity up to \
                 {} % (`50%`)",
                MOST_OF_CAPACITY * 100.0
            )
        };
        let number = |text: &str, most: f64| {
            let number: f64 = text.trim().parse().map_err(|_| malformed())?;
            (number > 0.0 && number <= most).then_some(number).ok_or_else(malformed)
        };
        match text.strip_suffix('%') {
            Some(percent) => Ok(Self::OfCapacity(number(percent, MOST_OF_CAPACITY * 100.0)? / 100.0)),
            None => Ok(Self::PerSecond(number(text.strip_suffix("/s").unwrap_or(text), MOST_PER_SECOND)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_read_back_as_they_are_written() {
        for (text, rate) in
            [("1000", Rate::PerSecond(1000.0)), ("0.5", Rate::PerSecond(0.5)), ("7%", Rate::OfCapacity(0.07))]
        {
            assert_eq!(text.parse(), Ok(rate));
            assert_eq!(rate.to_string(), text);
        }
        assert_eq!("250/s".parse(), Ok(Rate::PerSecond(250.0)));
    }

    #[test]
    fn what_is_no_rate_is_refused_by_its_text() {
        for text in ["", "0", "-1", "fast", "NaN", "inf", "0%", "1001%", "1e9"] {
            assert!(text.parse::<Rate>().unwrap_err().contains(&format!("`{text}`")), "{text}");
        }
    }
}
