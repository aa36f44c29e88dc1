//! Ratios, intervals and verdicts that are computed by hand.

use benchmark::report::{Style, comparison};
use benchmark::run::{Run, summarise};
use benchmark::stats::comparison::{Doubt, Found, Metric, Trials, Until, Verdict};
use tempfile::TempDir;

use super::{Case, Measured, add, campaigns, case, compared, libraries, runs, store};

/// CPU us/request 10 in every run; successes as given.
fn with_successes(campaign: u32, library: &'static str, successes: &[u64]) -> Case {
    let measured = |successes: &u64| Measured { successes: *successes, cpu_us: successes * 10, p99_us: 5_000 };
    Case { campaign, library, trials: successes.iter().map(measured).collect() }
}

fn near(actual: f64, expected: f64) {
    assert!((actual / expected - 1.0).abs() < 2e-5, "{actual} is not {expected}");
}

#[tokio::test]
async fn libraries_are_paired_by_block() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path()).await;
    // The machine slows down by half from block to block; hyper is 4, 5, 6, 5 and 5 % faster than reqwest in each.
    add(&store, runs(&with_successes(1, "reqwest", &[1_600_000, 800_000, 400_000, 200_000, 100_000]))).await;
    add(&store, runs(&with_successes(1, "hyper", &[1_664_000, 840_000, 424_000, 210_000, 105_000]))).await;
    let report = compared(&store, libraries("reqwest", "hyper")).await;
    let of = |metric| report.rows.iter().find(|row| row.comparison.metric == metric).unwrap().comparison;
    // ln 1.04, 1.05, 1.06, 1.05, 1.05 are 0.0392207, 0.0487902, 0.0582689, 0.0487902, 0.0487902: mean 0.0487720; deviations
    // -0.0095513, 0.0000181, 0.0094969, 0.0000181, 0.0000181; squares sum to 0.000181421; s = sqrt(that / 4) = 0.00673463;
    // standard error s / sqrt(5) = 0.00301182; times t(4) at 99 %, 4.604095, is 0.0138667.
    let rate = of(Metric::Rate);
    near(rate.ratio.unwrap().value, 1.049_981); // e^0.0487720
    near(rate.ratio.unwrap().low, 1.035_522); // e^0.0349053
    near(rate.ratio.unwrap().high, 1.064_642); // e^0.0626387
    near(rate.values[0].unwrap(), 400_000.0); // the geometric mean
    assert_eq!((rate.trials, rate.verdict), ([5, 5], Verdict::Faster));
    // 10 us everywhere, and p99 too.
    assert_eq!(of(Metric::Cpu).verdict, Verdict::Same);
    assert_eq!(of(Metric::P99).verdict, Verdict::Same);
    assert!(!report.is_slower());
    // The other way round.
    let report = compared(&store, libraries("hyper", "reqwest")).await;
    assert_eq!(report.rows[0].comparison.verdict, Verdict::Slower);
    assert!(report.is_slower());
}

#[tokio::test]
async fn campaigns_share_no_block() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path()).await;
    add(&store, runs(&with_successes(1, "reqwest", &[1_600_000, 800_000, 400_000, 200_000, 100_000]))).await;
    add(&store, runs(&with_successes(2, "reqwest", &[1_664_000, 840_000, 424_000, 210_000, 105_000]))).await;
    let report = compared(&store, campaigns()).await;
    let rate = report.rows[0].comparison;
    near(rate.ratio.unwrap().value, 1.049_981);
    // The same figures: what were blocks before is noise now.
    assert_eq!(rate.verdict, Verdict::Undecided(Doubt::Wide));
}

#[tokio::test]
async fn four_trials_decide_nothing() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path()).await;
    add(&store, runs(&case(1, "reqwest", 50_000, 4))).await;
    add(&store, runs(&case(1, "hyper", 90_000, 5))).await;
    let report = compared(&store, libraries("reqwest", "hyper")).await;
    let rate = report.rows[0].comparison;
    assert_eq!((rate.trials, rate.verdict.to_string().as_str()), ([4, 4], "undecided (needs 5 trials)"));
}

