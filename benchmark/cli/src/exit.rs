//! Exit codes, the errors that choose them, and how an error is said.

use std::process::ExitCode;

use thiserror::Error;

/// How the command ended, for scripts and CI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All went well.
    Good = 0,
    /// The database, a file or a port could not be used.
    Failed = 1,
    /// A flag, name, parameter or spec was refused before anything was built.
    Usage = 2,
    /// Some run is invalid.
    Invalid = 3,
    /// Something that is needed is not installed.
    Missing = 4,
    /// `compare` found something decidedly slower.
    Slower = 5,
    /// SIGINT or SIGTERM.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Refused before anything was done: [`Exit::Usage`].
#[derive(Debug, Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// A needed program is not there: [`Exit::Missing`].
#[derive(Debug, Error)]
#[error("{0}")]
pub struct Missing(pub String);

/// Ended by a signal: [`Exit::Interrupted`].
#[derive(Debug, Error)]
#[error("interrupted")]
pub struct Interrupted;

/// An error and its causes, without those that only repeat what was said.
#[must_use]
pub fn sentence(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes
        .map(ToString::to_string)
        .fold(error.to_string(), |text, cause| if text.contains(&cause) { text } else { format!("{text}: {cause}") })
}

impl Exit {
    /// The code for an error that ended the command.
    #[must_use]
    pub fn of(error: &anyhow::Error) -> Self {
        if error.is::<Usage>() {
            Self::Usage
        } else if error.is::<Missing>() {
            Self::Missing
        } else if error.is::<Interrupted>() {
            Self::Interrupted
        } else {
            Self::Failed
        }
    }
}
