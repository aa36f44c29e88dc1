//! Axes make cases: values, lists and ranges, defaults, merging, and flags over the file.

use std::time::Duration;

use benchmark::case::{Amount, Arrivals, Case, Rate};
use benchmark::plan::{LoadOptions, Selection};
use benchmark::suite::{Source, plan};

use super::{libraries, planned, planned_with};

fn of(text: &str) -> Vec<Case> {
    planned(text).unwrap().plan.cases
}

fn concurrencies(text: &str) -> Vec<u32> {
    of(text).iter().map(|case| case.load.concurrency).collect()
}

/// One library, one test, one block.
const ALONE: &str = "[suite]\ntrials = 1\n[defaults]\nlibrary = \"hyper\"\ntest = \"fetch_range\"\n[[matrix]]\n";

fn alone(lines: &str) -> String {
    format!("{ALONE}{lines}\n")
}

#[test]
fn an_empty_matrix_is_what_run_all_runs() {
    let cases = of("[suite]\nquick = true\n[[matrix]]\n");
    assert_eq!(cases.len(), 10);
    assert_eq!(cases[0].load.warm_up, Duration::from_secs(1));
}

#[test]
fn a_value_a_list_and_a_range_are_axes() {
    assert_eq!(concurrencies(&alone("concurrency = 8")), [8]);
    assert_eq!(concurrencies(&alone("concurrency = [8, 1]")), [8, 1]);
    assert_eq!(concurrencies(&alone("concurrency = { from = 1, to = 512, factor = 2 }")).len(), 10);
    assert_eq!(concurrencies(&alone("concurrency = { from = 10, to = 50, step = 10 }")), [10, 20, 30, 40, 50]);
    assert_eq!(concurrencies(&alone("concurrency = { from = 10, to = 45, step = 10 }")), [10, 20, 30, 40]);
    assert_eq!(concurrencies(&alone("concurrency = 0x1_0")), [16]);
}

#[test]
fn sizes_durations_and_rates_have_ranges_too() {
    let sizes = of(&alone("params = { request_size = { from = \"4KiB\", to = \"16MiB\", factor = 4 } }"));
    let sizes: Vec<u64> = sizes.iter().filter_map(|case| case.params.number("request_size")).collect();
    assert_eq!(sizes, [12, 14, 16, 18, 20, 22, 24].map(|power| 1 << power));
    let timeouts = of(&alone("timeout = { from = \"100ms\", to = \"10s\", factor = 10 }"));
    assert_eq!(timeouts.iter().map(|case| case.load.timeout.as_millis()).collect::<Vec<_>>(), [100, 1_000, 10_000]);
    // 0.1 + 0.1 + 0.1 is above 0.3, and the end is included.
    let rates = of(&alone("rate = { from = \"0.1%\", to = \"0.3%\", step = \"0.1%\" }"));
    let rates: Vec<String> = rates.iter().filter_map(|case| Some(case.load.rate?.to_string())).collect();
    assert_eq!(rates, ["0.1%", "0.2%", "0.3%"]);
}

#[test]
fn axes_multiply_with_libraries_innermost_and_a_parameter_multiplies_its_own_test() {
    let text = "[suite]\ntrials = 1\n[[matrix]]\nlibrary = [\"hyper\", \"ureq\"]\nconcurrency = [1, 2]\n\
                params = { request_size = [1, 2, 3] }\n";
    let cases = of(text);
    // fetch_range: 2 libraries x 2 x 3; call_api: 2 x 2.
    assert_eq!(cases.len(), 16);
    let first: Vec<(&str, u32, Option<u64>)> = cases[..3]
        .iter()
        .map(|case| (case.library.as_str(), case.load.concurrency, case.params.number("request_size")))
        .collect();
    assert_eq!(first, [("hyper", 1, Some(1)), ("ureq", 1, Some(1)), ("hyper", 1, Some(2))]);
}

#[test]
fn equal_cases_of_several_matrices_are_one() {
    let text =
        alone("concurrency = [1, 8]\n[[matrix]]\nconcurrency = [8, 64]\n[[matrix]]\npool_size = 8\nconcurrency = 8");
    assert_eq!(concurrencies(&text), [1, 8, 64]);
}

#[test]
fn a_matrix_says_otherwise_than_the_defaults() {
    let text = "[suite]\ntrials = 1\n[defaults]\nlibrary = \"hyper\"\ntest = \"call_api\"\nduration = \"5s\"\n\
                params = { delay = \"1ms\" }\n[[matrix]]\n[[matrix]]\nrequests = 100\nparams = { delay = \"2ms\" }\n";
    let cases = of(text);
    let said: Vec<_> = cases.iter().map(|case| (case.load.amount, case.params.duration("delay").unwrap())).collect();
    assert_eq!(
        said,
        [
            (Amount::Duration(Duration::from_secs(5)), Duration::from_millis(1)),
            (Amount::Requests(100), Duration::from_millis(2))
        ]
    );
}

#[test]
fn none_leaves_an_option_out() {
    let cases = of(&alone(
        "rate = [\"none\", \"50%\"]\narrivals = \"poisson\"\ninject = [\"none\", [\"reset=1%\", \"truncate=1%\"]]",
    ));
    let said: Vec<_> = cases.iter().map(|case| (case.load.rate, case.load.arrivals, case.inject.len())).collect();
    let half = Some(Rate::OfCapacity(0.5));
    assert_eq!(
        said,
        [
            (None, Arrivals::Constant, 0),
            (None, Arrivals::Constant, 2),
            (half, Arrivals::Poisson, 0),
            (half, Arrivals::Poisson, 2)
        ]
    );
}

