//! The open loop and what it is measured against.

use super::support::{Harness, assert_audit_is_exact, number, text};

#[test]
fn a_rate_is_kept_by_async_and_blocking_libraries_alike() {
    let harness = Harness::new();
    let arguments =
        ["run-all", "--trials", "1", "--rate", "500", "--replicas", "2", "--warmup", "300ms", "--duration", "2s"];
    let ended = harness.run(&[&arguments[..], &["--test", "fetch_range", "--test", "call_api"]].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    for row in harness.rows() {
        assert_audit_is_exact(&row);
        assert_eq!((text(&row, "rate"), text(&row, "arrivals")), ("500", "constant"), "{row}");
        assert_eq!(row["scheduled_requests"], 1_000, "500/s for 2 s, over both replicas: {row}");
        assert_eq!(row["number_successes"], 1_000, "{row}");
        assert!(number(&row, "rate_achieved_share") >= 0.999, "{row}");
        assert_eq!(number(&row, "rate_asked_per_second"), 500.0);
        assert!(number(&row, "latency_p50_ms") >= number(&row, "service_time_p50_ms"), "{row}");
        assert!(!text(&row, "marks").contains("littles_law"), "{row}");
    }
}

#[test]
fn poisson_arrivals_have_the_mean_that_was_asked_for() {
    let harness = Harness::new();
    let arguments = ["run-test", "baseline", "call_api", "--rate", "1000", "--arrivals", "poisson"];
    let ended = harness.run(&[&arguments[..], &["--warmup", "0s", "--duration", "3s"]].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    let row = &harness.rows()[0];
    // 3,000 expected; four standard deviations of a Poisson count are 4 x 55.
    let scheduled = number(row, "scheduled_requests");
    assert!((scheduled - 3_000.0).abs() < 220.0 && scheduled != 3_000.0, "{row}");
    assert_eq!(text(row, "arrivals"), "poisson");
}

#[test]
fn a_rate_that_cannot_be_achieved_is_invalid_and_shows_the_backlog() {
    let harness = Harness::new();
    let arguments = ["run-test", "baseline", "call_api", "--rate", "1000", "--concurrency", "8"];
    // 8 slots of 20 ms carry 400 requests a second.
    let shape = ["--inject", "latency=constant:20ms", "--warmup", "0s", "--duration", "2s", "--drain", "1s"];
    let ended = harness.run(&[&arguments[..], &shape].concat());
    assert_eq!(ended.code, 3, "{ended:?}");
    let row = &harness.rows()[0];
    let reason = text(row, "invalid_reason");
    assert!(reason.contains("rate: ") && reason.contains("of 1000 requests/s achieved"), "{reason}");
    assert!((0.35..0.42).contains(&number(row, "rate_achieved_share")), "{row}");
    assert!(number(row, "latency_p99_ms") > 500.0, "what waits for a slot waits: {row}");
    assert!(number(row, "service_time_p99_ms") < 30.0, "{row}");
}

#[test]
fn half_of_the_capacity_is_half_of_what_was_measured_just_before() {
    let harness = Harness::new();
    let arguments = ["run-test", "hyper", "call_api", "--rate", "50%", "--trials", "2", "--param", "delay=5ms"];
    let ended = harness.run(&[&arguments[..], &["--warmup", "300ms", "--duration", "1s"]].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    let rows = harness.rows();
    let of = |rate: &str| rows.iter().find(|row| row["rate"].as_str().unwrap_or_default() == rate).unwrap();
    let (closed, open) = (of(""), of("50%"));
    assert_eq!((number(closed, "trials"), number(open, "trials")), (1.0, 2.0));
    let half = number(closed, "requests_per_second") / 2.0;
    assert!((number(open, "rate_asked_per_second") / half - 1.0).abs() < 1e-9, "{open}");
    assert!((number(open, "requests_per_second") / half - 1.0).abs() < 0.01, "{open}");
}

#[test]
fn a_capacity_is_no_trial_of_the_closed_loop_beside_it() {
    let harness = Harness::new();
    let suite = "[suite]\ntrials = 2\n[[matrix]]\nlibrary = \"baseline\"\ntest = \"call_api\"\nrate = [\"none\", \"50%\"]\n\
                 params = { delay = \"5ms\" }\nwarmup = \"300ms\"\nduration = \"1s\"\n";
    std::fs::write(harness.path("loops.toml"), suite).unwrap();
    let ended = harness.run(&["run", "loops.toml"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let rows = harness.rows();
    let of = |rate: &str| -> Vec<(f64, f64)> {
        let rows = rows.iter().filter(|row| row["rate"].as_str().unwrap_or_default() == rate && row["twin"] == false);
        rows.map(|row| (number(row, "trials"), number(row, "runs"))).collect()
    };
    assert_eq!((of(""), of("50%")), (vec![(2.0, 2.0)], vec![(2.0, 2.0)]), "{rows:?}");
}

#[test]
fn a_capacity_that_cannot_be_measured_is_tried_twice_and_named_by_whoever_needs_it() {
    let harness = Harness::new();
    let nowhere = ["--target", "http://127.0.0.1:1/nowhere", "--rate", "50%", "--trials", "2"];
    let ended = harness.run(&[&["run-test", "baseline", "call_api"], &nowhere[..]].concat());
    assert_eq!(ended.code, 3, "{ended:?}");
    let rows = harness.rows();
    let of = |rate: &str| rows.iter().find(|row| row["rate"].as_str().unwrap_or_default() == rate).unwrap();
    let needed = format!("capacity: not measured, as the closed loop was invalid (run {}): ", text(of(""), "run_id"));
    assert!(text(of("50%"), "invalid_reason").starts_with(&needed), "{rows:?}");
    let begun = ended.stderr.lines().filter(|line| line.starts_with("[1/3]")).count();
    assert_eq!(begun, 2, "the capacity was tried twice: {ended:?}");
}

#[test]
fn a_stall_is_not_hidden() {
    let harness = Harness::new();
    for library in ["reqwest", "ureq"] {
        let arguments = ["run-test", library, "fetch_range", "--rate", "1000", "--concurrency", "16"];
        let stall = ["--inject", "stall=1s@2s", "--warmup", "0s", "--duration", "5s"];
        let ended = harness.run(&[&arguments[..], &stall].concat());
        assert_eq!(ended.code, 0, "{ended:?}");
        let rows = harness.rows();
        let row = rows.iter().find(|row| row["library_name"] == library).unwrap();
        let p99 = number(row, "latency_p99_ms");
        assert!((p99 / 950.0 - 1.0).abs() < 0.05, "p99 of {p99} ms in {row}");
        assert!(number(row, "service_time_p99_ms") < p99, "{row}");
    }
}

#[test]
fn what_is_no_rate_is_refused_before_anything_is_built() {
    let harness = Harness::new();
    for (arguments, words) in [
        (&["run-all", "--rate", "fast"][..], "`fast` is no rate"),
        (&["run-all", "--rate", "0"], "`0` is no rate"),
        (&["run-all", "--arrivals", "poisson"], "--rate"),
        (&["run-all", "--until", "0"], "`0` is no width"),
        (&["run-all", "--until", "2%", "--trials", "3"], "`--until 2%` can never be met with `--trials 3`"),
        (&["calibrate", "--against", "ab"], "unknown load generator `ab` (known: wrk, oha)"),
        (&["calibrate", "--inject", "reset=1%"], "`--inject reset=1%`"),
        (&["calibrate", "--library", "curl"], "unknown library `curl`"),
    ] {
        let ended = harness.run(arguments);
        assert_eq!(ended.code, 2, "{ended:?}");
        assert!(ended.stderr.contains(words), "{ended:?}");
    }
}
