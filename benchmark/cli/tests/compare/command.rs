//! The program itself: words, formats and exit codes.

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use super::{add, case, runs, store};

/// A database in which campaign 2's hyper is 10 % slower than campaign 1's, and its reqwest is the same.
async fn database() -> TempDir {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path()).await;
    for (campaign, library, rate) in [
        (1, "hyper", 60_000),
        (1, "reqwest", 50_000),
        (1, "ureq", 40_000),
        (2, "hyper", 54_000),
        (2, "reqwest", 50_000),
    ] {
        add(&store, runs(&case(campaign, library, rate, 5))).await;
    }
    store.close().await;
    folder
}

/// The program in a folder: its exit code, stdout and stderr.
pub(super) fn benchmark(folder: &TempDir, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_benchmark"));
    command.current_dir(folder.path()).env_remove("BENCHMARK_DB").env_remove("DATABASE_URL").args(arguments);
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn something_slower_ends_with_5_and_nothing_slower_with_0() {
    let folder = database().await;
    for (arguments, code) in [
        (&["compare", "campaign-1", "campaign-2"][..], 5),
        (&["compare", "last~1", "last", "--library", "hyper", "--by", "rate"], 5),
        (&["compare", "last~1", "last", "--library", "reqwest"], 0),
        (&["compare", "last", "last~1"], 0),   // the other way round: faster
        (&["compare", "hyper", "reqwest"], 5), // of the last campaign
        (&["compare", "reqwest", "hyper", "--campaign", "campaign-1"], 0),
        (&["rank", "campaign-1"], 0),
    ] {
        let (ended, stdout, stderr) = benchmark(&folder, arguments);
        assert_eq!(ended, code, "{arguments:?}: {stdout} {stderr}");
    }
}

#[tokio::test]
async fn text_and_markdown_are_as_they_are() {
    let folder = database().await;
    for format in ["text", "markdown"] {
        let (_, stdout, _) = benchmark(&folder, &["compare", "last~1", "last", "--format", format]);
        insta::assert_snapshot!(format!("campaigns_as_{format}"), stdout);
        let arguments = ["compare", "hyper", "reqwest", "--campaign", "campaign-1", "--by", "cpu", "--format", format];
        insta::assert_snapshot!(format!("libraries_as_{format}"), benchmark(&folder, &arguments).1);
    }
}

#[tokio::test]
async fn json_has_every_number() {
    let folder = database().await;
    let (_, stdout, _) = benchmark(&folder, &["compare", "last~1", "last", "--format", "json"]);
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&report["a"], &report["slower"], &report["same"]), (&"campaign-1".into(), &3.into(), &3.into()));
    assert_eq!(report["only_in_a"], serde_json::json!(["ureq fetch_range"]));
    let row = &report["comparisons"][0];
    assert_eq!((&row["library"], &row["metric"], &row["verdict"]), (&"hyper".into(), &"rate".into(), &"slower".into()));
    let number = |name: &str| row[name].as_f64().unwrap();
    assert!((number("b") / number("a") - number("ratio")).abs() < 1e-9);
    assert!(number("ratio_low") < number("ratio") && number("ratio") < number("ratio_high"));
    assert_eq!((number("trials_a"), number("trials_b")), (5.0, 5.0));
}

#[tokio::test]
async fn a_wrong_name_is_answered_with_the_known_ones() {
    let folder = database().await;
    for (arguments, says) in [
        (&["compare", "hyper", "hypper"][..], "`hypper` is neither a campaign nor a library of campaign `campaign-2`"),
        (&["compare", "hyper", "hypper"], "(libraries: hyper, reqwest; campaigns: campaign-2, campaign-1)"),
        (&["compare", "campaign", "last"], "`campaign` is the beginning of 2 campaigns: campaign-2, campaign-1"),
        (&["compare", "last", "hyper"], "`last` is a campaign and `hyper` is none"),
        (&["compare", "last", "campaign-2"], "A and B are both campaign `campaign-2`"),
        (&["compare", "hyper", "hyper"], "`hyper` is both A and B"),
        (&["compare", "last~2", "last"], "no campaign `last~2`: the database holds 2"),
        (&["compare", "hyper", "reqwest", "--campaign", "x"], "no campaign `x` (known: campaign-2, campaign-1)"),
        (
            &["compare", "hyper", "reqwest", "--library", "ureq"],
            "`--library ureq` narrows what has that library in A and B alike",
        ),
        (&["compare", "last~1", "last", "--test", "call_api"], "nothing to compare: A has no finished run"),
        (&["compare", "last~1", "last", "--by", "luck"], "invalid value 'luck'"),
        (&["rank", "campaign-3"], "no campaign `campaign-3` (known: campaign-2, campaign-1)"),
        (&["rank", "--test", "call_api"], "no finished run of test `call_api` in campaign `campaign-2`"),
    ] {
        let (code, _, stderr) = benchmark(&folder, arguments);
        assert_eq!((code, stderr.contains(says)), (2, true), "{arguments:?}: {stderr}");
    }
    let empty = TempDir::new().unwrap();
    let (code, _, stderr) = benchmark(&empty, &["compare", "last~1", "last"]);
    assert_eq!((code, stderr.contains("no database at `benchmark.db`")), (1, true), "{stderr}");
}
