//! What may not be compared, with which words; and what `force` makes of it.

use benchmark::compare::{Request, Sides, compare};
use benchmark::exit::Usage;
use benchmark::machine::Host;
use benchmark::store::Store;
use tempfile::TempDir;

use super::{add, campaigns, case, libraries, request, runs, store, store_on};
use crate::fixture;

/// The words of the refusal, and the warnings with `force`.
async fn refused(store: &Store, sides: Sides) -> (String, Vec<String>) {
    let error = compare(store, &request(sides.clone())).await.unwrap_err();
    assert!(error.is::<Usage>(), "{error:?}");
    let forced = compare(store, &Request { force: true, ..request(sides) }).await.unwrap();
    assert!(!forced.rows.is_empty());
    (error.to_string(), forced.warnings)
}

#[tokio::test]
async fn different_hosts_are_refused() {
    let folder = TempDir::new().unwrap();
    let other = Host { name: "bench-2".to_owned(), memory_bytes: 64_000_000_000, ..fixture::host() };
    let store = store_on(folder.path(), &other).await;
    add(&store, runs(&case(1, "hyper", 60_000, 5))).await;
    add(&store, runs(&case(2, "hyper", 60_000, 5))).await;
    let differ = "hosts differ: host `bench-1` in A, `bench-2` in B; memory `32 GB` in A, `64 GB` in B";
    let (refusal, warnings) = refused(&store, campaigns()).await;
    assert_eq!(
        refusal,
        format!(
            "not comparable: {differ} (narrow it with --test or --library, or compare all the same with `--force`)"
        )
    );
    assert_eq!(warnings, [differ]);
}

#[tokio::test]
async fn a_few_megabytes_are_the_same_host() {
    let folder = TempDir::new().unwrap();
    let other = Host { memory_bytes: fixture::host().memory_bytes - 5_000_000, ..fixture::host() };
    let store = store_on(folder.path(), &other).await;
    add(&store, runs(&case(1, "hyper", 60_000, 5))).await;
    add(&store, runs(&case(2, "hyper", 60_000, 5))).await;
    assert_eq!(compare(&store, &request(campaigns())).await.unwrap().warnings, [""; 0]);
}

#[tokio::test]
async fn different_parameters_are_refused() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path()).await;
    add(&store, runs(&case(1, "hyper", 60_000, 5))).await;
    let mut other = runs(&case(2, "hyper", 60_000, 5));
    other.iter_mut().for_each(|run| run.case.load.concurrency = 64);
    add(&store, other).await;
    let (refusal, warnings) = refused(&store, campaigns()).await;
    let differ = "parameters of hyper fetch_range differ: concurrency `32` in A, `64` in B";
    assert!(refusal.contains(differ), "{refusal}");
    assert_eq!(warnings, [differ]);
}

#[tokio::test]
async fn invalid_runs_are_refused_and_never_become_figures() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path()).await;
    add(&store, runs(&case(1, "hyper", 60_000, 6))).await;
    let mut invalid = runs(&case(1, "reqwest", 60_000, 6));
    invalid[4].invalid_reasons = vec!["failures: 1 %".into()];
    add(&store, invalid).await;
    let sides = libraries("hyper", "reqwest");
    let (refusal, warnings) = refused(&store, sides.clone()).await;
    let says = "1 of 6 runs of reqwest fetch_range in B are invalid";
    assert!(refusal.contains(says), "{refusal}");
    assert_eq!(warnings, [says]);
    let forced = compare(&store, &Request { force: true, ..request(sides) }).await.unwrap();
    assert_eq!(forced.rows[0].comparison.trials, [5, 5]);
}

#[tokio::test]
async fn what_has_no_counterpart_is_listed() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path()).await;
    for (campaign, library) in [(1, "hyper"), (1, "ureq"), (2, "hyper"), (2, "reqwest")] {
        add(&store, runs(&case(campaign, library, 60_000, 5))).await;
    }
    let report = compare(&store, &request(campaigns())).await.unwrap();
    assert_eq!(report.alone, [["ureq fetch_range"], ["reqwest fetch_range"]].map(|of| of.map(str::to_owned).to_vec()));
    assert_eq!(report.rows.len(), 3);
    let narrowed = Request { library: Some("ureq".to_owned()), ..request(campaigns()) };
    let error = compare(&store, &narrowed).await.unwrap_err().to_string();
    assert_eq!(error, "nothing to compare: A has ureq fetch_range, B has no finished run");
}
