//! What can go wrong with a database file, each with the way out.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::shell::database_flag;

/// Why the database could not be used.
#[derive(Debug, Error)]
pub enum Error {
    /// A reading command found no database, or an empty one.
    #[error(
        "no database at `{}`: run `benchmark run-all{}` first, or name one with --db",
        path.display(),
        database_flag(path)
    )]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The folder of a new database does not exist.
    #[error(
        "cannot create database `{}`: its folder does not exist (create it with `mkdir -p`, or name another with --db)",
        path.display()
    )]
    NoFolder {
        /// Where the database was to be.
        path: PathBuf,
    },
    /// The file is no SQLite database, or a damaged one.
    #[error("`{}` is not a SQLite database, or is damaged: name another with --db", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
        /// What SQLite said, where it was asked.
        #[source]
        source: Option<sqlx::Error>,
    },
    /// The file is a SQLite database of another application.
    #[error("`{}` is the database of another application and was left as it is: name another with --db", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The database was written by a newer version of the harness.
    #[error(
        "database `{}` was written by a newer benchmark (schema {found}, this one knows {known}): \
         update benchmark, or name another with --db",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The schema's version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// The database was written by a build of the harness with another schema of the same version.
    #[error(
        "database `{}` has another schema {version} than this benchmark: use the benchmark that wrote it, \
         or name another with --db",
        path.display()
    )]
    Incompatible {
        /// The file.
        path: PathBuf,
        /// The version in question.
        version: i64,
    },
    /// Another process has been writing for longer than the busy timeout.
    #[error(
        "database `{}` is locked by another process: wait for it to end (`fuser` on the file names it), \
         or name another with --db",
        path.display()
    )]
    Locked {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: sqlx::Error,
    },
    /// The file or its folder may not be written.
    #[error(
        "database `{}` is read-only: make the file and its folder writable, or name another with --db",
        path.display()
    )]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: sqlx::Error,
    },
    /// No space is left for the file.
    #[error("no space left for database `{}`: free some and run again (finished runs are kept)", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: sqlx::Error,
    },
    /// The file could not be opened.
    #[error("cannot open database `{}`: the file and its folder must be readable and writable", path.display())]
    CannotOpen {
        /// The file.
        path: PathBuf,
        /// What SQLite or the system said.
        #[source]
        source: sqlx::Error,
    },
    /// The run to finish or to interrupt is not there, or is no longer running.
    #[error("run `{run_id}` is not running in database `{}`", path.display())]
    NotRunning {
        /// The file.
        path: PathBuf,
        /// The run.
        run_id: String,
    },
    /// The campaign is not there.
    #[error("campaign `{campaign_id}` is not in database `{}`", path.display())]
    NoCampaign {
        /// The file.
        path: PathBuf,
        /// The campaign.
        campaign_id: String,
    },
    /// Anything else.
    #[error("database `{}` failed", path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What SQLite or the system said.
        #[source]
        source: sqlx::Error,
    },
}

impl Error {
    /// Puts an error of sqlx into the words of this enum.
    pub(super) fn of(path: &Path, source: sqlx::Error) -> Self {
        let path = path.to_owned();
        match sqlite_code(&source) {
            Some(5 | 6) => Self::Locked { path, source },
            Some(8) => Self::ReadOnly { path, source },
            Some(11 | 26) => Self::NotADatabase { path, source: Some(source) },
            Some(13) => Self::DiskFull { path, source },
            Some(14) => Self::CannotOpen { path, source },
            _ if matches!(source, sqlx::Error::Io(_)) => Self::CannotOpen { path, source },
            _ => Self::Other { path, source },
        }
    }
}

/// The primary result code of SQLite (<https://www.sqlite.org/rescode.html>): the low byte of the extended one.
pub(super) fn sqlite_code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?.parse::<u32>().ok()?;
    Some(code & 0xFF)
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{ConnectOptions, Executor};

    use super::*;

    #[tokio::test]
    async fn a_full_disk_is_told_from_other_failures() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("full.db");
        let mut connection =
            SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await.unwrap();
        // SQLite answers the same code when the file may not grow as when the disk is full.
        connection.execute("PRAGMA max_page_count = 2; CREATE TABLE t (b BLOB)").await.unwrap();
        let full = connection.execute("INSERT INTO t VALUES (zeroblob(100000))").await.unwrap_err();
        let error = Error::of(&path, full);
        assert!(matches!(error, Error::DiskFull { .. }), "{error:?}");
        assert!(error.to_string().contains("no space left for database `"), "{error}");

        let typo = connection.execute("SELEKT").await.unwrap_err();
        assert!(matches!(Error::of(&path, typo), Error::Other { .. }));
    }
}
