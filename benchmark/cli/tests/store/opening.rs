//! Opening files of every kind.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use benchmark::store::{Error, Selection, Store};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;

use super::child::command;
use crate::fixture;

async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).create_if_missing(true).connect().await.unwrap()
}

async fn execute(path: &Path, statement: &'static str) {
    let mut connection = raw(path).await;
    sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// A closed database with one campaign.
async fn database(folder: &TempDir) -> PathBuf {
    let store = fixture::store(folder.path()).await;
    let path = store.path().to_owned();
    store.close().await;
    path
}

#[tokio::test]
async fn a_database_is_created_and_opens_again() {
    let folder = TempDir::new().unwrap();
    let path = database(&folder).await;
    for store in [Store::open(&path).await.unwrap(), Store::open_existing(&path).await.unwrap()] {
        assert_eq!(store.campaigns().await.unwrap().len(), 1);
        store.close().await;
    }
    let mut connection = raw(&path).await;
    let pragmas: (String, i64, i64) = sqlx::query_as(
        "SELECT journal_mode, application_id, user_version \
         FROM pragma_journal_mode, pragma_application_id, pragma_user_version",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(pragmas, ("wal".to_owned(), 0x424E_4348, 11));
}

#[tokio::test]
async fn reading_needs_a_database_and_leaves_none_behind() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("benchmark.db");
    let error = Store::open_existing(&path).await.unwrap_err();
    let path_text = path.display();
    let expected =
        format!("no database at `{path_text}`: run `benchmark run-all --db {path_text}` first, or name one with --db");
    assert!(matches!(error, Error::NotFound { .. }));
    assert_eq!(error.to_string(), expected);
    assert!(!path.exists());

    fs::write(&path, "").unwrap();
    assert_eq!(Store::open_existing(&path).await.unwrap_err().to_string(), expected);
}

#[tokio::test]
async fn a_missing_folder_is_not_made_up() {
    let folder = TempDir::new().unwrap();
    let error = Store::open(&folder.path().join("missing/benchmark.db")).await.unwrap_err();
    assert!(matches!(error, Error::NoFolder { .. }), "{error:?}");
    assert!(error.to_string().contains("missing/benchmark.db`: its folder does not exist"), "{error}");
    assert!(!folder.path().join("missing").exists());
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("notes.txt");
    let text = "these are notes\n".repeat(100);
    fs::write(&path, &text).unwrap();
    for error in [Store::open(&path).await.unwrap_err(), Store::open_existing(&path).await.unwrap_err()] {
        assert!(matches!(error, Error::NotADatabase { .. }), "{error:?}");
        assert!(error.to_string().contains("notes.txt` is not a SQLite database"), "{error}");
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), text);

    let error = Store::open(folder.path()).await.unwrap_err();
    assert!(matches!(error, Error::NotADatabase { .. }), "{error:?}");
}

#[tokio::test]
async fn a_damaged_database_is_told_from_a_good_one() {
    let folder = TempDir::new().unwrap();
    let path = database(&folder).await;
    let mut bytes = fs::read(&path).unwrap();
    // The first page keeps its magic number; the tree of the schema below it is overwritten.
    bytes[100..4_096].fill(0xAA);
    fs::write(&path, bytes).unwrap();
    let error = Store::open_existing(&path).await.unwrap_err();
    assert!(matches!(error, Error::NotADatabase { .. }), "{error:?}");
}

#[tokio::test]
async fn the_database_of_another_application_is_left_as_it_is() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("places.sqlite");
    execute(&path, "CREATE TABLE bookmarks (url TEXT)").await;
    let before = fs::read(&path).unwrap();
    for error in [Store::open(&path).await.unwrap_err(), Store::open_existing(&path).await.unwrap_err()] {
        assert!(matches!(error, Error::Foreign { .. }), "{error:?}");
        assert!(error.to_string().contains("places.sqlite` is the database of another application"), "{error}");
    }
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    for newer in [
        "PRAGMA user_version = 12",
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (12, 'later', TRUE, x'00', 0)",
    ] {
        let folder = TempDir::new().unwrap();
        let path = database(&folder).await;
        execute(&path, newer).await;
        for error in [Store::open(&path).await.unwrap_err(), Store::open_existing(&path).await.unwrap_err()] {
            assert!(matches!(error, Error::Newer { found: 12, known: 11, .. }), "{error:?}");
            assert!(
                error.to_string().contains("written by a newer benchmark (schema 12, this one knows 11)"),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn a_schema_of_the_same_number_but_other_content_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = database(&folder).await;
    execute(&path, "UPDATE _sqlx_migrations SET checksum = x'00'").await;
    let error = Store::open(&path).await.unwrap_err();
    assert!(matches!(error, Error::Incompatible { version: 1, .. }), "{error:?}");
}

#[tokio::test]
async fn a_short_lock_is_waited_for_and_a_long_one_is_named() {
    let folder = TempDir::new().unwrap();
    let path = database(&folder).await;
    let store = Store::open(&path).await.unwrap();
    let mut other = raw(&path).await;
    let held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let begin = async {
        store.begin_campaign(&fixture::campaign(2), &fixture::host()).await.unwrap();
    };
    let release = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        held.rollback().await.unwrap();
    };
    tokio::join!(begin, release);

    let _held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let campaign = fixture::campaign(3);
    let host = fixture::host();
    let (begun, opened) = tokio::join!(store.begin_campaign(&campaign, &host), Store::open(&path));
    for error in [begun.unwrap_err(), opened.unwrap_err()] {
        assert!(matches!(error, Error::Locked { .. }), "{error:?}");
        assert!(error.to_string().contains("benchmark.db` is locked by another process: wait"), "{error}");
    }
    // Readers do not wait for a writer.
    assert_eq!(Store::open_existing(&path).await.unwrap().campaigns().await.unwrap().len(), 2);
}

/// Runs a child that may not write: as somebody else where this is root, who may write anywhere.
fn as_nobody(folder: &TempDir, what: &str, path: &Path) -> String {
    let program = folder.path().join("child");
    // By another process: what a thread beside this one starts would inherit a file that is being written, and nobody can run it then.
    let copied = Command::new("cp").args([&std::env::current_exe().unwrap(), &program]).status().unwrap();
    assert!(copied.success());
    let mut command = command(&program, what, path);
    if fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own)).unwrap() == 0 {
        command.uid(65_534).gid(65_534);
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let output = command.output().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn a_read_only_folder_can_be_read_and_not_written() {
    let folder = TempDir::new().unwrap();
    let path = database(&folder).await;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    let said = as_nobody(&folder, "read", &path);
    assert!(said.contains("campaigns: 1"), "{said}");
    let said = as_nobody(&folder, "open", &path);
    assert!(said.contains("benchmark.db`") && said.contains("writable"), "{said}");
}

#[tokio::test]
async fn a_read_only_folder_with_an_unfinished_log_is_refused_rather_than_misread() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    let copy = TempDir::new().unwrap();
    // As after a crash: the file, and beside it a log with the newest transactions.
    for suffix in ["", "-wal"] {
        let name = format!("benchmark.db{suffix}");
        fs::copy(folder.path().join(&name), copy.path().join(&name)).unwrap();
    }
    store.close().await;
    let path = copy.path().join("benchmark.db");
    let said = as_nobody(&copy, "read", &path);
    assert!(said.contains("benchmark.db`") && said.contains("writable"), "{said}");
    assert_eq!(Store::open_existing(&path).await.unwrap().campaigns().await.unwrap().len(), 1);
}