#[tokio::test]
async fn an_origin_at_its_limit_leaves_cpu_time_to_compare() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path()).await;
    add(&store, runs(&case(1, "reqwest", 50_000, 5))).await;
    let mut bound = runs(&case(1, "hyper", 90_000, 5));
    bound[3].marks = vec!["origin_bound (97 % of its CPUs)".into()];
    add(&store, bound).await;
    let report = compared(&store, libraries("reqwest", "hyper")).await;
    let verdicts: Vec<String> = report.rows.iter().map(|row| row.comparison.verdict.to_string()).collect();
    assert_eq!(verdicts, ["undecided (origin bound)", "faster", "undecided (origin bound)"]);
}

#[tokio::test]
async fn a_run_before_the_blocks_is_none_of_them() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path()).await;
    let mut first = runs(&case(1, "reqwest", 50_000, 5));
    first[0].trial = 0;
    add(&store, first).await;
    add(&store, runs(&case(1, "hyper", 90_000, 5))).await;
    assert_eq!(compared(&store, libraries("reqwest", "hyper")).await.rows[0].comparison.trials, [4, 4]);
}

#[tokio::test]
async fn the_runs_of_a_trial_are_worth_their_geometric_mean() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path()).await;
    // Blocks of two passes: reqwest's runs of each gave 25,000 and 64,000, whose geometric mean is 40,000.
    let passes = |library, [first, second]: [u64; 2]| {
        let runs = [first, second].map(|rate| runs(&case(1, library, rate, 5)));
        let renamed = runs.into_iter().flatten().enumerate();
        renamed.map(|(index, run)| Run { run_id: format!("{library}-{index}"), ..run }).collect::<Vec<Run>>()
    };
    add(&store, passes("reqwest", [25_000, 64_000])).await;
    add(&store, passes("hyper", [80_000, 80_000])).await;
    let report = compared(&store, libraries("reqwest", "hyper")).await;
    let rate = report.rows[0].comparison;
    assert_eq!(rate.trials, [5, 5]);
    // The five blocks differ by tenths of a percent.
    assert!((rate.ratio.unwrap().value - 2.0).abs() < 1e-4, "{rate:?}");
}

#[test]
fn an_invalid_run_takes_its_whole_trial_with_it() {
    let mut trials = Trials::default();
    let summary = summarise(&runs(&case(1, "hyper", 60_000, 1))[0]).unwrap().total;
    let valid = Found { valid: true, origin_bound: false };
    trials.add(1, valid, &summary);
    trials.add(1, Found { valid: false, ..valid }, &summary);
    trials.add(2, valid, &summary);
    trials.add(2, valid, &summary);
    assert_eq!((trials.count(), trials.runs, trials.invalid, trials.values(Metric::Rate).len()), (2, 4, 1, 1));
}

#[test]
fn a_look_sees_the_blocks_up_to_its_own_whenever_it_looks() {
    // Five blocks that are close together, and a sixth far off that a campaign had begun when it was stopped.
    let measured = |successes: &u64| Measured { successes: *successes, cpu_us: 1_000_000, p99_us: 1 };
    let case = Case {
        campaign: 1,
        library: "hyper",
        trials: [1_000, 1_001, 1_000, 999, 1_000, 9_000].iter().map(measured).collect(),
    };
    let mut trials = Trials::default();
    for run in runs(&case) {
        trials.add(run.trial, run.found(), &summarise(&run).unwrap().total);
    }
    let until = Until::new(0.02, 7);
    assert!(until.is_reached(5, &[trials.values_until(Metric::Rate, 5)]));
    assert_eq!(trials.values_until(Metric::Rate, 5).len(), 5);
    assert!(!until.is_reached(7, &[trials.values_until(Metric::Rate, 7)]));
}

#[tokio::test]
async fn what_noise_leaves_undecided_names_the_way_out_and_few_trials_do_not() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path()).await;
    add(&store, runs(&with_successes(1, "hyper", &[900, 1_100, 900, 1_100, 1_000]))).await;
    add(&store, runs(&with_successes(1, "reqwest", &[1_100, 900, 1_000, 1_000, 1_000]))).await;
    add(&store, runs(&with_successes(1, "ureq", &[1_000; 4]))).await;
    let words = async |other| comparison(&compared(&store, libraries("hyper", other)).await, Style::Text);
    let way_out = "undecided; more --trials, or --passes of short windows, narrow the intervals";
    assert!(words("reqwest").await.ends_with(way_out));
    assert!(words("ureq").await.ends_with("3 undecided"));
}
