//! What starts the replicas of a case, by name. What it can do, the runner itself declares.

use std::fmt;

/// A runner, as `--runner` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunnerName {
    /// The best there is: decided as the campaign begins.
    Auto,
    /// Local processes.
    Process,
    /// Containers.
    Compose,
}

impl RunnerName {
    /// Each name with what it means.
    pub(super) const WORDS: &'static [(&'static str, &'static str)] =
        &[("auto", "The best there is"), ("process", "Local processes"), ("compose", "Containers")];

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Auto, Self::Process, Self::Compose].into_iter().find(|runner| runner.name() == name)
    }

    /// The text in commands, keys and results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Process => "process",
            Self::Compose => "compose",
        }
    }
}

impl fmt::Display for RunnerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
