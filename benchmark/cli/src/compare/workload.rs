//! The options of a case in words: what two cases must have in common, and where they do not.

use std::collections::{BTreeMap, BTreeSet};

use crate::case::{Case, Kept, OPTIONS, Settings, named};

/// Every option that shapes the load, and every parameter of the test, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Workload(BTreeMap<String, String>);

impl Workload {
    /// Of options, and of the test's parameters as a JSON object of texts.
    #[must_use]
    pub fn of(settings: &Settings, params: &str) -> Self {
        let mut words: BTreeMap<String, String> = serde_json::from_str(params).unwrap_or_default();
        for option in OPTIONS.iter().filter(|option| matches!(option.kept, Kept::InCase { .. })) {
            let said = option.said(&|name| settings.get(name).cloned());
            words.extend(said.map(|said| (option.name.to_owned(), said)));
        }
        Self(words)
    }

    /// Of a case.
    #[must_use]
    pub fn of_case(case: &Case) -> Self {
        Self::of(&Settings::of(case), &crate::case::params_json(case))
    }

    /// What is said of an option or a parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Everything of which something is said.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Each option in which the two differ: its name and both values, a dash where one lacks it.
    #[must_use]
    pub fn differences<'w>(&'w self, other: &'w Self) -> Vec<(&'w str, &'w str, &'w str)> {
        self.differences_but(other, &BTreeSet::new())
    }

    /// The same without what is named, and without options that have an effect beside a named one alone where one of the two lacks them:
    /// an open loop has arrivals, and a closed one has none.
    #[must_use]
    pub fn differences_but<'w>(&'w self, other: &'w Self, but: &BTreeSet<String>) -> Vec<(&'w str, &'w str, &'w str)> {
        let names = self.0.keys().chain(other.0.keys().filter(|name| !self.0.contains_key(*name)));
        let names = names.filter(|name| {
            let whole = self.0.contains_key(*name) && other.0.contains_key(*name);
            let needed = named(name).and_then(|option| option.needs).filter(|_| !whole);
            !but.contains(*name) && !needed.is_some_and(|needed| but.contains(needed))
        });
        let value = |of: &'w Self, name: &String| of.0.get(name).map_or("-", String::as_str);
        names.map(|name| (name.as_str(), value(self, name), value(other, name))).filter(|(_, a, b)| a != b).collect()
    }

    /// What tells it from the others: `concurrency 64, rate 500`; empty where nothing does.
    #[must_use]
    pub fn told_from(&self, others: &[&Self]) -> String {
        self.told_from_but(others, &BTreeSet::new())
    }

    /// The same without what is named.
    #[must_use]
    pub fn told_from_but(&self, others: &[&Self], but: &BTreeSet<String>) -> String {
        let mut names: Vec<&str> =
            others.iter().flat_map(|other| self.differences_but(other, but)).map(|(name, ..)| name).collect();
        names.sort_unstable();
        names.dedup();
        let value = |name: &str| self.get(name).unwrap_or("-");
        names.iter().map(|name| format!("{name} {}", value(name))).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use benchmark_protocol::parameter::Values;
    use benchmark_protocol::tests::Test;

    use super::*;
    use crate::case::Rate;

    fn case(concurrency: u32, change: impl FnOnce(&mut Case)) -> Workload {
        let params = Values::new(Test::named("fetch_range").unwrap().parameters(), [("objects", "8")]).unwrap();
        let mut case = Case::new("hyper", "1", Test::named("fetch_range").unwrap(), params);
        (case.load.concurrency, case.load.pool_size) = (concurrency, concurrency);
        change(&mut case);
        Workload::of_case(&case)
    }

    #[test]
    fn differences_are_named_with_both_values() {
        let a = case(32, |_| ());
        let b = case(64, |case| {
            case.params = Values::new(
                Test::named("fetch_range").unwrap().parameters(),
                [("objects", "8"), ("request_size", "1MiB")],
            )
            .unwrap();
            case.load.rate = Some(Rate::PerSecond(500.0));
        });
        assert_eq!(
            a.differences(&b),
            [
                ("concurrency", "32", "64"),
                ("rate", "closed loop", "500"),
                ("request_size", "16KiB", "1MiB"),
                ("arrivals", "-", "constant")
            ]
        );
        assert_eq!(a.differences(&a), []);
        assert_eq!((a.get("duration"), a.get("requests")), (Some("10s"), None));
    }

    #[test]
    fn a_pool_that_grows_with_the_concurrency_is_no_difference_of_its_own() {
        assert_eq!(case(8, |_| ()).differences(&case(64, |_| ())), [("concurrency", "8", "64")]);
        let fixed = case(64, |case| case.load.pool_size = 8);
        assert_eq!(case(64, |_| ()).differences(&fixed), [("pool_size", "as concurrency", "8")]);
    }

    #[test]
    fn what_only_the_one_can_have_is_no_difference_beside_what_is_named() {
        let open = case(32, |case| case.load.rate = Some(Rate::OfCapacity(0.5)));
        let rate = BTreeSet::from(["rate".to_owned()]);
        assert_eq!(open.differences_but(&case(32, |_| ()), &rate), []);
        assert_eq!(open.differences_but(&case(8, |_| ()), &rate), [("concurrency", "32", "8")]);
    }

    #[test]
    fn a_workload_is_told_from_others_by_what_differs_alone() {
        let all = [case(32, |_| ()), case(64, |_| ()), case(64, |case| case.cpu_limit = Some(1.5))];
        let others: Vec<&Workload> = all.iter().collect();
        assert_eq!(all[0].told_from(&others), "concurrency 32, cpus no limit");
        assert_eq!(all[2].told_from(&others), "concurrency 64, cpus 1.5");
        assert_eq!(all[0].told_from(&others[..1]), "");
        assert_eq!(all[2].told_from_but(&others, &BTreeSet::from(["cpus".to_owned()])), "concurrency 64");
    }
}
