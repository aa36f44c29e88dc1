//! What is asked for, and what is said where there is nothing of it.

use benchmark::results::{CampaignFilter, Error, Filter, rows};
use benchmark::store::Store;
use tempfile::TempDir;

use super::read;
use crate::fixture;

/// Two campaigns: the later one was put into the database first, and its cases interleave trials.
async fn campaigns(folder: &TempDir) -> Store {
    let store = Store::open(&folder.path().join("benchmark.db")).await.unwrap();
    for number in [2, 1] {
        store.begin_campaign(&fixture::campaign(number), &fixture::host()).await.unwrap();
    }
    store.add_build(&fixture::build()).await.unwrap();
    for (run_id, campaign, library, version) in [
        ("1", "campaign-2", "reqwest", "0.13.5"),
        ("2", "campaign-2", "hyper", "1.12"),
        ("3", "campaign-1", "ureq", "3.5.1"),
        ("4", "campaign-2", "hyper", "1.12"),
        ("5", "campaign-1", "reqwest", "0.13.5"),
        ("6", "campaign-2", "reqwest", "0.13.5"),
    ] {
        fixture::add(&store, &fixture::run(run_id, campaign, library, version)).await;
    }
    store
}

fn filter(campaign: &str, library: Option<&str>, test: Option<&str>) -> Filter {
    Filter { campaign: campaign.parse().unwrap(), library: library.map(str::to_owned), test: test.map(str::to_owned) }
}

async fn run_ids(store: &Store, filter: &Filter) -> Vec<String> {
    read(store, filter, false).await.iter().map(|row| row["run_ids"].to_string()).collect()
}

#[tokio::test]
async fn rows_come_by_campaign_and_then_by_first_run() {
    let folder = TempDir::new().unwrap();
    let store = campaigns(&folder).await;
    assert_eq!(run_ids(&store, &Filter::default()).await, ["3", "5", "1 6", "2 4"]);
    let replicas = read(&store, &Filter::default(), true).await;
    let order: Vec<String> = replicas.iter().map(|row| format!("{}.{}", row["run_id"], row["replica_index"])).collect();
    assert_eq!(order, ["3.0", "3.1", "5.0", "5.1", "1.0", "1.1", "6.0", "6.1", "2.0", "2.1", "4.0", "4.1"]);
}

#[tokio::test]
async fn filters_narrow_the_rows() {
    let folder = TempDir::new().unwrap();
    let store = campaigns(&folder).await;
    assert_eq!(run_ids(&store, &filter("all", Some("reqwest"), None)).await, ["5", "1 6"]);
    assert_eq!(run_ids(&store, &filter("last", None, None)).await, ["1 6", "2 4"]);
    assert_eq!(run_ids(&store, &filter("campaign-1", Some("ureq"), Some("fetch_range"))).await, ["3"]);
}

#[tokio::test]
async fn an_unknown_name_is_answered_with_what_there_is() {
    let folder = TempDir::new().unwrap();
    let store = campaigns(&folder).await;
    for (filter, expected) in [
        (
            filter("campaign-9", None, None),
            "no results of campaign `campaign-9` in `DB` (known: campaign-1, campaign-2)",
        ),
        (filter("all", Some("curl"), None), "no results of library `curl` in `DB` (known: hyper, reqwest, ureq)"),
        (filter("all", None, Some("call_api")), "no results of test `call_api` in `DB` (known: fetch_range)"),
        (filter("last", Some("ureq"), None), "no finished run of campaign `campaign-2`, library `ureq` in `DB`"),
    ] {
        let error = rows(&store, &filter, false).await.unwrap_err();
        assert!(error.is_usage());
        assert_eq!(error.to_string(), expected.replace("DB", &store.path().display().to_string()));
    }
}

#[tokio::test]
async fn a_database_without_a_finished_run_is_no_mistake_of_the_command() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    fixture::begin(&store, &fixture::run("run-1", "campaign-1", "reqwest", "0.13.5")).await;
    for filter in [Filter::default(), filter("last", None, None), filter("campaign-1", None, None)] {
        let error = rows(&store, &filter, false).await.unwrap_err();
        assert!(matches!(error, Error::NoFinishedRun { .. }) && !error.is_usage(), "{error:?}");
        assert!(error.to_string().starts_with("no finished run in `"), "{error}");
    }
}

#[test]
fn campaigns_are_named_by_all_last_or_id() {
    assert_eq!("all".parse(), Ok(CampaignFilter::All));
    assert_eq!("last".parse(), Ok(CampaignFilter::Last));
    assert_eq!("x".parse(), Ok(CampaignFilter::Id("x".to_owned())));
}
