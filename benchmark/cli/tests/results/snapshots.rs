//! The bytes of each format, as they are.

use std::fs;

use benchmark::results::{Filter, Format, Output, write};
use tempfile::TempDir;

use crate::fixture;

async fn written(format: Format, per_replica: bool) -> String {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    fixture::add(&store, &fixture::run("run-1", "campaign-1", "reqwest", "0.13.5")).await;
    fixture::add(&store, &fixture::failed_run("run-2", "campaign-1")).await;
    let out = folder.path().join("out");
    write(&store, &Filter::default(), format, per_replica, &Output::File(out.clone())).await.unwrap();
    fs::read_to_string(out).unwrap()
}

#[tokio::test]
async fn csv_of_cases() {
    insta::assert_snapshot!(written(Format::Csv, false).await);
}

#[tokio::test]
async fn csv_of_replicas() {
    insta::assert_snapshot!(written(Format::Csv, true).await);
}

#[tokio::test]
async fn json_of_cases() {
    let text = written(Format::Json, false).await;
    serde_json::from_str::<serde_json::Value>(&text).unwrap();
    insta::assert_snapshot!(text.replace(",\"", ",\n  \""));
}

#[tokio::test]
async fn markdown_of_cases() {
    insta::assert_snapshot!(written(Format::Markdown, false).await);
}