#[test]
fn what_a_library_does_not_support_is_left_out_where_the_suite_says_so() {
    let text = "[suite]\ntrials = 1\n[[matrix]]\ntest = \"call_api\"\nuse_dns_cache = [true, false]\nskip_unsupported = true\n";
    let planned = planned(text).unwrap();
    // baseline both, hyper, reqwest and ureq without.
    assert_eq!(planned.plan.cases.len(), 5);
    let skipped: Vec<(usize, &str)> =
        planned.skipped.iter().map(|skipped| (skipped.cases, skipped.reason.split('`').nth(1).unwrap())).collect();
    assert_eq!(skipped, [(1, "hyper"), (1, "reqwest"), (1, "ureq")]);
    let shown = benchmark::report::dry_run(&planned);
    assert!(shown.contains("left out: 1 case, as `reqwest` does not support `use_dns_cache`: its resolver"), "{shown}");
}

#[test]
fn a_suite_says_what_holds_for_the_whole_campaign() {
    let text =
        alone("").replace("trials = 1", "trials = 6\nseed = 7\nuntil = \"2%\"\nprometheus = \"off\"\ndb = \"my.db\"");
    let planned = planned(&text).unwrap();
    let plan = &planned.plan;
    assert_eq!((plan.trials, plan.seed, plan.until), (6, 7, Some(0.02)));
    assert_eq!(plan.prometheus.as_deref(), Some("off"));
    assert_eq!(planned.database.path(), std::path::Path::new("my.db"));
    // The baseline and its twin stand beside the one case.
    assert_eq!((planned.own_cases, plan.cases.len()), (1, 3));
}

#[test]
fn flags_win_over_the_file() {
    let text =
        alone("concurrency = [1, 2]\nduration = \"5s\"\nrunner = \"compose\"\nparams = { request_size = [1, 2] }")
            .replace("trials = 1", "trials = 3\nseed = 7");
    let with = |given: &[&str]| planned_with(&text, given, &Selection::default()).unwrap().plan;
    let own = |given: &[&str]| planned_with(&text, given, &Selection::default()).unwrap().own_cases;
    assert_eq!(own(&[]), 4);
    assert_eq!((with(&[]).trials, with(&["--trials", "2"]).trials, with(&["--seed", "9"]).seed), (3, 2, 9));
    assert_eq!(with(&[]).cases[0].runner.name(), "process");
    assert_eq!((own(&["--concurrency", "8"]), with(&["--concurrency", "8"]).cases[0].load.concurrency), (2, 8));
    assert_eq!(own(&["--param", "request_size=64KiB"]), 2);
    assert_eq!(with(&["--requests", "9"]).cases[0].load.amount, Amount::Requests(9));
    assert!(!with(&["--keep-alive", "false"]).cases[0].load.keep_alive);
    let open = planned_with(&alone("rate = [1, 2]"), &["--arrivals", "poisson"], &Selection::default()).unwrap();
    assert!(open.plan.cases.iter().all(|case| case.load.arrivals == Arrivals::Poisson));
    let quick = with(&["--quick"]);
    assert_eq!((quick.trials, quick.cases[0].load.amount), (1, Amount::Duration(Duration::from_secs(3))));
    let error = planned_with(&text, &["--param", "delay=1ms"], &Selection::default()).unwrap_err();
    assert!(error.contains("unknown parameter `delay`"), "{error}");
}

#[test]
fn libraries_and_tests_narrow_a_suite() {
    let narrowed = |libraries: &[&str], tests: &[&str]| {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let selection = Selection { libraries: owned(libraries), tests: owned(tests) };
        planned_with("[suite]\nquick = true\n[[matrix]]\n", &[], &selection).map(|planned| planned.plan.cases.len())
    };
    assert_eq!(narrowed(&["hyper", "ureq"], &[]), Ok(4));
    assert_eq!(narrowed(&["hyper"], &["call_api"]), Ok(1));
    assert!(narrowed(&["hypr"], &[]).unwrap_err().contains("did you mean `hyper`?"));
    assert!(narrowed(&["aws-sdk-s3"], &["call_api"]).unwrap_err().contains("no case of library `aws-sdk-s3`"));
}

#[test]
fn runners_are_an_axis() {
    let text = alone("runner = [\"process\", \"compose\"]");
    let source = Source { path: "trial.toml".into(), text };
    let planned = plan(&source, &libraries(), &Selection::default(), &LoadOptions::default()).unwrap();
    let runners: Vec<&str> = planned.plan.cases.iter().map(|case| case.runner.name()).collect();
    assert_eq!(runners, ["process", "compose"]);
    let shown = benchmark::report::dry_run(&planned);
    assert!(shown.contains("runner  2 values: process, compose; each in 1 case"), "{shown}");
}

#[test]
fn blocks_may_have_several_passes_and_quick_has_one() {
    let text = "[suite]\ntrials = 5\npasses = 6\n[[matrix]]\nlibrary = \"hyper\"\ntest = \"fetch_range\"\n";
    let planned = planned(text).unwrap();
    assert_eq!((planned.plan.trials, planned.plan.passes), (5, 6));
    let shown = benchmark::report::dry_run(&planned);
    // hyper, the baseline and its twin.
    assert!(shown.contains("3 cases in 5 blocks of 6 passes: 90 runs"), "{shown}");
    let quick = planned_with(text, &["--quick"], &Selection::default()).unwrap();
    assert_eq!((quick.plan.trials, quick.plan.passes), (1, 1));
}
