//! Parameters of a test (`--param name=value`): their type, range, default and meaning, as data.

use std::collections::BTreeMap;

use crate::units::{format_duration, format_size, parse_duration, parse_size};

/// What may be given for a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A size in bytes within these bounds.
    Size {
        /// The smallest, in bytes.
        min: u64,
        /// The largest, in bytes.
        max: u64,
    },
    /// A duration of at most this many seconds.
    Duration {
        /// The longest, in seconds.
        max_seconds: u64,
    },
    /// A whole number within these bounds.
    Count {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// `true` or `false`.
    Flag,
}

/// One parameter of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The name before the `=`.
    pub name: &'static str,
    /// What may be given.
    pub kind: Kind,
    /// What holds when nothing is given, in normal form.
    pub default: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
}

impl Parameter {
    /// Checks a value and brings it to the one form in which equal values are equal texts (`16384` is `16KiB`).
    ///
    /// # Errors
    /// A sentence with the value and what it should have been.
    pub fn normalise(&self, value: &str) -> Result<String, String> {
        let named = |error: &dyn std::fmt::Display| format!("parameter `{}`: {error}", self.name);
        match self.kind {
            Kind::Size { min, max } => {
                let size = parse_size(value).map_err(|error| named(&error))?;
                if (min..=max).contains(&size) { Ok(format_size(size)) } else { Err(self.outside(value)) }
            }
            Kind::Duration { max_seconds } => {
                let duration = parse_duration(value).map_err(|error| named(&error))?;
                let fits = duration.as_nanos() <= u128::from(max_seconds) * 1_000_000_000;
                if fits { Ok(format_duration(duration)) } else { Err(self.outside(value)) }
            }
            Kind::Count { min, max } => match value.trim().parse::<u64>() {
                Ok(count) if (min..=max).contains(&count) => Ok(count.to_string()),
                Ok(_) => Err(self.outside(value)),
                Err(_) => Err(named(&format!("`{value}` is not a whole number"))),
            },
            Kind::Flag => match value {
                "true" | "false" => Ok(value.to_owned()),
                _ => Err(named(&format!("`{value}` is neither `true` nor `false`"))),
            },
        }
    }

    /// The type as `benchmark list` shows it.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Size { .. } => "size",
            Kind::Duration { .. } => "duration",
            Kind::Count { .. } => "count",
            Kind::Flag => "flag",
        }
    }

    /// The range as `benchmark list` shows it.
    #[must_use]
    pub fn range(&self) -> String {
        match self.kind {
            Kind::Size { min, max } => format!("{} to {}", format_size(min), format_size(max)),
            Kind::Duration { max_seconds } => format!("0s to {max_seconds}s"),
            Kind::Count { min, max } => format!("{min} to {max}"),
            Kind::Flag => "true or false".to_owned(),
        }
    }

    /// The unit of the value, where it has one.
    #[must_use]
    pub const fn unit(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Size { .. } => Some("bytes"),
            Kind::Duration { .. } => Some("seconds"),
            Kind::Count { .. } | Kind::Flag => None,
        }
    }

    fn outside(&self, value: &str) -> String {
        format!("parameter `{}`: `{value}` is outside its range, {}", self.name, self.range())
    }
}

/// Values of a test's parameters, every one of them present and in normal form.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Values(BTreeMap<String, String>);

impl Values {
    /// The defaults overlaid with what was given.
    ///
    /// # Errors
    /// A sentence that names an unknown parameter, or a value outside its parameter's range.
    pub fn new<'a>(
        parameters: &[Parameter],
        given: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, String> {
        let mut values: BTreeMap<_, _> =
            parameters.iter().map(|parameter| (parameter.name.to_owned(), parameter.default.to_owned())).collect();
        for (name, value) in given {
            let parameter = parameters.iter().find(|parameter| parameter.name == name).ok_or_else(|| {
                let known: Vec<&str> = parameters.iter().map(|parameter| parameter.name).collect();
                format!("unknown parameter `{name}` (known: {})", known.join(", "))
            })?;
            values.insert(name.to_owned(), parameter.normalise(value)?);
        }
        Ok(Self(values))
    }

    /// A size or a count.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        parse_size(self.0.get(name)?).ok()
    }

    /// A duration.
    #[must_use]
    pub fn duration(&self, name: &str) -> Option<std::time::Duration> {
        parse_duration(self.0.get(name)?).ok()
    }

    /// Whether a flag is set; a flag that the test does not have is not set.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| value == "true")
    }

    /// Names and values, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Parameter =
        Parameter { name: "size", kind: Kind::Size { min: 1, max: 1 << 20 }, default: "16KiB", help: "" };

    #[test]
    fn equal_values_become_equal_texts() {
        assert_eq!(SIZE.normalise("16384").unwrap(), "16KiB");
        assert_eq!(SIZE.normalise("16KiB").unwrap(), "16KiB");
    }

    #[test]
    fn refusals_name_the_value_and_the_way_out() {
        assert!(SIZE.normalise("2MiB").unwrap_err().contains("`2MiB` is outside its range, 1 to 1MiB"));
        assert!(
            Values::new(&[SIZE], [("seize", "1")]).unwrap_err().contains("unknown parameter `seize` (known: size)")
        );
    }

    #[test]
    fn what_is_not_given_has_its_default() {
        let values = Values::new(&[SIZE], []).unwrap();
        assert_eq!(values.number("size"), Some(16_384));
        assert_eq!(values.number("other"), None);
    }
}