/// A database as this version of the schema knew it: made by the migrations up to there.
async fn of_version(folder: &TempDir, version: usize) -> PathBuf {
    let path = folder.path().join(format!("version-{version}.db"));
    let migrations = folder.path().join(format!("migrations-{version}"));
    fs::create_dir(&migrations).unwrap();
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let mut names: Vec<_> = fs::read_dir(&all).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    for name in &names[..version] {
        fs::copy(all.join(name), migrations.join(name)).unwrap();
    }
    let mut connection = raw(&path).await;
    sqlx::migrate::Migrator::new(migrations).await.unwrap().run(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    path
}

#[tokio::test]
async fn a_database_of_the_first_version_is_brought_up_to_date_with_what_it_holds() {
    let folder = TempDir::new().unwrap();
    let path = of_version(&folder, 1).await;
    execute(
        &path,
        "INSERT INTO hosts (name, cpu_model, cpus, memory_bytes, kernel) VALUES ('host', 'cpu', 2, 1, 'kernel'); \
         INSERT INTO campaigns (campaign_id, host_id, status, started_us, command, seed, harness, boot_id, pid, start_ticks) \
         VALUES ('old', 1, 'finished', 1, 'benchmark run-all', '1', 'benchmark 0.1.0', 'boot', 1, 1);",
    )
    .await;
    let store = Store::open_existing(&path).await.unwrap();
    assert_eq!(store.campaigns().await.unwrap()[0].campaign_id, "old");
    store.begin_campaign(&fixture::campaign(1), &fixture::host()).await.unwrap();
    fixture::add(&store, &fixture::run("run-1", "campaign-1", "hyper", "1.12")).await;
    assert_eq!(store.campaigns().await.unwrap().len(), 2);
    store.close().await;
}

#[tokio::test]
async fn a_database_of_version_3_opens_with_all_its_rows() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    for library in ["hyper", "reqwest"] {
        fixture::add(&store, &fixture::run(&format!("run-{library}"), "campaign-1", library, "1.12")).await;
    }
    let cases = |store: Store| async move {
        let ids = store.finished_cases(&Selection::default()).await.unwrap();
        let read = (store.campaigns().await.unwrap(), store.read_cases(&ids).await.unwrap());
        store.close().await;
        read
    };
    let today = store.path().to_owned();
    let written = cases(store).await;
    assert_eq!(written.1.len(), 2);

    // The same rows, in the columns that version 3 had.
    let path = of_version(&folder, 3).await;
    let options = SqliteConnectOptions::new().filename(&path).foreign_keys(false);
    let mut connection = options.connect().await.unwrap();
    sqlx::query("ATTACH ? AS today").bind(today.to_str().unwrap()).execute(&mut connection).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '%migrations'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    for table in &tables {
        let columns: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info(?, 'main')")
            .bind(table)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let columns = columns.join(", ");
        let copy = format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM today.{table}");
        sqlx::query(sqlx::AssertSqlSafe(copy)).execute(&mut connection).await.unwrap();
    }
    assert!(tables.len() > 8, "{tables:?}");
    connection.close().await.unwrap();
    let (campaigns, mut today) = written;
    // What came after version 3 was not kept then.
    for run in today.iter_mut().flat_map(|case| &mut case.runs) {
        (run.summary.requests_issued, run.summary.clock_uncertainty_ns, run.parses) = (None, None, None);
        let audit = run.audit.as_mut().unwrap();
        (audit.operations, audit.answered, audit.taken_bytes) = (None, None, None);
    }
    assert_eq!(cases(Store::open_existing(&path).await.unwrap()).await, (campaigns, today));
}
