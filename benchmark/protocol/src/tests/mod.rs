//! The tests: workloads that any library with their operations may run. One file each: what the n-th call asks, what a good answer
//! is, and what the origin lets pass. Everybody else asks the definition.

mod answer;
mod ask;
mod call_api;
mod definition;
mod delete_object;
mod expected;
mod fetch_range;
mod get_object;
mod head_object;
mod judge;
mod list_objects;
mod listing;
mod mixed;
mod objects;
mod put_object;
mod upload_object;
pub mod xml;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use crate::parameter::Parameter;

pub use answer::{Answer, ContentRange, LONGEST_KEPT, LONGEST_READ_OUT};
pub use ask::{Ask, More, Page, Trail};
pub use definition::{Calls, Definition, Rules, Seen, Setting, VERIFICATION};
pub use expected::{Document, Expected};
pub use judge::Fault;
pub use objects::Prepared;

/// Every test, in the order of tables and lists.
static ALL: [Test; 9] = [
    Test(&fetch_range::FetchRange),
    Test(&call_api::CallApi),
    Test(&get_object::GetObject),
    Test(&head_object::HeadObject),
    Test(&put_object::PutObject),
    Test(&list_objects::ListObjects),
    Test(&upload_object::UploadObject),
    Test(&delete_object::DeleteObject),
    Test(&mixed::Mixed),
];

/// A test, by its [`Definition`].
#[derive(Clone, Copy)]
pub struct Test(&'static dyn Definition);

impl Test {
    /// Every test.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.iter().copied()
    }

    /// The test of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|test| test.name() == name)
    }

    /// The test's name: in commands and in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The parameters that `--param` may set.
    #[must_use]
    pub fn parameters(self) -> &'static [Parameter] {
        self.0.parameters()
    }

    /// Its place among [`Self::all`].
    fn place(self) -> usize {
        Self::all().take_while(|test| test.name() != self.name()).count()
    }
}

impl Deref for Test {
    type Target = dyn Definition;

    fn deref(&self) -> &Self::Target {
        self.0
    }
}

impl fmt::Debug for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl PartialEq for Test {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Test {}

impl PartialOrd for Test {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Test {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.place().cmp(&other.place())
    }
}

impl Hash for Test {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

#[cfg(test)]
mod of_every_test {
    use super::*;
    use crate::parameter::Values;

    #[test]
    fn defaults_are_in_normal_form() {
        for parameter in Test::all().flat_map(Test::parameters) {
            assert_eq!(parameter.normalise(parameter.default).as_deref(), Ok(parameter.default), "{}", parameter.name);
        }
    }

    #[test]
    fn names_read_back_and_are_in_one_order() {
        for test in Test::all() {
            assert_eq!(Test::named(test.name()), Some(test));
        }
        assert!(Test::all().is_sorted());
    }

    #[test]
    fn every_test_is_good_as_it_stands() {
        for test in Test::all() {
            let values = Values::new(test.parameters(), []).unwrap();
            assert_eq!(test.check(&values), Ok(()), "{test}");
            assert!(!test.operations().is_empty(), "{test}");
            for (name, value) in test.ruler().into_iter().flatten() {
                assert!(Values::new(test.parameters(), [(*name, *value)]).is_ok(), "{test} {name}");
            }
        }
    }
}
