//! Two processes at one database, and a process that dies.

use std::io::{BufRead, BufReader};
use std::process::Child;

use benchmark::store::Store;
use tempfile::TempDir;

use super::child::command;
use crate::fixture;

fn finished(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    // The harness of tests prints its own words in front of the first line.
    lines.filter_map(|line| Some(line.split_once("finished ")?.1.to_owned())).filter(|id| id.contains('-'))
}

#[tokio::test]
async fn two_processes_write_at_once_and_nothing_is_lost() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    let program = std::env::current_exe().unwrap();
    let mut children = ["write-a", "write-b"].map(|what| command(&program, what, store.path()).spawn().unwrap());
    for number in 0..10 {
        fixture::add(&store, &fixture::run(&format!("own-{number}"), "campaign-1", "hyper", "1.12")).await;
    }
    for child in &mut children {
        assert_eq!(finished(child).count(), 40);
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(store.campaigns().await.unwrap()[0].finished, 90);
}

#[tokio::test]
async fn what_was_finished_survives_kill_9() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    let path = store.path().to_owned();
    store.close().await;
    let mut child = command(&std::env::current_exe().unwrap(), "write-x", &path).spawn().unwrap();
    let said: Vec<String> = finished(&mut child).take(5).collect();
    child.kill().unwrap();
    child.wait().unwrap();

    let store = Store::open_existing(&path).await.unwrap();
    let cases = store.finished_cases(&Default::default()).await.unwrap();
    let stored = &store.read_cases(&cases).await.unwrap()[0].runs;
    let stored: Vec<&str> = stored.iter().map(|run| run.run_id.as_str()).collect();
    assert_eq!(said.len(), 5);
    assert_eq!(stored[..5], said, "{stored:?}");
}

#[tokio::test]
async fn a_new_database_may_be_opened_by_many_at_once() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("benchmark.db");
    let program = std::env::current_exe().unwrap();
    let children: Vec<Child> = (0..6).map(|_| command(&program, "open", &path).spawn().unwrap()).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("opened"), "{said}");
    }
}
