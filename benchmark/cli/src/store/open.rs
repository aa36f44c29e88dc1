//! Opening the database: create it, bring its schema up to date, and refuse what is not ours.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Sqlite, SqliteConnection, Transaction};

use super::error::{Error, sqlite_code};

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// The migration's `PRAGMA application_id`: "BNCH".
const APPLICATION_ID: i64 = 0x424E_4348;

/// How long a statement waits for another process to finish writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// An open database.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) pool: SqlitePool,
    path: PathBuf,
}

/// What a SQLite file turned out to be.
enum Content {
    /// Nothing was ever written to it.
    Empty,
    /// A database of ours, with all migrations known here.
    Current,
    /// A database of ours that lacks the newest migrations.
    Older,
}

impl Store {
    /// Opens the database for writing; creates it where there is none.
    ///
    /// # Errors
    /// Whatever [`Error`] names: a missing folder, a file that is not ours or newer, one that is locked or read-only.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if folder.is_some_and(|folder| !folder.is_dir()) {
            return Err(Error::NoFolder { path: path.to_owned() });
        }
        let mut connection = connect(path, &options(path)?.create_if_missing(true)).await?;
        // Before anything is written: a file that is not ours stays as it is.
        content(path, &mut connection).await?;
        enter_wal(path, &mut connection).await?;
        migrate(path, &mut connection).await?;
        close(path, connection).await?;
        Self::with(path, options(path)?).await
    }

    /// Opens a database that must be there, for reading. Works on a read-only file or folder too, as long as no
    /// unfinished write-ahead log lies beside it.
    ///
    /// # Errors
    /// Whatever [`Error`] names; [`Error::NotFound`] where there is no database, or an empty one.
    pub async fn open_existing(path: &Path) -> Result<Self, Error> {
        if !path.exists() {
            return Err(Error::NotFound { path: path.to_owned() });
        }
        let mut writable = true;
        let mut options = options(path)?;
        let first_look = async {
            let mut connection = connect(path, &options).await?;
            let content = content(path, &mut connection).await?;
            Ok((connection, content))
        };
        let (mut connection, content) = match first_look.await {
            Err(Error::CannotOpen { .. } | Error::ReadOnly { .. }) if !has_log(path) => {
                // A database in WAL mode wants to create files beside itself even to be read. Where it may not, and no
                // log lies there, the file alone is the whole truth.
                writable = false;
                options = options.read_only(true).immutable(true);
                let mut connection = connect(path, &options).await?;
                let content = content(path, &mut connection).await?;
                (connection, content)
            }
            other => other?,
        };
        match content {
            Content::Empty => return Err(Error::NotFound { path: path.to_owned() }),
            Content::Older if writable => migrate(path, &mut connection).await?,
            // Without the newer tables and columns the queries would fail one by one.
            Content::Older => {
                let source = sqlx::Error::Protocol("its schema is older and cannot be brought up to date".to_owned());
                return Err(Error::ReadOnly { path: path.to_owned(), source });
            }
            Content::Current => {}
        }
        close(path, connection).await?;
        Self::with(path, options).await
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what is left of the log into the file and closes it.
    pub async fn close(self) {
        self.pool.close().await;
    }

    /// One connection: SQLite has one writer at a time anyway, and a second connection of our own would only wait for
    /// the first. It lives as long as the store, so that a file deleted meanwhile is not silently begun anew.
    async fn with(path: &Path, options: SqliteConnectOptions) -> Result<Self, Error> {
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(options)
            .await
            .map_err(|error| Error::of(path, error))?;
        Ok(Self { pool, path: path.to_owned() })
    }

    /// A transaction that takes the write lock at once: one that began by reading could not wait for another writer
    /// (SQLITE_BUSY_SNAPSHOT), it could only fail.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, Error> {
        self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(|error| self.error(error))
    }

    pub(super) fn error(&self, error: sqlx::Error) -> Error {
        Error::of(&self.path, error)
    }
}

/// `synchronous = FULL`: a commit is synced to the disk. A killed process loses nothing even with NORMAL, as the log is
/// written before the commit returns; FULL keeps a finished run through a power cut too, and costs one sync per run.
fn options(path: &Path) -> Result<SqliteConnectOptions, Error> {
    // Absolute, because SQLite reads a relative name that begins with `file:` as a URI.
    let absolute =
        std::path::absolute(path).map_err(|error| Error::CannotOpen { path: path.to_owned(), source: error.into() })?;
    Ok(SqliteConnectOptions::new()
        .filename(absolute)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging())
}

async fn connect(path: &Path, options: &SqliteConnectOptions) -> Result<SqliteConnection, Error> {
    if path.is_dir() {
        return Err(Error::NotADatabase { path: path.to_owned(), source: None });
    }
    options.connect().await.map_err(|error| Error::of(path, error))
}

async fn close(path: &Path, connection: SqliteConnection) -> Result<(), Error> {
    connection.close().await.map_err(|error| Error::of(path, error))
}

/// Looks at a file without changing it.
async fn content(path: &Path, connection: &mut SqliteConnection) -> Result<Content, Error> {
    let failed = |error| Error::of(path, error);
    let (application_id, version, objects): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), \
                (SELECT COUNT(*) FROM sqlite_schema)",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(failed)?;
    if application_id == 0 && objects == 0 {
        return Ok(Content::Empty);
    }
    if application_id != APPLICATION_ID {
        return Err(Error::Foreign { path: path.to_owned() });
    }
    let known = newest();
    let newer = |found| Error::Newer { path: path.to_owned(), found, known };
    if version > known {
        return Err(newer(version));
    }
    let applied: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations ORDER BY version")
            .fetch_all(connection)
            .await
            .map_err(failed)?;
    for (version, checksum) in &applied {
        match MIGRATIONS.iter().find(|migration| migration.version == *version) {
            None => return Err(newer(*version)),
            Some(known) if known.checksum[..] != checksum[..] => {
                return Err(Error::Incompatible { path: path.to_owned(), version: *version });
            }
            Some(_) => {}
        }
    }
    Ok(if applied.len() == MIGRATIONS.iter().count() { Content::Current } else { Content::Older })
}

/// Switches to write-ahead logging, where readers and one writer do not wait for each other. The switch needs the file
/// for itself and does not honour the busy timeout, hence the loop.
async fn enter_wal(path: &Path, connection: &mut SqliteConnection) -> Result<(), Error> {
    let deadline = Instant::now() + BUSY_TIMEOUT;
    loop {
        match sqlx::query("PRAGMA journal_mode = WAL").execute(&mut *connection).await {
            Ok(_) => return Ok(()),
            Err(error) if matches!(sqlite_code(&error), Some(5 | 6)) && Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => return Err(Error::of(path, error)),
        }
    }
}

/// Applies what is missing, all of it or nothing, while nobody else writes: two harnesses that start on a new database
/// at once find it made by the other.
async fn migrate(path: &Path, connection: &mut SqliteConnection) -> Result<(), Error> {
    let failed = |error| Error::of(path, error);
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    if !matches!(content(path, &mut transaction).await?, Content::Current) {
        MIGRATIONS.run_direct(None, &mut *transaction, false).await.map_err(|error| match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => failed(error),
            error => failed(sqlx::Error::Migrate(Box::new(error))),
        })?;
    }
    transaction.commit().await.map_err(failed)
}

fn newest() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// Whether a write-ahead log with something in it lies beside the file.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(PathBuf::from(log)).is_ok_and(|log| log.len() > 0)
}
