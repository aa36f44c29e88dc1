//! The order of libraries, and who has no place in it.

use benchmark::compare::{Contender, read, twins};
use benchmark::report::{Style, ranking, table};
use benchmark::results::of_campaign;
use benchmark::run::{Mark, Run, summarise};
use benchmark::stats::comparison::{Metric, Trials, rank};
use benchmark::store::{Selection, Store};
use tempfile::TempDir;

use super::command::benchmark;
use super::{Case, Measured, add, case, runs, store};

async fn ranked(store: &Store, style: Style) -> String {
    let selection = Selection { campaign_id: Some("campaign-1".to_owned()), ..Selection::default() };
    let (contenders, _) = twins(read(store, &selection).await.unwrap().0);
    ranking(&contenders, &Metric::ALL, style)
}

#[tokio::test]
async fn ties_are_marked_and_who_is_not_ranked_is_named() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path()).await;
    add(&store, runs(&case(1, "hyper", 60_000, 5))).await;
    add(&store, runs(&case(1, "baseline", 90_000, 5))).await;
    // 0.5 % less than hyper: no difference that matters.
    add(&store, runs(&case(1, "reqwest", 59_700, 5))).await;
    add(&store, runs(&case(1, "ureq", 40_000, 4))).await;
    let mut invalid = runs(&case(1, "object_store", 99_000, 5));
    invalid[2].invalid_reasons = vec!["failures: 1 %".into()];
    add(&store, invalid).await;
    let json: serde_json::Value = serde_json::from_str(&ranked(&store, Style::Json).await).unwrap();
    assert_eq!((&json[1]["library"], &json[1]["rank"], &json[1]["tied"]), (&"hyper".into(), &2.into(), &true.into()));
    store.close().await;
    for format in ["text", "markdown"] {
        let (_, stdout, _) = benchmark(&folder, &["rank", "campaign-1", "--format", format]);
        insta::assert_snapshot!(format!("ranking_as_{format}"), stdout);
    }
}

#[tokio::test]
async fn where_the_origin_was_at_its_limit_for_one_all_are_ranked_by_cpu_alone() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path()).await;
    add(&store, runs(&case(1, "hyper", 60_000, 5))).await;
    let mut bound = runs(&case(1, "baseline", 90_000, 5));
    bound[3].marks = vec![Mark::OriginBound { share: 0.95 }];
    add(&store, bound).await;
    let text = ranked(&store, Style::Text).await;
    assert!(text.contains("not ranked: hyper but by CPU (origin bound), baseline but by CPU (origin bound)"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&ranked(&store, Style::Json).await).unwrap();
    let metrics: Vec<&serde_json::Value> = json.as_array().unwrap().iter().map(|place| &place["metric"]).collect();
    assert_eq!(metrics, ["cpu", "cpu"]);
    let table = table(&of_campaign(&store, "campaign-1").await.unwrap());
    assert!(table.contains("100 % by CPU") && !table.contains("by rate"), "{table}");
}

#[tokio::test]
async fn the_baseline_s_twin_is_no_contender_and_says_whether_the_campaign_is_noisy() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path()).await;
    add(&store, runs(&case(1, "baseline", 90_000, 5))).await;
    add(&store, runs(&case(2, "baseline", 85_000, 5))).await;
    let of = async |campaign: &str| {
        let selection = Selection { campaign_id: Some(campaign.to_owned()), ..Selection::default() };
        read(&store, &selection).await.unwrap().0
    };
    let as_twin = |cases: &[Contender]| -> Vec<Contender> {
        cases.iter().cloned().map(|case| Contender { twin: true, ..case }).collect()
    };
    let (baseline, slower) = (of("campaign-1").await, of("campaign-2").await);
    // The order of a block is random: the twin may have been first.
    let (kept, pairs) = twins([as_twin(&slower), baseline.clone()].concat());
    assert_eq!((kept, pairs.len(), pairs[0].twins.differ()), (baseline.clone(), 1, true));
    let (_, pairs) = twins([baseline.clone(), as_twin(&baseline)].concat());
    assert!(!pairs[0].twins.differ());
}

async fn table_of(runs: Vec<Run>) -> String {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path()).await;
    add(&store, runs).await;
    table(&of_campaign(&store, "campaign-1").await.unwrap())
}

#[tokio::test]
async fn the_table_of_a_campaign_has_intervals_from_five_trials_on() {
    let five = table_of(runs(&case(1, "hyper", 60_000, 5))).await;
    assert!(five.contains("60 023 ±0.1 % ┆") && five.contains("16.66 ±0.1 % ┆"), "{five}");
    assert!(!table_of(runs(&case(1, "hyper", 60_000, 4))).await.contains('±'));
}

#[tokio::test]
async fn the_value_of_an_interval_is_the_mean_that_it_is_around() {
    // 1, 2, 4, 8 and 16 thousand a second: their geometric mean is 4,000, their arithmetic mean 6,200. CPU: 1 s each.
    let measured = |thousands: u64| Measured { successes: thousands * 1_000, cpu_us: 1_000_000, p99_us: 1 };
    let spread = Case { campaign: 1, library: "hyper", trials: [1, 2, 4, 8, 16].map(measured).to_vec() };
    let five = table_of(runs(&spread)).await;
    assert!(five.contains("4 000 ±") && five.contains("250.00 ±"), "{five}");
    // Four trials have no interval: the mean of their rates, and the ratio of the sums.
    let four = table_of(runs(&Case { trials: spread.trials[..4].to_vec(), ..spread })).await;
    assert!(four.contains("3 750 ┆") && four.contains("266.67 ┆"), "{four}");
}

#[tokio::test]
async fn a_ranking_needs_five_trials() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path()).await;
    add(&store, runs(&case(1, "hyper", 60_000, 4))).await;
    assert_eq!(ranked(&store, Style::Text).await, "no ranking: it needs 5 trials (`--trials 5`)");
}

/// Trials of these rates, one in each block.
fn trials(rates: &[u64]) -> Trials {
    let measured = |successes: &u64| Measured { successes: *successes, cpu_us: 1, p99_us: 1 };
    let case = Case { campaign: 1, library: "hyper", trials: rates.iter().map(measured).collect() };
    let mut trials = Trials::default();
    for run in runs(&case) {
        trials.add(run.trial, run.found(), &summarise(&run).unwrap().total);
    }
    trials
}

#[test]
fn nobody_is_ranked_behind_a_case_that_was_not_shown_to_be_faster() {
    // The second one spreads so much that nothing is known of it; the first is decidedly faster than the third.
    let [first, wide, third] =
        [trials(&[1_000; 5]), trials(&[700, 1_300, 990, 1_200, 800]), trials(&[950, 951, 949, 950, 951])];
    let places = rank(Metric::Rate, &[&third, &wide, &first]);
    let labels: Vec<(usize, String)> = places.iter().map(|place| (place.case, place.label())).collect();
    assert_eq!(labels, [(2, "1=".to_owned()), (1, "1=".to_owned()), (0, "2".to_owned())]);
}
