//! The order of the libraries of a campaign, per test and metric.

use serde_json::{Value, json};

use super::comparison::{Style, table_in};
use super::table::significant;
use crate::compare::{Contender, Workload};
use crate::stats::comparison::{LEAST_TRIALS, Metric, Place, Trials, rank};

/// The cases of one workload.
struct Group<'c> {
    test: &'c str,
    /// What tells it from the other workloads of the test; empty where there is one.
    workload: String,
    cases: Vec<&'c Contender>,
}

/// The cases by rank: a table for each test, a column for each metric; below it who is not ranked, and why. Where no case has enough
/// trials, a line says so.
#[must_use]
pub fn ranking(contenders: &[Contender], metrics: &[Metric], style: Style) -> String {
    let groups = groups(contenders);
    if style == Style::Json {
        return json_of(&groups, metrics).to_string();
    }
    if contenders.iter().all(|contender| contender.trials.count() < LEAST_TRIALS) {
        return format!("no ranking: it needs {LEAST_TRIALS} trials (`--trials {LEAST_TRIALS}`)");
    }
    groups.iter().map(|group| group.table(metrics, style)).collect::<Vec<_>>().join("\n\n")
}

fn groups(contenders: &[Contender]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for contender in contenders {
        let same = |group: &&mut Group<'_>| {
            group.cases[0].test == contender.test && group.cases[0].workload == contender.workload
        };
        if let Some(group) = groups.iter_mut().find(same) {
            group.cases.push(contender);
            continue;
        }
        let others: Vec<&Workload> =
            contenders.iter().filter(|other| other.test == contender.test).map(|other| &other.workload).collect();
        let workload = contender.workload.told_from(&others);
        groups.push(Group { test: &contender.test, workload, cases: vec![contender] });
    }
    groups.sort_by_key(|group| group.test);
    groups
}

impl Group<'_> {
    fn places(&self, metric: Metric) -> Vec<Place> {
        let trials: Vec<&Trials> = self.cases.iter().map(|case| &case.trials).collect();
        rank(metric, &trials)
    }

    /// Whether the origin was at its limit in a run of any case.
    fn is_origin_bound(&self) -> bool {
        self.cases.iter().any(|case| case.trials.origin_bound)
    }

    fn title(&self) -> String {
        if self.workload.is_empty() { self.test.to_owned() } else { format!("{} ({})", self.test, self.workload) }
    }

    fn table(&self, metrics: &[Metric], style: Style) -> String {
        let columns: Vec<Vec<Place>> = metrics.iter().map(|metric| self.places(*metric)).collect();
        let header: Vec<&str> = metrics.iter().map(|metric| metric.title()).collect();
        let mut table = table_in(style, &header, 0..0);
        for line in 0..columns.iter().map(Vec::len).max().unwrap_or_default() {
            table.add_row(
                columns.iter().map(|column| column.get(line).map_or_else(String::new, |place| self.cell(place))),
            );
        }
        let mut parts = vec![format!("ranking of {}, ± at 99 %, = is a tie:", self.title())];
        if columns.iter().any(|column| !column.is_empty()) {
            parts.push(table.to_string());
        }
        let left_out: Vec<String> =
            self.cases.iter().filter_map(|case| left_out(case, self.is_origin_bound(), metrics)).collect();
        if !left_out.is_empty() {
            parts.push(format!("not ranked: {}", left_out.join(", ")));
        }
        // Markdown takes a line below a table for a row of it.
        parts.join(if style == Style::Markdown { "\n\n" } else { "\n" })
    }

    /// `2= hyper 61 130 ±1.2 %`.
    fn cell(&self, place: &Place) -> String {
        let half_width = place.value.half_width() * 100.0;
        let library = &self.cases[place.case].library;
        format!("{} {library} {} ±{half_width:.1} %", place.label(), significant(place.value.value))
    }
}

/// Why a case has no place, where it lacks one.
fn left_out(case: &Contender, origin_bound: bool, metrics: &[Metric]) -> Option<String> {
    let Contender { library, trials, .. } = case;
    let short = || metrics.iter().filter(|metric| trials.values(**metric).len() < LEAST_TRIALS);
    if trials.invalid > 0 {
        Some(format!("{library} ({} of {} runs invalid)", trials.invalid, trials.runs))
    } else if trials.count() < LEAST_TRIALS {
        Some(format!("{library} (needs {LEAST_TRIALS} trials)"))
    } else if origin_bound && metrics.iter().any(|metric| metric.needs_a_free_origin()) {
        Some(format!("{library} but by CPU (origin bound)"))
    } else if short().next().is_some() {
        let titles: Vec<&str> = short().map(|metric| metric.title()).collect();
        Some(format!("{library} by {} (not measured)", titles.join(" and ")))
    } else {
        None
    }
}

fn json_of(groups: &[Group<'_>], metrics: &[Metric]) -> Value {
    let rows = groups.iter().flat_map(|group| {
        metrics.iter().flat_map(move |metric| {
            group.places(*metric).into_iter().map(move |place| {
                let case = group.cases[place.case];
                json!({
                    "test": group.test, "workload": group.workload, "metric": metric, "rank": place.rank, "tied": place.tied,
                    "library": case.library, "version": case.version, "trials": case.trials.values(*metric).len(),
                    "value": place.value.value, "low": place.value.low, "high": place.value.high,
                })
            })
        })
    });
    Value::Array(rows.collect())
}
