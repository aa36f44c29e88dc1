//! The options of a case as values by name: what stands between a typed [`Case`] and whoever writes, shows or compares its options.

use std::collections::BTreeMap;

use super::option::CaseOption;
use super::shape::Case;
use super::table::OPTIONS;
use super::value::Value;

/// Values by the name of their option; those that a case does not have are not there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings(BTreeMap<&'static str, Value>);

impl Settings {
    /// Those of a case.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        Self(OPTIONS.iter().filter_map(|option| Some((option.name, option.of(case)?))).collect())
    }

    /// The value of an option.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The value of an option as its flag takes it.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(ToString::to_string)
    }

    /// Every option that there is, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }

    pub(crate) fn insert(&mut self, option: &'static CaseOption, value: Value) {
        self.0.insert(option.name, value);
    }
}
