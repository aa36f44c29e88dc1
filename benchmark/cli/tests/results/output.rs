//! Results land whole or not at all.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Stdio;

use benchmark::results::{Error, Filter, Format, Output, write};
use benchmark::store::Store;
use tempfile::TempDir;

use crate::fixture;

async fn store(folder: &TempDir) -> Store {
    let store = fixture::store(folder.path()).await;
    fixture::add(&store, &fixture::run("run-1", "campaign-1", "reqwest", "0.13.5")).await;
    store
}

async fn write_to(store: &Store, path: &Path) -> Result<u64, Error> {
    write(store, &Filter::default(), Format::Csv, false, &Output::File(path.to_owned())).await
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_file_is_replaced_whole_and_keeps_its_permissions() {
    let (folder, out) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let store = store(&folder).await;
    let path = out.path().join("out.csv");
    fs::write(&path, "old\n".repeat(10_000)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(write_to(&store, &path).await.unwrap(), 1);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("library_name,test_name,") && text.lines().count() == 2, "{text}");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(names(out.path()), ["out.csv"]);
}

#[tokio::test]
async fn a_link_stays_a_link() {
    let (folder, out) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let store = store(&folder).await;
    fs::write(out.path().join("real.csv"), "old").unwrap();
    symlink("real.csv", out.path().join("link.csv")).unwrap();
    write_to(&store, &out.path().join("link.csv")).await.unwrap();
    assert!(fs::symlink_metadata(out.path().join("link.csv")).unwrap().is_symlink());
    assert!(fs::read_to_string(out.path().join("real.csv")).unwrap().starts_with("library_name,"));
}

#[tokio::test]
async fn a_failure_halfway_leaves_the_old_file_and_nothing_else() {
    let (folder, out) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let store = store(&folder).await;
    // A second trial makes the row pooled, and a damaged histogram makes pooling fail after the header was written.
    fixture::add(&store, &fixture::run("run-2", "campaign-1", "reqwest", "0.13.5")).await;
    let mut connection = connect(store.path()).await;
    sqlx::query("UPDATE run_histograms SET latency = x'00'").execute(&mut connection).await.unwrap();
    let path = out.path().join("out.csv");
    fs::write(&path, "old").unwrap();
    let error = write_to(&store, &path).await.unwrap_err();
    assert!(error.to_string().contains("run `run-1`: its stored histogram is damaged"), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(names(out.path()), ["out.csv"]);
}

#[tokio::test]
async fn without_rows_no_file_is_made() {
    let (folder, out) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let store = fixture::store(folder.path()).await;
    assert!(write_to(&store, &out.path().join("out.csv")).await.is_err());
    assert!(names(out.path()).is_empty());
}

#[tokio::test]
async fn what_cannot_be_written_is_named() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder).await;
    for path in ["/nonexistent/out.csv", "/proc/out.csv", "/dev/full", folder.path().to_str().unwrap()] {
        let error = write_to(&store, Path::new(path)).await.unwrap_err();
        assert!(matches!(error, Error::Output { .. }) && !error.is_usage(), "{error:?}");
        assert_eq!(error.to_string(), format!("cannot write `{path}`"));
    }
}

#[tokio::test]
async fn what_is_no_regular_file_is_written_to_and_not_replaced() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder).await;
    assert_eq!(write_to(&store, Path::new("/dev/null")).await.unwrap(), 1);
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_is_no_error() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder).await;
    let program = std::env::current_exe().unwrap();
    let mut command = crate::store::child::command(&program, "stdout", store.path());
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    while !folder.path().join("started").exists() {
        assert!(child.try_wait().unwrap().is_none());
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    drop(child.stdout.take());
    fs::write(folder.path().join("closed"), "").unwrap();
    // The harness of tests inside the child fails over the closed stdout; only what it wrote counts.
    child.wait().unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("outcome")).unwrap(), "Ok(0)");
}

#[test]
fn a_dash_is_stdout() {
    assert_eq!(Output::from("-"), Output::Stdout);
    assert_eq!(Output::from("out.csv"), Output::File("out.csv".into()));
}

async fn connect(path: &Path) -> sqlx::SqliteConnection {
    sqlx::ConnectOptions::connect(&sqlx::sqlite::SqliteConnectOptions::new().filename(path)).await.unwrap()
}
