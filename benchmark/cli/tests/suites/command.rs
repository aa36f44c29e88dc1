//! `benchmark run` as its users run it.

use crate::harness::support::{Harness, SHORT, text};

#[test]
fn a_dry_run_prints_the_plan_and_does_nothing() {
    let harness = Harness::new();
    // Neither Docker nor cargo is there.
    let output =
        harness.command(&["run", "quick", "--dry-run"]).env("PATH", "/nowhere").env_remove("CARGO").output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stdout}");
    assert!(stdout.starts_with("suite quick: ") && stdout.contains("10 runs, about 43 s at most"), "{stdout}");
    assert!(!harness.path("benchmark.db").exists());
}

#[test]
fn a_reader_who_has_seen_enough_may_go() {
    let harness = Harness::new();
    for arguments in [&["run", "ranges", "--dry-run"][..], &["run", "--schema"]] {
        let mut child = harness.command(arguments).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
    }
}

#[test]
fn a_suite_is_a_file_or_a_name_and_anything_else_is_refused_with_the_names_there_are() {
    let harness = Harness::new();
    std::fs::write(harness.path("mine.toml"), "[[matrix]]\nlibrary = \"hyper\"\n").unwrap();
    std::fs::write(harness.path("bad.toml"), "[[matrix]]\nlibrary = \"hypr\"\nconcurrency = 0\n").unwrap();
    assert_eq!(harness.run(&["run", "mine.toml", "--dry-run"]).code, 0);
    for (arguments, says) in [
        (
            &["run", "quik"][..],
            "suite `quik` does not exist: did you mean `quick`? (suites of this checkout: quick, ranges, rates",
        ),
        (&["run", "no/such.toml"], "suite `no/such.toml` does not exist"),
        (&["run", "."], "suite `.` is a folder"),
        (&["run", "bad.toml"], "bad.toml:2:11: unknown library `hypr`"),
        (&["run", "bad.toml", "--dry-run"], "bad.toml:3:15: `0` is outside the range"),
        (&["run", "quick", "--concurrency", "0"], "--concurrency"),
        (&["run", "quick", "--library", "hypr"], "did you mean `hyper`?"),
        (&["run", "quick", "--param", "delay"], "malformed parameter `delay`"),
        (&["run"], "required arguments"),
    ] {
        let ended = harness.run(arguments);
        assert_eq!(ended.code, 2, "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains(says), "{arguments:?}: {}", ended.stderr);
    }
    assert!(!harness.path("benchmark.db").exists(), "a refused suite leaves no database");
}

#[test]
fn the_schema_and_the_list_of_suites_are_printed() {
    let harness = Harness::new();
    let schema = harness.run(&["run", "--schema"]);
    let schema: serde_json::Value = serde_json::from_str(&schema.stdout).unwrap();
    assert_eq!(schema["title"], "A suite of benchmark: an experiment as data");
    for arguments in [&["list"][..], &["list", "--suites"]] {
        let ended = harness.run(arguments);
        assert!(
            ended.stdout.contains("ranges") && ended.stdout.contains("every library and the core tests"),
            "{ended:?}"
        );
    }
}

#[test]
fn a_suite_runs_its_cases_and_records_them() {
    let harness = Harness::new();
    let suite = "[suite]\ntrials = 1\n[[matrix]]\nlibrary = \"baseline\"\nconcurrency = [1, 4]\ntest = \"call_api\"\n";
    std::fs::write(harness.path("two.toml"), suite).unwrap();
    let ended = harness.run(&[&["run", "two.toml"], &SHORT[..]].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    let rows = harness.rows();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| text(row, "library_name") == "baseline"), "{rows:?}");
}
