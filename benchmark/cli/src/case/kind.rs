//! The types of options: how a text becomes a value, and what is said where it does not.

use std::time::Duration;

use benchmark_protocol::parameter;
use benchmark_protocol::units::{format_size, parse_duration, parse_size};

use super::ca::Ca;
use super::header::Header;
use super::value::Value;
use crate::library::suggestion;

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number within these bounds.
    Count {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// A number of these, above zero.
    Number {
        /// What they are.
        of: &'static str,
    },
    /// Bytes, or a text with a unit: `4096`, `4KiB`.
    Size {
        /// The smallest.
        min: u64,
    },
    /// A text with a unit: `500ms`.
    Duration {
        /// Whether it may be none at all.
        zero: bool,
    },
    /// Requests a second, or a share of the capacity: `1000`, `50%`.
    Rate,
    /// A half-width: `2%`.
    Percent,
    /// `true` or `false`; the flag alone is `true`.
    Flag,
    /// A flag without a value.
    Switch,
    /// One of these words, each with what it means.
    Word(&'static [(&'static str, &'static str)]),
    /// Any text.
    Text,
    /// CPUs as `0-3,6`.
    Cpus,
    /// An address of a host.
    Address,
    /// What the origin does to requests; several hold together.
    Specs,
    /// `NAME: VALUE`, sent with every request; several go together.
    Headers,
    /// A file of certificates.
    Certificates,
    /// `NAME=VALUE`, which the test reads; repeatable.
    Params,
}

impl Kind {
    /// Of a parameter of a test.
    pub(crate) const fn of(kind: parameter::Kind) -> Self {
        match kind {
            parameter::Kind::Size { .. } => Self::Size { min: 0 },
            parameter::Kind::Duration { .. } => Self::Duration { zero: true },
            parameter::Kind::Count { min, max } => Self::Count { min, max },
            parameter::Kind::Flag => Self::Flag,
        }
    }

    /// Whether a range of it makes sense.
    pub(crate) const fn has_ranges(self) -> bool {
        matches!(
            self,
            Self::Count { .. } | Self::Number { .. } | Self::Size { .. } | Self::Duration { .. } | Self::Rate
        )
    }

    /// Whether several may be given, which hold together.
    pub(crate) const fn repeats(self) -> bool {
        matches!(self, Self::Specs | Self::Headers | Self::Params)
    }

    /// What a suite's value is, in words.
    pub(crate) const fn wanted(self) -> &'static str {
        match self {
            Self::Count { .. } => "a whole number",
            Self::Number { .. } => "a number",
            Self::Size { .. } => "a size (`\"16KiB\"`, or a number of bytes)",
            Self::Duration { .. } => "a duration (`\"10s\"`, `\"500ms\"`)",
            Self::Rate => "a rate (`1000` a second, or `\"50%\"` of the capacity)",
            Self::Percent => "a percentage (`\"2%\"`)",
            Self::Flag | Self::Switch => "`true` or `false`",
            Self::Word(_) | Self::Text | Self::Cpus | Self::Address | Self::Params => "a text in quotes",
            Self::Certificates => "the path of a PEM file in quotes",
            Self::Headers => "a header in quotes (`\"NAME: VALUE\"`), or a list of headers that go together",
            Self::Specs => "a spec in quotes, or a list of specs that hold together",
        }
    }

    /// Reads a text; `name` is that of the option.
    ///
    /// # Errors
    /// A sentence with the text and what it should have been.
    pub(crate) fn parse(self, name: &str, text: &str) -> Result<Value, String> {
        match self {
            Self::Count { min, max } => {
                let bounds = if max == u64::MAX { format!("{min} or more") } else { format!("{min} to {max}") };
                let count =
                    text.trim().parse().map_err(|_| format!("`{text}` is no whole number: `{name}` takes {bounds}"));
                count.and_then(|count: u64| match (min..=max).contains(&count) {
                    true => Ok(Value::Count(count)),
                    false => Err(format!("`{text}` is outside the range of `{name}`, {bounds}")),
                })
            }
            Self::Number { of } => {
                let number = text.trim().parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.01);
                number.map(Value::Number).ok_or_else(|| format!("`{text}` is no number of {of}: write `0.5` or `2`"))
            }
            Self::Size { min } => match parse_size(text).map_err(|error| error.to_string())? {
                size if size < min => Err(format!("`{text}` is too little: {} or more is needed", format_size(min))),
                size => Ok(Value::Bytes(size)),
            },
            Self::Duration { zero } => match parse_duration(text).map_err(|error| error.to_string())? {
                Duration::ZERO if !zero => Err(format!("`{text}` is too short: more than 0s is needed")),
                time => Ok(Value::Time(time)),
            },
            Self::Rate => text.parse().map(Value::Rate),
            Self::Percent => {
                let percent = text.strip_suffix('%').and_then(|number| number.trim().parse().ok());
                let share =
                    percent.filter(|percent: &f64| (0.1..=50.0).contains(percent)).map(|percent| percent / 100.0);
                share.map(Value::Number).ok_or_else(|| {
                    format!("`{text}` is no width of an interval: write a percentage from 0.1% to 50%, as `2%`")
                })
            }
            Self::Flag | Self::Switch => match text.to_lowercase().as_str() {
                "true" | "yes" | "y" | "t" | "on" | "1" => Ok(Value::Flag(true)),
                "false" | "no" | "n" | "f" | "off" | "0" => Ok(Value::Flag(false)),
                _ => Err(format!("`{text}` is neither `true` nor `false`")),
            },
            Self::Word(words) => {
                let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                match known.contains(&text) {
                    true => Ok(Value::Text(text.to_owned())),
                    false => {
                        let near = suggestion(text, &known);
                        Err(format!("`{text}` is no value of `{name}`{near} (known: {})", known.join(", ")))
                    }
                }
            }
            Self::Text if text.is_empty() => Err(format!("`{name}` is empty: it needs a value")),
            Self::Text | Self::Params => Ok(Value::Text(text.to_owned())),
            Self::Cpus => text.parse().map(Value::Cpus),
            Self::Address => text
                .parse()
                .map(Value::Address)
                .map_err(|_| format!("`{text}` is no address of a host: write `127.0.0.1`")),
            Self::Certificates => Ca::read(text).map(Value::Ca),
            Self::Headers => Header::read(text).map(|header| Value::Headers(vec![header])),
            Self::Specs => text.parse().map(|spec| Value::Specs(vec![spec])),
        }
    }
}
