//! Why there are no results.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::shell::database_flag;
use crate::{metrics, stats, store};

/// Why results could not be written.
#[derive(Debug, Error)]
pub enum Error {
    /// `--campaign`, `--library` or `--test` names something that has no finished run.
    #[error("no results of {what} `{asked}` in `{}` (known: {})", path.display(), known.join(", "))]
    Unknown {
        /// `campaign`, `library` or `test`.
        what: &'static str,
        /// What was asked for.
        asked: String,
        /// What there is.
        known: Vec<String>,
        /// The database.
        path: PathBuf,
    },
    /// Each name is known, but no run has all of them.
    #[error("no finished run of {asked} in `{}`", path.display())]
    NoMatch {
        /// What was asked for.
        asked: String,
        /// The database.
        path: PathBuf,
    },
    /// The database holds no finished run at all.
    #[error(
        "no finished run in `{}`: run `benchmark run-all{}` first, or name another database with --db",
        path.display(),
        database_flag(path)
    )]
    NoFinishedRun {
        /// The database.
        path: PathBuf,
    },
    /// The database could not be read.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Prometheus could not be asked again.
    #[error(transparent)]
    Metrics(#[from] metrics::MetricsError),
    /// A case of the campaign has something that this version does not know.
    #[error("campaign `{campaign_id}` was recorded by another version: {reason}")]
    UnknownCase {
        /// The campaign.
        campaign_id: String,
        /// What is not known.
        reason: String,
    },
    /// A stored histogram could not be read.
    #[error("run `{run_id}`: its stored histogram is damaged")]
    Histogram {
        /// The run.
        run_id: String,
        /// What is wrong with it.
        #[source]
        source: stats::HistogramError,
    },
    /// The file could not be written; an older file of that name is as it was.
    #[error("cannot write `{}`", path.display())]
    Output {
        /// The file, or `-`.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// Whether the command was wrong, rather than the database or the output file.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        matches!(self, Self::Unknown { .. } | Self::NoMatch { .. })
    }
}
