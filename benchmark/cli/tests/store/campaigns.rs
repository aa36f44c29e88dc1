//! Campaigns come, end, and are found dead.

use benchmark::campaign::Campaign;
use benchmark::machine::{self, ProcessIdentity};
use benchmark::store::{CampaignStatus, Error, Store};
use tempfile::TempDir;

use crate::fixture::{self, START_US};

#[tokio::test]
async fn a_campaign_counts_its_runs_by_verdict() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    fixture::add(&store, &fixture::run("run-1", "campaign-1", "reqwest", "0.13.5")).await;
    fixture::add(&store, &fixture::run("run-2", "campaign-1", "hyper", "1.12")).await;
    fixture::add(&store, &fixture::failed_run("run-3", "campaign-1")).await;
    fixture::begin(&store, &fixture::run("run-4", "campaign-1", "reqwest", "0.13.5")).await;
    store.interrupt_run("run-4", START_US).await.unwrap();
    fixture::begin(&store, &fixture::run("run-5", "campaign-1", "reqwest", "0.13.5")).await;
    store.begin_campaign(&fixture::campaign(2), &fixture::host()).await.unwrap();

    let campaigns = store.campaigns().await.unwrap();
    let first = &campaigns[0];
    assert_eq!((first.campaign_id.as_str(), first.status), ("campaign-1", CampaignStatus::Running));
    assert_eq!((first.finished, first.valid, first.invalid, first.interrupted, first.running), (3, 2, 1, 1, 1));
    assert_eq!(first.command, "benchmark run-all --seed 7");
    assert_eq!((campaigns[1].campaign_id.as_str(), campaigns[1].finished), ("campaign-2", 0));

    store.end_campaign("campaign-1", CampaignStatus::Interrupted, START_US + 1).await.unwrap();
    let first = &store.campaigns().await.unwrap()[0];
    assert_eq!((first.status, first.ended_us), (CampaignStatus::Interrupted, Some(START_US + 1)));
    assert_eq!((first.finished, first.interrupted, first.running), (3, 2, 0));
}

#[tokio::test]
async fn only_what_a_dead_harness_left_is_marked() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    store.begin_campaign(&fixture::campaign(2), &fixture::host()).await.unwrap();
    store.begin_campaign(&fixture::campaign(3), &fixture::host()).await.unwrap();
    store.end_campaign("campaign-3", CampaignStatus::Finished, START_US).await.unwrap();
    fixture::add(&store, &fixture::run("dead-1", "campaign-1", "reqwest", "0.13.5")).await;
    fixture::begin(&store, &fixture::run("dead-2", "campaign-1", "reqwest", "0.13.5")).await;
    fixture::begin(&store, &fixture::run("alive", "campaign-2", "reqwest", "0.13.5")).await;

    let alive = fixture::campaign(2).process;
    assert_eq!(store.mark_interrupted(|process| *process != alive).await.unwrap(), ["campaign-1"]);
    let campaigns = store.campaigns().await.unwrap();
    let states: Vec<_> = campaigns.iter().map(|c| (c.status, c.finished, c.interrupted, c.running)).collect();
    assert_eq!(
        states,
        [
            (CampaignStatus::Interrupted, 1, 1, 0),
            (CampaignStatus::Running, 0, 0, 1),
            (CampaignStatus::Finished, 0, 0, 0)
        ]
    );
    assert!(store.mark_interrupted(|process| *process != alive).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_campaign_of_another_place_is_neither_dead_nor_to_be_had() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    let here = machine::this_process();
    // The pid of a process that does not run, in a namespace and on a host that nobody sees from here.
    let elsewhere = ProcessIdentity { start_ticks: 1, place: Some("pid[1]:far:away".to_owned()), ..here.clone() };
    let far = Campaign { process: elsewhere.clone(), ..fixture::campaign(2) };
    store.begin_campaign(&far, &fixture::host()).await.unwrap();
    // Campaign 1 has the boot of nowhere, and no place: what a version before places left.
    assert_eq!(store.mark_interrupted(machine::is_dead).await.unwrap(), ["campaign-1"]);
    let owner = store.take_campaign("campaign-2", &here, machine::is_dead).await.unwrap();
    assert_eq!(owner.as_ref(), Some(&elsewhere));
    assert_eq!(owner.unwrap().host(), Some("far"));
    // Who knows better may have it all the same.
    assert_eq!(store.take_campaign("campaign-2", &here, |_| true).await.unwrap(), None);
    assert_eq!(store.take_campaign("campaign-2", &here, machine::is_dead).await.unwrap(), Some(here));
}

#[tokio::test]
async fn of_two_that_want_a_campaign_at_once_one_gets_it() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    store.end_campaign("campaign-1", CampaignStatus::Interrupted, START_US).await.unwrap();
    let other = Store::open(store.path()).await.unwrap();
    let [one, two] = [2, 3].map(|number| fixture::campaign(number).process);
    let nobody = |_: &ProcessIdentity| false;
    let (first, second) =
        tokio::join!(store.take_campaign("campaign-1", &one, nobody), other.take_campaign("campaign-1", &two, nobody));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert!(matches!((&first, &second), (None, Some(owner)) if *owner == one) || (first, second) == (Some(two), None));
    assert_eq!(store.campaigns().await.unwrap()[0].status, CampaignStatus::Running);
    let error = store.take_campaign("campaign-9", &one, nobody).await.unwrap_err();
    assert!(error.to_string().contains("`campaign-9`"), "{error}");
}

#[tokio::test]
async fn a_campaign_that_is_not_there_is_named() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    let error = store.end_campaign("campaign-9", CampaignStatus::Finished, START_US).await.unwrap_err();
    assert!(matches!(error, Error::NoCampaign { .. }), "{error:?}");
    assert!(error.to_string().contains("`campaign-9`"), "{error}");
}
