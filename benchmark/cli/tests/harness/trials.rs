//! Campaigns of several trials: blocks, references, going on after a crash, and the early end.

use std::collections::HashSet;

use super::support::{Harness, Running, eventually, number, signal, text};
use std::time::Duration;

const BLOCKS: [&str; 7] = ["run-all", "--library", "hyper", "--test", "fetch_range", "--warmup", "200ms"];

#[test]
fn blocks_hold_the_baseline_and_its_twin_and_end_with_a_ranking() {
    let harness = Harness::new();
    let mut command = harness.command(&[&BLOCKS[..], &["--duration", "600ms", "--trials", "5"]].concat());
    // Forgotten in a shell: neither the replicas nor the witnesses of the own cost read it.
    command.env("BENCHMARK_REQUESTS", "1");
    let ended = Running::spawn(command).wait();
    assert_eq!(ended.code, 0, "{ended:?}");
    let rows = harness.rows();
    let named: HashSet<(&str, bool)> =
        rows.iter().map(|row| (text(row, "library_name"), row["twin"].as_bool().unwrap())).collect();
    assert_eq!(named, HashSet::from([("hyper", false), ("baseline", false), ("baseline", true)]));
    for row in &rows {
        assert_eq!(number(row, "trials"), 5.0, "{row}");
        for column in ["requests_per_second_ci_percent", "cpu_us_per_request_ci_percent"] {
            assert!(number(row, column) > 0.0, "{column} of {row}");
        }
        for column in ["build_features", "lock_sha256", "build_target", "command", "memory_bytes"] {
            assert!(!row[column].is_null(), "{column} of {row}");
        }
    }
    assert!(ended.stdout.contains("cost of measuring"), "{}", ended.stdout);
    assert!(ended.stdout.contains("over a bare loop without the SDK"), "{}", ended.stdout);
}

#[test]
fn a_campaign_goes_on_where_it_was_killed() {
    let harness = Harness::new();
    let arguments = [&BLOCKS[..], &["--duration", "1s", "--trials", "2", "--passes", "2"]].concat();
    let running = harness.start(&arguments);
    let finished = || harness.rows_if_any().iter().map(|row| number(row, "runs")).sum::<f64>();
    // One and a third passes of the first block.
    eventually(Duration::from_secs(60), "four runs are finished", || finished() >= 4.0);
    signal("KILL", running.pid());
    let _ = running.wait();
    let before = harness.rows();
    let (campaign, done) = (text(&before[0], "campaign_id").to_owned(), finished());
    assert!(done < 12.0, "it was killed too late to go on: {done} of 12");

    let refused = harness.run(&["run-all", "--resume", "last", "--trials", "7"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("`--trials` does not go with --resume"), "{refused:?}");
    assert_eq!(harness.run(&["run-all", "--resume", "0"]).code, 0, "every id begins with 0");
    let rows = harness.rows();
    assert_eq!(rows.len(), 3, "the campaign that it was, and no other: {rows:?}");
    for row in &rows {
        assert_eq!(text(row, "campaign_id"), campaign, "{row}");
        assert_eq!((number(row, "trials"), number(row, "runs")), (2.0, 4.0), "{row}");
    }
    let again = harness.run(&["run-all", "--resume", &campaign]);
    assert_eq!((again.code, harness.rows()), (0, rows), "nothing is missing: {again:?}");
    let unknown = harness.run(&["run-all", "--resume", "nonsense"]);
    assert_eq!(unknown.code, 2, "{unknown:?}");
    assert!(unknown.stderr.contains("`nonsense` names no campaign"), "{unknown:?}");
}

#[test]
fn of_two_that_go_on_at_once_one_does() {
    let harness = Harness::new();
    let arguments = ["run-test", "baseline", "call_api", "--warmup", "200ms", "--duration", "1s", "--trials", "3"];
    let running = harness.start(&arguments);
    let beside = harness.run(&["run-all", "--resume", "last"]);
    assert_eq!(beside.code, 2, "{beside:?}");
    assert!(beside.stderr.contains("under way in another process (pid "), "{beside:?}");
    signal("KILL", running.pid());
    let _ = running.wait();
    let resume = || Running::spawn(harness.command(&["run-all", "--resume", "last"]));
    let both = [resume(), resume()].map(Running::wait);
    let mut codes = both.each_ref().map(|ended| ended.code);
    codes.sort_unstable();
    assert_eq!(codes, [0, 2], "{both:?}");
    let rows = harness.rows();
    assert_eq!((number(&rows[0], "trials"), number(&rows[0], "runs")), (3.0, 3.0), "{rows:?}");
}

#[test]
fn the_way_to_go_on_names_the_database() {
    let harness = Harness::new();
    let arguments = ["run-test", "baseline", "call_api", "--duration", "60s", "--db", "my runs.db"];
    let running = harness.start(&arguments);
    signal("INT", running.pid());
    let ended = running.wait();
    assert_eq!(ended.code, 130, "{ended:?}");
    assert!(ended.stdout.trim_end().ends_with(" --db 'my runs.db'`"), "{ended:?}");
}

#[test]
fn a_campaign_ends_when_its_intervals_are_narrow() {
    let harness = Harness::new();
    // Half-widths of 50 % are reached at the first look, or there is something wrong with the machine.
    let ended = harness.run(&[&BLOCKS[..], &["--duration", "500ms", "--until", "50%"]].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    for row in harness.rows() {
        assert!([5.0, 7.0, 10.0].contains(&number(&row, "trials")), "{row}");
    }
}
