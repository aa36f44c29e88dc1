//! Cases of one campaign by the keys of suites: what neither side names must be equal.

use benchmark::case::{Case, Rate, RunnerName};
use benchmark::run::Run;
use benchmark::store::Store;
use benchmark_protocol::parameter::Values;
use benchmark_protocol::tests::Test;
use serde_json::Value;
use tempfile::TempDir;

use super::command::benchmark;
use super::{add, case, runs, store};

/// Five runs of a case of campaign 1 at a rate, its options changed.
fn changed(library: &'static str, rate: u64, change: impl Fn(&mut Case)) -> Vec<Run> {
    let mut runs = runs(&case(1, library, rate, 5));
    for (index, run) in runs.iter_mut().enumerate() {
        change(&mut run.case);
        let key = benchmark::case::case_key(&run.case);
        run.run_id = format!("{index}-{key}");
    }
    runs
}

fn request_size(case: &mut Case, size: &str) {
    case.params = Values::new(Test::named("fetch_range").unwrap().parameters(), [("request_size", size)]).unwrap();
}

fn concurrency(case: &mut Case, concurrency: u32) {
    (case.load.concurrency, case.load.pool_size) = (concurrency, concurrency);
}

/// A sweep of two libraries over concurrency and request size, an open loop and a container.
async fn database() -> TempDir {
    let folder = TempDir::new().unwrap();
    let store: Store = store(folder.path()).await;
    for (library, rate) in [("hyper", 60_000), ("reqwest", 50_000)] {
        for (slots, size, factor) in [(8, "4KiB", 10), (64, "4KiB", 8), (8, "64KiB", 5), (64, "64KiB", 4)] {
            let rate = rate * factor / 10;
            add(
                &store,
                changed(library, rate, |case| {
                    concurrency(case, slots);
                    request_size(case, size);
                }),
            )
            .await;
        }
    }
    add(&store, changed("ureq", 9_000, |case| case.load.rate = Some(Rate::OfCapacity(0.5)))).await;
    add(&store, changed("ureq", 9_500, |_| ())).await;
    add(&store, changed("ureq", 8_000, |case| case.runner = RunnerName::Compose)).await;
    store.close().await;
    folder
}

fn compare(folder: &TempDir, arguments: &[&str]) -> (i32, Value, String) {
    let arguments = [&["compare", "--campaign", "campaign-1", "--by", "rate", "--format", "json"], arguments].concat();
    let (code, stdout, stderr) = benchmark(folder, &arguments);
    (code, serde_json::from_str(&stdout).unwrap_or_default(), stderr)
}

/// Library, workload, verdict and ratio of each pair.
fn pairs(report: &Value) -> Vec<(String, String, String, f64)> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or("-").to_owned();
    let pair = |row: &Value| {
        let ratio = (row["ratio"].as_f64().unwrap() * 1000.0).round() / 1000.0;
        (text(row, "library"), text(row, "workload"), text(row, "verdict"), ratio)
    };
    report["comparisons"].as_array().unwrap().iter().map(pair).collect()
}

fn pair(library: &str, workload: &str, verdict: &str, ratio: f64) -> (String, String, String, f64) {
    (library.to_owned(), workload.to_owned(), verdict.to_owned(), ratio)
}

