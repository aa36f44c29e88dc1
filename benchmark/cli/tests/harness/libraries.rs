//! What every library is put through. A new one is found by its folder.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::support::{
    Harness, Running, SHORT, assert_audit_is_exact, ended, eventually, free_port, number, skip, target, text,
};

/// The tests of `--quick`: enough where all that matters is the client.
const CORE: [&str; 4] = ["--test", "fetch_range", "--test", "call_api"];

/// Calls that are short, of every test.
const SMALL: [&str; 6] = ["--param", "part_size=64KiB", "--param", "objects=300", "--param", "page_size=100"];

/// Tests whose calls are one GET each.
const GETS: [&str; 6] = ["--test", "fetch_range", "--test", "call_api", "--test", "get_object"];

/// All the others, in windows that are long enough for them to go wrong.
const OTHERS: [&str; 18] = [
    "--test",
    "head_object",
    "--test",
    "put_object",
    "--test",
    "list_objects",
    "--test",
    "upload_object",
    "--test",
    "delete_object",
    "--test",
    "mixed",
    "--warmup",
    "100ms",
    "--duration",
    "400ms",
    "--trials",
    "1",
];

#[test]
fn every_library_is_valid_and_agrees_with_the_audit() {
    let harness = Harness::new();
    let ended = harness.run(&[&["run-all", "--replicas", "2"], &SHORT[..], &GETS].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    let rows = harness.rows();
    assert!(rows.len() >= 16, "{} rows", rows.len());
    for row in &rows {
        assert_eq!(text(row, "verdict"), "valid", "{row}");
        assert_audit_is_exact(row);
        assert_eq!(row["number_failures"], 0, "{row}");
        // 2 x 32 slots. hyper's pool may open a connection and then use another one that has become free.
        assert!(number(row, "origin_peak_concurrency") <= 64.0 && number(row, "origin_connections") <= 80.0, "{row}");
        for column in ["requests_per_second", "latency_p50_ms", "ttfb_p50_ms", "cpu_us_per_request", "peak_rss_bytes"] {
            assert!(number(row, column) > 0.0, "{column} of {row}");
        }
        assert!(number(row, "start_skew_ms") >= 0.0);
        assert!(number(row, "recv_bytes_per_second_count") >= 2.0, "one sample a replica and second: {row}");
    }
    let ceiling =
        |test: &str| rows.iter().find(|row| row["library_name"] == "baseline" && row["test_name"] == test).unwrap();
    for row in &rows {
        let ceiling = ceiling(text(row, "test_name"));
        // Where the origin was at its limit, rates are the origin's.
        let share = match text(row, "ceiling_by") {
            "cpu" => number(ceiling, "cpu_us_per_request") / number(row, "cpu_us_per_request"),
            _ => number(row, "requests_per_second") / number(ceiling, "requests_per_second"),
        };
        assert!((number(row, "ceiling_share") - share).abs() < 1e-9, "{row}");
    }
}

#[test]
fn every_operation_of_every_library_is_valid_and_agrees_with_the_audit() {
    let harness = Harness::new();
    let ended = harness.run(&[&["run-all", "--replicas", "2"], &OTHERS[..], &SMALL].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    let rows = harness.rows();
    assert!(rows.len() >= 36, "{} rows", rows.len());
    for row in &rows {
        assert_eq!(text(row, "verdict"), "valid", "{row}");
        assert_audit_is_exact(row);
        assert!(number(row, "requests_per_second") > 0.0 && number(row, "cpu_us_per_request") > 0.0, "{row}");
    }
    assert_operations_add_up(&harness.all_rows());
}

/// A mix whose calls are one request each is the sum of what its operations did; other tests have no such rows, or (uploads) several
/// requests a call.
fn assert_operations_add_up(rows: &[Value]) {
    let mixes = rows.iter().filter(|row| row["test_name"] == "mixed" && row["operation"].is_null());
    for mix in mixes {
        let parts: Vec<&Value> = rows
            .iter()
            .filter(|row| row["library_name"] == mix["library_name"] && row["test_name"] == "mixed")
            .filter(|row| !row["operation"].is_null())
            .collect();
        let operations: Vec<&str> = parts.iter().map(|part| text(part, "operation")).collect();
        assert_eq!(operations, ["get", "put", "head", "list", "delete"], "{mix}");
        // 300 keys are three pages of 100; the pages of a mix are long.
        let sum: f64 = parts.iter().map(|part| number(part, "number_successes")).sum();
        assert_eq!(sum, number(mix, "number_successes"), "{mix}");
    }
    let uploads = rows.iter().filter(|row| row["operation"] == "upload_part");
    assert!(uploads.count() >= 6 && rows.iter().all(|row| row["operation"] != "abort_upload"));
}

#[test]
fn every_fault_is_found_and_named_and_nothing_is_retried() {
    let harness = Harness::new();
    let faults = ["--inject", "error=503:3%", "--inject", "truncate=2%", "--inject", "reset=2%"];
    let ended = harness.run(&[&["run-all"], &SHORT[..], &GETS, &faults].concat());
    assert_eq!(ended.code, 3, "{ended:?}");
    for row in harness.rows() {
        assert_eq!(text(&row, "verdict"), "invalid", "{row}");
        assert_audit_is_exact(&row);
        assert!(text(&row, "invalid_reason").starts_with("failures: "), "{row}");
        let share = |kind: &str| number(&row, &format!("failures_{kind}")) / number(&row, "number_requests");
        for (kind, injected) in [("status", 0.03), ("short_body", 0.02), ("reset", 0.02)] {
            // 1 s of the slowest library is some 1,000 requests: 3 standard deviations are 1.6 %.
            assert!((share(kind) - injected).abs() < 0.02 && share(kind) > 0.0, "{kind}: {} in {row}", share(kind));
        }
        for kind in ["dns", "connect", "tls", "pool_wait", "timeout", "bad_bytes", "other"] {
            assert_eq!(share(kind), 0.0, "{kind} in {row}");
        }
    }
}

/// How many requests a call has, and whether a cut leaves anything of its answer, is the test's.
#[test]
fn the_audit_is_exact_for_every_operation_whatever_goes_wrong() {
    let harness = Harness::new();
    let faults = ["--inject", "error=503:3%", "--inject", "truncate=2%", "--inject", "reset=2%"];
    let ended = harness.run(&[&["run-all"], &OTHERS[..], &SMALL, &faults].concat());
    assert_eq!(ended.code, 3, "{ended:?}");
    for row in harness.rows() {
        assert_eq!(text(&row, "verdict"), "invalid", "{row}");
        assert_audit_is_exact(&row);
        assert!(number(&row, "failures_status") > 0.0, "{row}");
        assert!(!text(&row, "invalid_reason").contains("audit: "), "{row}");
    }
}

#[test]
fn injected_latency_comes_back_as_latency() {
    let harness = Harness::new();
    let arguments = ["run-all", "--concurrency", "16", "--inject", "latency=constant:20ms"];
    let ended = harness.run(&[&arguments, &SHORT[..], &CORE].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    for row in harness.rows() {
        let p50 = number(&row, "latency_p50_ms");
        assert!((20.0..22.0).contains(&p50), "p50 of {p50} ms in {row}");
        // Of one call in 8: not of the very ones that the other median is of.
        assert!((20.0..22.0).contains(&number(&row, "ttfb_p50_ms")), "{row}");
        assert!(number(&row, "requests_per_second") <= 16.0 / 0.020, "faster than the delay allows: {row}");
    }
}

#[test]
fn without_keep_alive_each_request_has_a_connection_of_its_own() {
    let harness = Harness::new();
    // Not of every test: closed connections pile up, and each run waits for ports.
    let arguments = ["run-all", "--keep-alive", "false", "--concurrency", "8", "--inject", "latency=constant:5ms"];
    let ended = harness.run(&[&arguments[..], &CORE, &SHORT].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    for row in harness.rows() {
        assert_eq!(row["origin_connections"], row["origin_requests"], "{row}");
    }
}

#[test]
fn no_library_opens_more_sockets_than_the_pool_has() {
    let harness = Harness::new();
    let arguments = ["run-all", "--pool-size", "4", "--concurrency", "16", "--inject", "latency=constant:5ms"];
    let ended = harness.run(&[&arguments, &SHORT[..], &CORE].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    for row in harness.rows() {
        assert!(number(&row, "origin_peak_concurrency") <= 4.0, "{row}");
        assert!(number(&row, "origin_connections") <= 6.0, "{row}");
        assert!(number(&row, "latency_p50_ms") > 15.0, "16 slots share 4 sockets of 5 ms: {row}");
    }
}

#[test]
fn what_takes_longer_than_the_timeout_failed_by_timeout() {
    let harness = Harness::new();
    let arguments =
        ["run-all", "--timeout", "100ms", "--concurrency", "8", "--inject", "latency=bimodal:1ms,400ms,0.05"];
    let ended = harness.run(&[&arguments, &SHORT[..], &CORE].concat());
    assert_eq!(ended.code, 3, "{ended:?}");
    for row in harness.rows() {
        assert!(number(&row, "failures_timeout") > 0.0, "{row}");
        assert_eq!(row["failures_timeout"], row["number_failures"], "{row}");
        assert!(number(&row, "latency_max_ms") <= 100.1, "{row}");
        assert!(!text(&row, "invalid_reason").contains("audit"), "{row}");
    }
}

#[test]
fn signed_requests_need_credentials() {
    let harness = Harness::new();
    let tests = ["--test", "fetch_range", "--test", "mixed", "--test", "upload_object"];
    let arguments =
        [&["run-all", "--param", "signed=true"], &tests[..], &SHORT, &["--param", "part_size=64KiB"]].concat();
    let ended = harness.run(&arguments);
    assert_eq!(ended.code, 3, "{ended:?}");
    for row in harness.rows() {
        assert_eq!(text(&row, "invalid_reason"), "verify: status 403", "{row}");
        for column in
            ["requests_per_second", "cpu_us_per_request", "latency_p50_ms", "number_requests", "ceiling_share"]
        {
            assert!(row[column].is_null(), "{column} of {row}");
        }
    }
    std::fs::remove_file(harness.path("benchmark.db")).unwrap();
    let mut command = harness.command(&arguments);
    let status =
        command.env("AWS_ACCESS_KEY_ID", "key").env("AWS_SECRET_ACCESS_KEY", "secret").output().unwrap().status;
    assert_eq!(status.code(), Some(0));
    for row in harness.rows() {
        assert_audit_is_exact(&row);
    }
}

#[test]
fn a_number_of_requests_ends_the_window() {
    let harness = Harness::new();
    let arguments = [
        "run-all",
        "--trials",
        "1",
        "--requests",
        "64",
        "--concurrency",
        "16",
        "--warmup",
        "200ms",
        "--inject",
        "latency=constant:50ms",
    ];
    let ended = harness.run(&[&arguments[..], &CORE].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    for row in harness.rows() {
        assert_eq!(row["number_successes"], 64, "{row}");
        assert_audit_is_exact(&row);
        // 4 rounds of 50 ms.
        let seconds = number(&row, "duration_seconds");
        assert!((0.200..0.400).contains(&seconds), "{seconds} s in {row}");
    }
}

#[test]
fn a_stall_shows_in_the_longest_latency() {
    let harness = Harness::new();
    let arguments = [
        "run-all",
        "--trials",
        "1",
        "--warmup",
        "300ms",
        "--duration",
        "2s",
        "--inject",
        "stall=600ms@500ms",
        "--library",
        "baseline",
    ];
    let ended = harness.run(&[&arguments[..], &CORE].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    for row in harness.rows() {
        let longest = number(&row, "latency_max_ms");
        assert!((550.0..750.0).contains(&longest), "{longest} ms in {row}");
    }
}

#[test]
fn a_thread_that_cannot_be_started_ends_the_replica() {
    let harness = Harness::new();
    let built = harness.run(&[&["run-test", "ureq", "call_api"], &SHORT[..]].concat());
    assert_eq!(built.code, 0, "{built:?}");
    let entries = std::fs::read_dir(target().join("libraries")).unwrap().flatten();
    let program = entries.map(|entry| entry.path().join("release/ureq")).find(|path| path.is_file()).unwrap();
    let port = free_port();
    let _origin = Running::spawn(harness.command(&["origin", "--listen", &format!("127.0.0.1:{port}")]));
    eventually(Duration::from_secs(20), "the origin listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return skip("root, to be a user who may have few threads");
    }
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let copy = place.path().join("ureq");
    assert!(Command::new("cp").args([&program, &copy]).status().unwrap().success());
    let mut command = Command::new("prlimit");
    command.arg("--nproc=40").arg(copy).args(["--test", "call_api", "--origin", "--concurrency", "64", "--target"]);
    command.arg(format!("http://127.0.0.1:{port}/run"));
    // One that runs nothing else: root may have any number.
    command.uid(54_321).gid(54_321);
    let begun = Instant::now();
    let ended = ended(command.output().unwrap());
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(ended.code != 0 && ended.stderr.contains("cannot start thread"), "{ended:?}");
}
