//! What is ours in somebody else's bucket: the keys below the prefix of a run, and nothing else.

use std::fmt;

use uuid::{Uuid, Version};

/// What the prefixes of all runs begin with.
pub(super) const ABOVE: &str = "benchmark/";

/// What the keys of one run begin with: `benchmark/<run id>/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RunPrefix(String);

impl RunPrefix {
    /// That of a run.
    pub(crate) fn of(run_id: &str) -> Self {
        Self(format!("{ABOVE}{run_id}/"))
    }

    /// The prefix of the run that a key, or a prefix, lies below; `None` where that is no run's: an id is a UUIDv7 as the harness writes it.
    pub(super) fn above(key: &str) -> Option<Self> {
        let (id, _) = key.strip_prefix(ABOVE)?.split_once('/')?;
        let uuid = Uuid::try_parse(id).ok()?;
        let is_ours = uuid.get_version() == Some(Version::SortRand) && uuid.hyphenated().to_string() == id;
        is_ours.then(|| Self::of(id))
    }

    /// Whether a key lies below it.
    pub(super) fn holds(&self, key: &str) -> bool {
        key.len() > self.0.len() && key.starts_with(&self.0)
    }

    /// A key below it.
    pub(super) fn key(&self, rest: &str) -> String {
        format!("{}{rest}", self.0)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "0198c0de-0000-7000-8000-000000000001";

    #[test]
    fn a_run_s_keys_are_below_its_own_prefix() {
        let prefix = RunPrefix::of(RUN);
        assert_eq!(prefix.as_str(), format!("benchmark/{RUN}/"));
        assert_eq!(RunPrefix::above(&prefix.key("replica-0/object-000001")), Some(prefix.clone()));
        assert_eq!(RunPrefix::above(prefix.as_str()), Some(prefix.clone()));
        assert!(prefix.holds(&format!("benchmark/{RUN}/a")));
        let other = RUN.replace('1', "2");
        for key in [
            "",
            "stranger",
            "benchmark/",
            prefix.as_str(),
            &format!("benchmark/{RUN}x/a"),
            &format!("benchmark/{other}/a"),
        ] {
            assert!(!prefix.holds(key), "{key}");
        }
    }

    #[test]
    fn what_is_no_run_s_is_a_stranger_s() {
        let upper = RUN.to_uppercase();
        let simple = RUN.replace('-', "");
        let random = "9f3cba1e-6d4b-4c5e-8a77-0f1e2d3c4b5a";
        for id in ["", "stranger", "not-a-run/x", random, &upper, &simple, &format!("{{{RUN}}}")] {
            assert_eq!(RunPrefix::above(&format!("benchmark/{id}/a")), None, "{id}");
        }
        for key in [format!("benchmark-x/{RUN}/a"), format!("benchmark/{RUN}"), format!("x/benchmark/{RUN}/a")] {
            assert_eq!(RunPrefix::above(&key), None, "{key}");
        }
    }
}