#[tokio::test]
async fn what_a_side_names_may_differ_and_the_rest_belongs_together() {
    let folder = database().await;
    let (code, report, stderr) = compare(&folder, &["concurrency=8", "concurrency=64", "--library", "reqwest"]);
    assert_eq!(code, 5, "{stderr}");
    assert_eq!(
        pairs(&report),
        [pair("reqwest", "request_size 4KiB", "slower", 0.8), pair("reqwest", "request_size 64KiB", "slower", 0.8)]
    );
    assert_eq!((&report["compared"], &report["a"]), (&"cases".into(), &"concurrency=8".into()));

    let (code, report, _) = compare(&folder, &["library=reqwest,concurrency=8", "library=hyper,concurrency=8"]);
    assert_eq!(code, 0);
    let faster = |workload: &str| pair("-", workload, "faster", 1.2);
    assert_eq!(pairs(&report), [faster("request_size 4KiB"), faster("request_size 64KiB")]);

    // 65536 bytes are 64KiB, and a library by its name alone stands beside keys.
    let (_, report, stderr) =
        compare(&folder, &["request_size=4096,library=hyper", "request_size=65536,library=hyper"]);
    assert_eq!(pairs(&report).len(), 2, "{stderr}");
    let (_, report, stderr) = compare(&folder, &["rate=none,runner=process", "rate=50%", "--library", "ureq"]);
    assert_eq!(pairs(&report), [pair("ureq", "", "slower", 0.947)], "{stderr}");
    let (_, report, stderr) = compare(&folder, &["runner=process,rate=none", "runner=compose", "--library", "ureq"]);
    assert_eq!(pairs(&report), [pair("ureq", "", "slower", 0.842)], "{stderr}");
}

#[tokio::test]
async fn what_cannot_be_compared_is_refused_with_what_differs_and_the_way_out() {
    let folder = database().await;
    for (arguments, says) in [
        // One case on each side, which differ in more than was named.
        (
            &["concurrency=8,request_size=4KiB,library=hyper", "library=reqwest,concurrency=64,request_size=64KiB"][..],
            "",
        ),
        (
            &["library=hyper,concurrency=8", "rate=50%,library=ureq"],
            "nothing to compare: A has hyper fetch_range, B has ureq fetch_range (they differ in",
        ),
        (&["concurrency=8", "rate=none", "--library", "hyper"], "names"),
        (
            &["concurrency=9", "concurrency=8"],
            "`concurrency=9` names no case of campaign `campaign-1`: its concurrency is `8`, `64`, `32`",
        ),
        (&["concurrency=8", "concurrency=08"], "`concurrency=8` and `concurrency=08` are the same"),
        (
            &["concurrency=8", "concurency=64"],
            "unknown key `concurency` in `concurency=64`: did you mean `concurrency`?",
        ),
        (&["concurrency=8", "hypper"], "`hypper` is neither a campaign nor a library"),
        (&["library=hyper", "library=reqwest", "--library", "ureq"], "`--library ureq` narrows what has that library"),
    ] {
        let (code, report, stderr) = compare(&folder, arguments);
        if says.is_empty() {
            assert_eq!(pairs(&report).len(), 1, "{stderr}");
            continue;
        }
        assert_eq!((code, stderr.contains(says)), (2, true), "{arguments:?}: {stderr}");
    }
    let (code, _, stderr) = benchmark(&folder, &["compare", "last", "concurrency=8"]);
    assert_eq!((code, stderr.contains("`last` is a campaign and `concurrency=8` is none")), (2, true), "{stderr}");
}

#[tokio::test]
async fn with_force_the_one_case_of_each_side_is_compared_all_the_same() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path()).await;
    add(
        &store,
        changed("hyper", 60_000, |case| {
            concurrency(case, 8);
            request_size(case, "4KiB");
        }),
    )
    .await;
    add(
        &store,
        changed("hyper", 50_000, |case| {
            concurrency(case, 64);
            request_size(case, "64KiB");
        }),
    )
    .await;
    store.close().await;
    let sides = ["concurrency=8", "concurrency=64"];
    let (code, _, stderr) = compare(&folder, &sides);
    let says = "parameters of hyper fetch_range differ: request_size `4KiB` in A, `64KiB` in B";
    assert_eq!((code, stderr.contains(says)), (2, true), "{stderr}");
    assert!(stderr.contains("name it in A and B as `KEY=VALUE`") && stderr.contains("--force"), "{stderr}");
    let (code, report, _) = compare(&folder, &[&sides[..], &["--force"]].concat());
    assert_eq!((code, pairs(&report).len(), &report["warnings"][0]), (5, 1, &Value::from(says)));
    let named = ["concurrency=8,request_size=4KiB", "concurrency=64,request_size=64KiB"];
    assert_eq!(compare(&folder, &named).0, 5);
}
