//! What starts the replicas of a case, by name. What it can do, the runner itself declares.

use std::fmt;

use clap::ValueEnum;

/// A runner, as `--runner` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RunnerName {
    /// The best there is: decided as the campaign begins.
    Auto,
    /// Local processes.
    Process,
    /// Containers.
    Compose,
}

impl RunnerName {
    /// The text in commands, keys and results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Process => "process",
            Self::Compose => "compose",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Auto, Self::Process, Self::Compose].into_iter().find(|runner| runner.name() == name)
    }
}

impl fmt::Display for RunnerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
