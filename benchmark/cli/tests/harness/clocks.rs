//! Replicas whose clocks are not the harness's: a time namespace counts CLOCK_MONOTONIC from another moment, as another host does.

use std::process::Command;

use serde_json::Value;

use super::checkout::Checkout;
use super::support::{Ended, Harness, SHORT, assert_audit_is_exact, number, skip, target, text};

/// By how much the clock of a replica is ahead that is made so.
pub(crate) const AHEAD_S: u64 = 5_000;

/// The baseline's last lines, and what one replica does first: it starts itself anew where it is later.
const MAIN: &str = "fn main() -> ExitCode {\n";
const MAIN_OF_LATER: &str = r#"fn main() -> ExitCode {
    let here = std::env::var_os("LATER").is_some();
    if !here && std::env::var("BENCHMARK_REPLICA").as_deref() == Ok("1") {
        let mut later = std::process::Command::new("unshare");
        later.args(["--time", "--monotonic", "5000", "--fork", "--kill-child"]);
        later.arg(std::env::current_exe().unwrap()).args(std::env::args_os().skip(1)).env("LATER", "yes");
        panic!("{}", std::os::unix::process::CommandExt::exec(&mut later));
    }
"#;

/// Whether time namespaces can be made here: by root, where the kernel has them.
pub(crate) fn can_be_elsewhere_in_time() -> bool {
    let made = Command::new("unshare").args(["--time", "--mount", "true"]).output();
    let can = made.is_ok_and(|made| made.status.success());
    if !can {
        skip("root, and a kernel with time namespaces");
    }
    can
}

/// Looks at a run of two replicas, of which so many are ahead: they started together, and tell of the same moments.
pub(crate) fn assert_together(harness: &Harness, ended: &Ended, ahead: usize) {
    assert_eq!(ended.code, 0, "{ended:?}");
    let row = harness.rows().remove(0);
    assert_eq!(text(&row, "verdict"), "valid", "{row}");
    assert_audit_is_exact(&row);
    assert!(number(&row, "start_skew_ms") < 200.0, "{row}");
    let [from, to] = ["start_time", "end_time"].map(|edge| text(&row, edge).parse::<jiff::Timestamp>().unwrap());
    assert!((to - from).total(jiff::Unit::Second).unwrap() < 3.0, "{from} to {to}");

    let shown = harness.run(&["get-results", "-", "--format", "json", "--per-replica"]);
    let replicas: Vec<Value> = serde_json::from_str(&shown.stdout).unwrap();
    let clocks = replicas.iter().map(|row| (number(row, "clock_offset_ns"), number(row, "clock_uncertainty_ns")));
    let clocks: Vec<_> = clocks.collect();
    assert_eq!(clocks.len(), 2);
    for (index, (offset_ns, uncertainty_ns)) in clocks.into_iter().enumerate() {
        let truth_ns = if index < 2 - ahead { 0.0 } else { AHEAD_S as f64 * 1e9 };
        assert!(uncertainty_ns > 0.0 && uncertainty_ns < 50e6, "{uncertainty_ns}");
        assert!((offset_ns - truth_ns).abs() <= uncertainty_ns, "{offset_ns} is not {truth_ns} +- {uncertainty_ns}");
        assert!(number(&row, "clock_uncertainty_ns") >= uncertainty_ns, "{row}");
    }
}

#[test]
fn a_process_in_another_time_namespace_starts_with_the_others() {
    if !can_be_elsewhere_in_time() {
        return;
    }
    let checkout = Checkout::new();
    let made = checkout.run(&["new", "later", "--from", "baseline"]);
    assert_eq!(made.code, 0, "{made:?}");
    let client = "benchmark/tests/later/client.rs";
    let truth = checkout.text(client);
    assert!(truth.contains(MAIN), "the baseline's client reads otherwise now: adapt MAIN");
    std::fs::write(checkout.path(client), truth.replace(MAIN, MAIN_OF_LATER)).unwrap();
    let harness = Harness::new();
    let mut command = harness.command(&[&["run-test", "later", "fetch_range", "--replicas", "2"], &SHORT[..]].concat());
    // Everything but the workspace's own packages is built already.
    command.env("BENCHMARK_ROOT", checkout.path("")).env("CARGO_TARGET_DIR", target());
    let ended = super::support::ended(command.output().unwrap());
    assert_together(&harness, &ended, 1);
}
