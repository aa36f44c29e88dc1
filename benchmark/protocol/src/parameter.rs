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
    /// Whether it describes our origin: nothing that another server would heed.
    pub origin_only: bool,
}

impl Parameter {
    /// A parameter that holds against any target.
    pub(crate) const fn new(name: &'static str, kind: Kind, default: &'static str, help: &'static str) -> Self {
        Self { name, kind, default, help, origin_only: false }
    }

    /// A parameter that describes our origin's objects or answers.
    pub(crate) const fn of_origin(name: &'static str, kind: Kind, default: &'static str, help: &'static str) -> Self {
        Self { name, kind, default, help, origin_only: true }
    }

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
    use proptest::prelude::*;

    use super::*;

    const SIZE: Parameter = Parameter::new("size", Kind::Size { min: 1, max: 1 << 20 }, "16KiB", "");

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

    /// A parameter of any kind and bounds.
    fn parameter() -> impl Strategy<Value = Parameter> {
        let kind = prop_oneof![
            any::<(u64, u64)>().prop_map(|(a, b)| Kind::Size { min: a.min(b), max: a.max(b) }),
            any::<u64>().prop_map(|max_seconds| Kind::Duration { max_seconds }),
            any::<(u64, u64)>().prop_map(|(a, b)| Kind::Count { min: a.min(b), max: a.max(b) }),
            Just(Kind::Size { min: 1, max: 1 << 40 }),
            Just(Kind::Duration { max_seconds: 300 }),
            Just(Kind::Count { min: 1, max: 1_000_000 }),
            Just(Kind::Flag),
        ];
        kind.prop_map(|kind| Parameter::new("name", kind, "", ""))
    }

    proptest! {
        #[test]
        fn a_value_is_refused_by_its_name_or_has_one_form(
            parameter in parameter(),
            value in r"[0-9]{1,20}|[0-9]{1,4}([.][0-9]{1,3})? ?(ns|us|ms|s|m|h|B|kB|KiB|MiB|GiB)|true|false|.{0,20}",
        ) {
            match parameter.normalise(&value) {
                Ok(normal) => {
                    prop_assert_eq!(parameter.normalise(&normal), Ok(normal.clone()));
                    let values = Values::new(&[parameter], [("name", &*value)]).unwrap();
                    prop_assert_eq!(values.iter().collect::<Vec<_>>(), [("name", &*normal)]);
                    match parameter.kind {
                        Kind::Size { min, max } | Kind::Count { min, max } => {
                            prop_assert!(values.number("name").is_some_and(|number| (min..=max).contains(&number)));
                        }
                        Kind::Duration { max_seconds } => {
                            let seconds = values.duration("name").unwrap().as_secs_f64();
                            prop_assert!(seconds <= max_seconds as f64);
                        }
                        Kind::Flag => prop_assert_eq!(values.flag("name"), value == "true"),
                    }
                }
                Err(error) => prop_assert!(error.contains("`name`") && error.contains(&value), "{}", error),
            }
        }

        #[test]
        fn a_name_that_no_parameter_has_is_named(name in ".{0,20}") {
            prop_assume!(name != "size");
            let error = Values::new(&[SIZE], [(&*name, "1")]).unwrap_err();
            prop_assert!(error.contains(&name) && error.contains("(known: size)"), "{}", error);
        }
    }
}
