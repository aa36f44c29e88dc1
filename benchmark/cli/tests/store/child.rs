//! What the tests of several processes run in a second one: this binary again, told by a variable what to do.

use std::path::Path;
use std::process::{Command, Stdio};

use benchmark::results::{self, Filter, Format, Output};
use benchmark::store::Store;

use crate::fixture;

const WHAT: &str = "BENCHMARK_TEST_CHILD";

/// A command that does `what` to the database at `path`.
pub(crate) fn command(program: &Path, what: &str, path: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["store::child::child", "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(WHAT, format!("{what} {}", path.display())).stdout(Stdio::piped()).stderr(Stdio::inherit());
    command
}

#[tokio::test]
#[ignore = "the second process of other tests"]
async fn child() {
    let what = std::env::var(WHAT).expect("set by the test that starts this");
    let (what, path) = what.split_once(' ').unwrap();
    match what.split_once('-').unwrap_or((what, "")) {
        ("write", prefix) => write(Path::new(path), prefix).await,
        ("read", _) => read(Path::new(path)).await,
        ("open", _) => match Store::open(Path::new(path)).await {
            Ok(_) => println!("opened"),
            Err(error) => println!("{error}"),
        },
        ("stdout", _) => to_stdout(Path::new(path)).await,
        other => panic!("{other:?}"),
    }
}

/// Finishes runs, one after the other, and says each once it is stored.
async fn write(path: &Path, prefix: &str) {
    let store = Store::open(path).await.unwrap();
    for number in 0..40 {
        let run = fixture::run(&format!("{prefix}-{number}"), "campaign-1", "reqwest", "0.13.5");
        fixture::add(&store, &run).await;
        println!("finished {}", run.run_id);
    }
}

/// Writes results to a stdout that nobody reads any more, and says in a file what came of it.
async fn to_stdout(path: &Path) {
    let store = Store::open_existing(path).await.unwrap();
    std::fs::write(path.with_file_name("started"), "").unwrap();
    while !path.with_file_name("closed").exists() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let written = results::write(&store, &Filter::default(), Format::Csv, false, &Output::Stdout).await;
    std::fs::write(path.with_file_name("outcome"), format!("{:?}", written.map_err(|error| error.to_string())))
        .unwrap();
}

async fn read(path: &Path) {
    match Store::open_existing(path).await {
        Ok(store) => println!("campaigns: {}", store.campaigns().await.unwrap().len()),
        Err(error) => println!("{error}"),
    }
}
